"""The command line: flags -> configuration -> one mode."""

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from absl import app, flags
from ml_collections import config_flags

from gan_jax.errors import ConfigError, GanJaxError

_log = logging.getLogger("gan_jax.main")

_CONFIG = config_flags.DEFINE_config_file(
    "config", None, "A file of configs/, with variants after a colon: configs/dtn_digits.py:no_tid"
)
_WORKDIR = flags.DEFINE_string("workdir", None, "The run's folder; runs/<name of config> if not given")
_MODE = flags.DEFINE_enum("mode", "train", ["train", "eval"], "What to do")


def run() -> None:
    """Entry point of `gan_jax` and of `python -m gan_jax.main`."""
    # --help shows the flags of the script that was called, which need not be this module.
    for flag in flags.FLAGS.flags_by_module_dict().get(__name__, ()):
        flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)
    app.run(_main, flags_parser=_parse)


def _parse(argv: Sequence[str]) -> list[str]:
    """Parses flags; whatever is wrong with them is one line and exit code 2."""
    argv = [_installed(arg) for arg in argv]
    try:
        rest = flags.FLAGS(argv)
        # A file that is not there is reported by config_flags only when the value is used.
        missing = [file for file in map(_config_file, argv) if file and not Path(file).is_file()]
        if missing:
            raise ConfigError(f"config={missing[0]!r}: no such file")
        return rest
    except (flags.Error, AttributeError, KeyError, TypeError, ValueError, OSError) as error:
        _refuse(_reason(argv, error))
    return []


def _installed(arg: str) -> str:
    """Points `configs/x.py` at the copy inside an installed package where there is none here."""
    name = _config_file(arg)
    packaged = Path(__file__).parent / name
    if name.startswith("configs/") and not Path(name).exists() and packaged.exists():
        return arg.replace(name, str(packaged), 1)
    return arg


def _config_file(arg: str) -> str:
    """The file that `--config=FILE:VARIANTS` names, '' for any other argument."""
    flag, _, value = arg.partition("=")
    return value.partition(":")[0] if flag in ("--config", "-config") else ""


def _reason(argv: Sequence[str], error: BaseException | None) -> str:
    """One line on what is wrong with the command line."""
    refusals, cause = [], error
    while cause is not None:
        refusals += [cause] if isinstance(cause, ConfigError) else []
        cause = cause.__cause__ or cause.__context__
    if refusals:
        return str(refusals[-1])  # ml_collections raises the first anew, with its traceback as text
    return _unknown_field(argv) or " ".join(str(error).split())


def _unknown_field(argv: Sequence[str]) -> str:
    """Names the first `--config.FIELD` that the configuration has not, '' if it has them all."""
    from gan_jax import config as configuration

    config = next((configuration.load(a.partition("=")[2]) for a in argv if _config_file(a)), None)
    for arg in argv:
        if config is not None and arg.startswith("--config."):
            name, _, value = arg.removeprefix("--config.").partition("=")
            known = config.to_dict()
            for key in name.split("."):
                if not isinstance(known, dict) or key not in known:
                    fields = known if isinstance(known, dict) else ()
                    return f"config.{name}={value}: {key!r} {configuration.nearest(key, fields)}"
                known = known[key]
    return ""


def _refuse(message: Any) -> None:
    print(f"gan_jax: {message}", file=sys.stderr)
    sys.exit(2)


def _main(argv: Sequence[str]) -> None:
    try:
        if len(argv) > 1:
            raise ConfigError(f"argument {argv[1]!r} is no flag; see --help")
        _run(_MODE.value)
    except GanJaxError as error:
        from gan_jax import parallel

        print(f"gan_jax: {error}", file=sys.stderr)
        parallel.leave(error.exit_code)
    except KeyboardInterrupt:
        print("gan_jax: stopped before training began", file=sys.stderr)
        sys.exit(130)


def _run(mode: str) -> None:
    from gan_jax import config as configuration
    from gan_jax import logs, parallel

    logs.start()
    config = _CONFIG.value if mode == "train" else _stored_config()
    if config is None:
        raise ConfigError("--config is required, such as --config=configs/dtn_digits.py")
    configuration.validate(config)
    parallel.start(config.platform, config.distributed, config.compilation_cache, config.debug_nans)
    parallel.check_batch_size(config.batch_size)
    machine = parallel.describe()
    _log.info("%(platform)s: %(devices)d x %(kind)s, %(processes)d process(es)", machine)
    from gan_jax.train import evaluate_run, train

    path = _WORKDIR.value or Path("runs") / config.name
    result = train(config, path) if mode == "train" else evaluate_run(path)
    _show(result, path)


def _stored_config():
    from gan_jax import runs

    if not _WORKDIR.value:
        raise ConfigError("--workdir is required with --mode=eval")
    return runs.load_config(_WORKDIR.value)


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
