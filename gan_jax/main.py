"""The command line: parses flags, loads a configuration, runs one mode."""

# ruff: noqa: E402 (a signal during the imports must find its handler)
import signal
import sys

# For `python -m gan_jax.main` and for the script `gan_jax`. Until the handlers are there, Ctrl-C ends the
# process as SIGTERM does. Before this line the interpreter itself starts, and Ctrl-C prints its traceback.
_COMMAND = __name__ == "__main__" or sys.argv[0].rpartition("/")[2] == "gan_jax"
if _COMMAND:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import functools
import logging
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from gan_jax import paths
from gan_jax.errors import ConfigError, GanJaxError, Interrupted
from gan_jax.runs import signals

_ABORTED = 134  # the exit code with which jax itself ends a process that has lost another
_BEFORE = "before anything was written"
_WITHOUT_DEVICES = ("store",)  # modes that compute nothing

if _COMMAND:  # before the imports that take seconds
    signals.install(_BEFORE)

from absl import app, flags
from ml_collections import config_flags

from gan_jax import arguments
from gan_jax.inference import flags as mode_flags

_log = logging.getLogger("gan_jax.main")


def run() -> None:
    """Entry point of `gan_jax` and of `python -m gan_jax.main`."""
    # Read when jax and TensorFlow are imported. Without it both print lines between those of the bar.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    signals.install(_BEFORE)
    # --help shows the flags of the called script, which may be another module than this one.
    for module in (arguments.__name__, mode_flags.__name__):
        for flag in flags.FLAGS.flags_by_module_dict().get(module, ()):
            flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)
    app.run(_main, flags_parser=arguments.parse)


def _main(argv: Sequence[str]) -> None:
    words = {
        "train": "before training began; the same command begins or resumes it",
        "translate": "half-way; every written file is complete",
        "store": "half-way",
    }
    signals.INTERRUPTS.words = words.get(arguments.MODE.value, _BEFORE)
    try:
        if len(argv) > 1:
            raise ConfigError(f"argument {argv[1]!r} is not a flag; see --help")
        _run(arguments.MODE.value)
    except GanJaxError as error:
        from gan_jax.game import devices

        print(f"gan_jax: {error}", file=sys.stderr)
        if isinstance(error, Interrupted) and devices.process()[1] == 1:
            signals.leave(error.exit_code)
        devices.leave(error.exit_code)
    except Exception as error:
        from gan_jax.game import devices

        reason = devices.lost(error)
        if not reason:
            raise
        message = "another process has gone; the same commands resume from the last checkpoint"
        print(f"gan_jax: {message} ({reason})", file=sys.stderr)
        devices.leave(_ABORTED)


def _run(mode: str) -> None:
    from gan_jax.runs import logs

    if mode in ("list", "fields") or len(sys.argv) == 1:
        _tell(mode)
        return
    logs.start()
    given = {flag.name: flag.value for flag in (*mode_flags.FLAGS, *arguments.CHANGES) if flag.present}
    if mode not in ("train", "eval"):
        _infer(mode, given)
        return
    _no_flags(mode, set(given) - set(arguments.OF_TRAINING if mode == "train" else ()))
    from gan_jax import config as configuration

    config = arguments.configuration() if mode == "train" else _stored_config(mode)
    if config is None and arguments.WORKDIR.value:
        from gan_jax.runs import restore

        config = restore.stored_config(arguments.WORKDIR.value)
    if config is None:
        raise ConfigError("--config is required, such as --config=configs/dtn_digits.py")
    configuration.validate(config)
    programs = paths.programs(config.compilation_cache)
    _start(config.platform, config.distributed, programs, config.debug_nans, config.matmul_precision)
    from gan_jax.game import devices
    from gan_jax.train import evaluate_run, train

    devices.check_batch_size(config.batch_size, config.accumulate)
    if not (arguments.WORKDIR.value or config.name):
        raise ConfigError("--workdir is required: config.name='' names no folder")
    path = paths.given(
        "workdir", Path("runs") / config.name if arguments.WORKDIR.value is None else arguments.WORKDIR.value
    )
    if mode == "train" and (pages := devices.wanted_pages()):
        _log.info("steps on this CPU are faster with %s in the environment", pages)
    result = train(config, path) if mode == "train" else evaluate_run(path)
    _show(result, path)


def _tell(mode: str) -> None:
    """Prints what there is, or the fields of a configuration."""
    from gan_jax.config import fields, listing

    _no_flags(mode, [flag.name for flag in mode_flags.FLAGS if flag.present])
    if mode != "fields":
        config = config_flags.get_config_filename(flags.FLAGS["config"]) if arguments.CONFIG.present else ""
        print(*listing.lines(config.partition(":")[0]), sep="\n")
    elif arguments.CONFIG.value is None:
        raise ConfigError("--config is required with --mode=fields, such as --config=configs/dtn_digits.py")
    else:
        print(*fields.lines(arguments.CONFIG.value), sep="\n")


def _infer(mode: str, given: dict[str, Any]) -> None:
    """Runs a mode of gan_jax/inference, or makes a run of weights, and prints its values."""
    from gan_jax import inference

    if mode == "import":
        from gan_jax.weights import importing

        run: Any = functools.partial(importing.run, config=arguments.CONFIG.value)
    elif mode == "demo":
        from gan_jax.demo import serving

        run = serving.run
    else:
        run = inference.mode(mode)
    inference.check_flags(mode, run, given)
    if inference.takes_run(run):
        config = _stored_config(mode)
        run = functools.partial(run, paths.given("workdir", arguments.WORKDIR.value or ""))
    else:
        config = _no_run(mode)
    if mode not in _WITHOUT_DEVICES:
        # A run may be used on another platform than it was trained on, so jax chooses the platform here.
        _start(compilation_cache=paths.programs(config.get("compilation_cache", "")))
    for name, value in run(**given).items():
        print(f"{name}: {value:.4f}" if isinstance(value, float) else f"{name}: {value}")


def _start(*args: Any, **kwargs: Any) -> None:
    """Configures jax as `devices.start` does, and logs the machine."""
    from gan_jax.game import devices

    devices.start(*args, **kwargs)
    machine = devices.describe()
    _log.info("%(platform)s: %(devices)d x %(kind)s, %(processes)d process(es)", machine)


def _stored_config(mode):
    from gan_jax.runs import restore

    if mode != "import" and arguments.CONFIG.value is not None:
        raise ConfigError(f"--config is not a flag of --mode={mode}: --workdir has its own configuration")
    if arguments.WORKDIR.value is None:
        raise ConfigError(f"--workdir is required with --mode={mode}")
    if mode == "import":  # the folder has no run yet
        return arguments.CONFIG.value or {}
    return restore.load_config(paths.given("workdir", arguments.WORKDIR.value))


def _no_flags(mode: str, given: Iterable[str]) -> None:
    for flag in given:
        raise ConfigError(f"--{flag} is not a flag of --mode={mode}")


def _no_run(mode: str) -> dict[str, Any]:
    """The configuration of a mode that needs no run, which has no fields."""
    for flag, value in (("config", arguments.CONFIG.value), ("workdir", arguments.WORKDIR.value)):
        if value is not None:
            raise ConfigError(f"--{flag} is not a flag of --mode={mode}")
    return {}


def _show(result: dict[str, Any], path: Path | str) -> None:
    metrics = {k: v for k, v in result["metrics"].items() if isinstance(v, float)}
    for name, value in metrics.items():
        print(f"{name:>24} {value:.4f}")
    sheets = sorted(Path(path, "samples").glob("final_*.png"))
    for sheet in sheets[-1:]:
        print(f"sample sheet: {sheet}")
    print(f"run: {path}")


if __name__ == "__main__":
    run()
