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
    app.run(_main, flags_parser=_parse)


def _parse(argv: Sequence[str]) -> list[str]:
    """Parses flags; whatever is wrong with them is one line and exit code 2."""
    try:
        return flags.FLAGS([_installed(arg) for arg in argv])
    except ConfigError as error:
        _refuse(error)
    except (flags.Error, AttributeError, KeyError, TypeError, ValueError, OSError) as error:
        _refuse(" ".join(str(error.args[0] if error.args else error).split()))
    return []


def _installed(arg: str) -> str:
    """Points `configs/x.py` at the copy inside an installed package where there is none here."""
    for prefix in ("--config=", "-config="):
        if arg.startswith(f"{prefix}configs/"):
            name = arg.removeprefix(prefix)
            packaged = Path(__file__).parent / name.partition(":")[0]
            if not Path(name.partition(":")[0]).exists() and packaged.exists():
                return f"{prefix}{Path(__file__).parent / name}"
    return arg


def _refuse(message: Any) -> None:
    print(f"gan_jax: {message}", file=sys.stderr)
    sys.exit(2)


def _main(argv: Sequence[str]) -> None:
    try:
        if len(argv) > 1:
            raise ConfigError(f"argument {argv[1]!r} is no flag; see --help")
        _run(_MODE.value)
    except GanJaxError as error:
        print(f"gan_jax: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


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
