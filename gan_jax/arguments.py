"""The flags that all modes share, and the parsing of the command line."""

import difflib
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from absl import flags
from ml_collections import config_flags

from gan_jax import paths
from gan_jax.errors import ConfigError, nearest

CONFIG = config_flags.DEFINE_config_file(
    "config", None, "configuration file, with variants after a colon, such as configs/dtn_digits.py:no_tid"
)
DATA = flags.DEFINE_string(
    "data",
    None,
    "train: images in place of the configuration's: a folder, zip, file of arrays or name of a data set, "
    "or one for each role, such as source=summer/,target=winter/",
)
SIZE = flags.DEFINE_string("size", None, "train: pixels a side of all images, or width x height: 256x192")
FIT = flags.DEFINE_enum(
    "fit",
    None,
    ["crop", "squeeze", "width"],
    "train: how images get their size: the largest part in the middle (crop, default), the whole image with "
    "another aspect ratio (squeeze), or its whole width (width)",
)
INIT = flags.DEFINE_string(
    "init",
    None,
    "train: folder of a run whose parameters training starts with, or one for each player, such as gen=RUN",
)
CHANGES = (DATA, SIZE, FIT, INIT)
WORKDIR = flags.DEFINE_string("workdir", None, "the run's folder (default runs/<name of the configuration>)")
OF_TRAINING = (
    "data",
    "size",
    "fit",
    "init",
    "attributes",
)  # flags that change the configuration
_FURTHER: list[tuple[str, Any]] = []  # fields on the command line that config_flags does not take
_MODES = ["train", "eval", "sample", "interpolate", "mix", "edit", "noise", "project", "translate", "import"]
_MODES += ["truncation", "export", "demo", "score", "store", "list", "fields"]
MODE = flags.DEFINE_enum("mode", "train", _MODES, "what to do")


def parse(argv: Sequence[str]) -> list[str]:
    """Parses flags; an error is one line and exit code 2."""
    argv = [_installed(arg) for arg in _joined(argv)]
    try:
        # config_flags would report a missing file only when the value is used.
        missing = [file for file in map(_config_file, argv) if file and not Path(file).is_file()]
        if missing:
            raise ConfigError(f"config={missing[0]!r}: no such file{_nearest(missing[0])}")
        argv, further = _separated(argv)
        rest = _flags(argv)
        if further:
            from gan_jax.config import overrides

            overrides.add(CONFIG.value, further)
            _FURTHER.extend(further)
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


def _joined(argv: Sequence[str]) -> list[str]:
    """The arguments, with `--config FILE` as `--config=FILE`."""
    joined: list[str] = []
    for arg in argv:
        if joined and joined[-1] in ("--config", "-config"):
            joined[-1] = f"--config={arg}"
        else:
            joined.append(arg)
    return joined


def _installed(arg: str) -> str:
    """Replaces `~` in `--config`, and `configs/x.py` by the installed copy where the file is missing."""
    name = _config_file(arg)
    if name.startswith("~"):
        return arg.replace(name, str(paths.given("config", name)), 1)
    if name.startswith("configs/") and not Path(name).exists():
        package = Path(__file__).parent  # an editable installation has them beside the package
        found = [place / name for place in (package, package.parent) if (place / name).is_file()]
        return arg.replace(name, str(found[0]), 1) if found else arg
    return arg


def _nearest(file: str) -> str:
    """The end of a message about a missing configuration: the nearest file that there is."""
    from gan_jax.config import listing

    close = difflib.get_close_matches(
        Path(file).stem, [Path(path).stem for path in listing.configurations()], 1
    )
    return f"; did you mean configs/{close[0]}.py?" if close else ""


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


def _sides(text: str) -> tuple[int, int]:
    """Width and height that `--size` names: `64`, or `256x192`.

    Raises:
      ConfigError: it names none, or a side has fewer than 4 or more than 4096 pixels.
    """
    found = re.fullmatch(r"(\d{1,4})(?:x(\d{1,4}))?", text)
    sides = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not all(4 <= side <= 4096 for side in sides):
        allowed = "4 to 4096 pixels a side, or width x height, such as 256x192"
        raise ConfigError(f"size={text!r} is not allowed; allowed: {allowed}")
    return sides


def configuration() -> Any:
    """The configuration that `--config` names, changed by the other flags of training; None without one.

    `--data`, `--size`, `--fit`, `--init` and `--attributes` change it. Fields on the command line win.

    Raises:
      ConfigError, DataError: the flags do not fit the configuration, or the images cannot be read.
    """
    config = CONFIG.value
    attributes = flags.FLAGS.attributes
    given = [name for name in OF_TRAINING if flags.FLAGS[name].present]
    if not given:
        return config
    if config is None:
        raise ConfigError(f"--{given[0]} needs --config, such as --config=configs/dcgan.py")
    from gan_jax.config import following, overrides, own_data

    if DATA.value is not None:
        own_data.use(config, DATA.value)
    if SIZE.value is not None:
        following.resize(config, *_sides(SIZE.value))
    if FIT.value is not None:
        following.fit(config, FIT.value)
    if INIT.value is not None:
        config.init = INIT.value
    if attributes is not None:
        following.request(config, attributes)
    fields = {**config_flags.get_override_values(flags.FLAGS["config"]), **dict(_FURTHER)}
    overrides.add(config, list(fields.items()))
    return config
