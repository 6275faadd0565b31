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
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gan_jax import paths
from gan_jax.errors import ConfigError, GanJaxError, nearest
from gan_jax.runs import signals

_ABORTED = 134  # the exit code with which jax itself ends a process that has lost another
_BEFORE = "before anything was written"

if _COMMAND:  # before the imports that take seconds
    signals.install(_BEFORE)

from absl import app, flags
from ml_collections import config_flags

from gan_jax.inference import flags as mode_flags

_log = logging.getLogger("gan_jax.main")

_CONFIG = config_flags.DEFINE_config_file(
    "config", None, "configuration file, with variants after a colon, such as configs/dtn_digits.py:no_tid"
)
_WORKDIR = flags.DEFINE_string("workdir", None, "the run's folder (default runs/<name of the configuration>)")
_MODES = ["train", "eval", "sample", "interpolate", "mix", "edit", "noise", "project", "translate", "import"]
_MODES += ["export"]
_MODE = flags.DEFINE_enum("mode", "train", _MODES, "what to do")


def run() -> None:
    """Entry point of `gan_jax` and of `python -m gan_jax.main`."""
    signals.install(_BEFORE)
    # --help shows the flags of the called script, which may be another module than this one.
    for module in (__name__, mode_flags.__name__):
        for flag in flags.FLAGS.flags_by_module_dict().get(module, ()):
            flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)
    app.run(_main, flags_parser=_parse)


def _parse(argv: Sequence[str]) -> list[str]:
    """Parses flags; an error is one line and exit code 2."""
    argv = [_installed(arg) for arg in argv]
    try:
        argv, further = _separated(argv)
        rest = _flags(argv)
        if further:
            from gan_jax.config import overrides

            overrides.add(_CONFIG.value, further)
        # config_flags would report a missing file only when the value is used.
        missing = [file for file in map(_config_file, argv) if file and not Path(file).is_file()]
        if missing:
            raise ConfigError(f"config={missing[0]!r}: no such file")
        return rest
    except (flags.Error, AttributeError, KeyError, TypeError, ValueError, OSError) as error:
        _refuse(_reason(argv, error))
    return []


def _separated(argv: Sequence[str]) -> tuple[list[str], list[tuple[str, Any]]]:
    """The arguments for config_flags, and fields that its configuration lacks, see `config.overrides`."""
    file = next((arg.partition("=")[2] for arg in argv if _config_file(arg)), "")
    if not any(arg.startswith("--config.") for arg in argv) or not Path(file.partition(":")[0]).is_file():
        return list(argv), []
    from gan_jax import config as configuration
    from gan_jax.config import overrides

    return overrides.separated(argv, configuration.load(file))


def _flags(argv: Sequence[str]) -> list[str]:
    """Parses flags. config_flags looks for fields in `sys.argv`, so it is set meanwhile."""
    before = sys.argv
    try:
        sys.argv = list(argv)
        return flags.FLAGS(argv)
    finally:
        sys.argv = before


def _installed(arg: str) -> str:
    """Replaces `~` in `--config`, and `configs/x.py` by the installed copy where the file is missing."""
    name = _config_file(arg)
    if name.startswith("~"):
        return arg.replace(name, str(paths.given("config", name)), 1)
    packaged = Path(__file__).parent / name
    if name.startswith("configs/") and not Path(name).exists() and packaged.exists():
        return arg.replace(name, str(packaged), 1)
    return arg


def _config_file(arg: str) -> str:
    """The file that `--config=FILE:VARIANTS` names, or '' for any other argument."""
    flag, _, value = arg.partition("=")
    return value.partition(":")[0] if flag in ("--config", "-config") else ""


def _reason(argv: Sequence[str], error: BaseException | None) -> str:
    """One line that says what is wrong with the command line."""
    refusals, cause = [], error
    while cause is not None:
        refusals += [cause] if isinstance(cause, ConfigError) else []
        cause = cause.__cause__ or cause.__context__
    if refusals:
        return str(refusals[-1])  # ml_collections wraps the first error with its traceback as text
    return _unknown_field(argv) or " ".join(str(error).split())


def _unknown_field(argv: Sequence[str]) -> str:
    """A message on the first `--config.FIELD` that the configuration does not have, or ''."""
    from gan_jax import config as configuration

    config = next((configuration.load(a.partition("=")[2]) for a in argv if _config_file(a)), None)
    for arg in argv:
        if config is not None and arg.startswith("--config."):
            name, _, value = arg.removeprefix("--config.").partition("=")
            known = config.to_dict()
            for key in name.split("."):
                if not isinstance(known, dict) or key not in known:
                    fields = known if isinstance(known, dict) else ()
                    return f"config.{name}={value}: {key!r} {nearest(key, fields)}"
                known = known[key]
    return ""


def _refuse(message: Any) -> None:
    print(f"gan_jax: {message}", file=sys.stderr)
    sys.exit(2)


def _main(argv: Sequence[str]) -> None:
    words = {
        "train": "before training began; the same command begins or resumes it",
        "translate": "half-way; every written file is complete",
    }
    signals.INTERRUPTS.words = words.get(_MODE.value, _BEFORE)
    try:
        if len(argv) > 1:
            raise ConfigError(f"argument {argv[1]!r} is not a flag; see --help")
        _run(_MODE.value)
    except GanJaxError as error:
        from gan_jax.game import devices

        print(f"gan_jax: {error}", file=sys.stderr)
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

    logs.start()
    given = {flag.name: flag.value for flag in mode_flags.FLAGS if flag.present}
    if mode not in ("train", "eval"):
        _infer(mode, given)
        return
    for flag in given:
        raise ConfigError(f"--{flag} is not a flag of --mode={mode}")
    from gan_jax import config as configuration

    config = _CONFIG.value if mode == "train" else _stored_config(mode)
    if config is None and _WORKDIR.value:
        from gan_jax.runs import restore

        config = restore.stored_config(_WORKDIR.value)
    if config is None:
        raise ConfigError("--config is required, such as --config=configs/dtn_digits.py")
    configuration.validate(config)
    _start(config.platform, config.distributed, _cache(config), config.debug_nans)
    from gan_jax.game import devices
    from gan_jax.train import evaluate_run, train

    devices.check_batch_size(config.batch_size)
    if not (_WORKDIR.value or config.name):
        raise ConfigError("--workdir is required: config.name='' names no folder")
    path = paths.given("workdir", Path("runs") / config.name if _WORKDIR.value is None else _WORKDIR.value)
    result = train(config, path) if mode == "train" else evaluate_run(path)
    _show(result, path)


def _infer(mode: str, given: dict[str, Any]) -> None:
    """Runs a mode of gan_jax/inference, or makes a run of weights, and prints its values."""
    from gan_jax import inference

    if mode == "import":
        from gan_jax.weights import importing

        run: Any = functools.partial(importing.run, config=_CONFIG.value)
    else:
        run = inference.mode(mode)
    inference.check_flags(mode, run, given)
    config = _stored_config(mode)
    # A run may be used on another platform than it was trained on, so jax chooses the platform here.
    _start(compilation_cache=_cache(config))
    for name, value in run(paths.given("workdir", _WORKDIR.value or ""), **given).items():
        print(f"{name}: {value:.4f}" if isinstance(value, float) else f"{name}: {value}")


def _cache(config: Any) -> str:
    """The folder of compiled programs that a configuration names; '' for none."""
    folder = config.get("compilation_cache", "")
    return str(paths.given("compilation_cache", folder)) if folder else ""


def _start(*args: Any, **kwargs: Any) -> None:
    """Configures jax as `devices.start` does, and logs the machine."""
    from gan_jax.game import devices

    devices.start(*args, **kwargs)
    machine = devices.describe()
    _log.info("%(platform)s: %(devices)d x %(kind)s, %(processes)d process(es)", machine)


def _stored_config(mode):
    from gan_jax.runs import restore

    if mode != "import" and _CONFIG.value is not None:
        raise ConfigError(f"--config is not a flag of --mode={mode}: --workdir has its own configuration")
    if _WORKDIR.value is None:
        raise ConfigError(f"--workdir is required with --mode={mode}")
    if mode == "import":  # the folder has no run yet
        return _CONFIG.value or {}
    return restore.load_config(paths.given("workdir", _WORKDIR.value))


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
