"""One HTML page about a run's folder, or about a folder of results: python -m gan_jax.report FOLDER.

The page needs no other file and no network. It has tables with the paper's figures beside ours, curves,
sample sheets, confusion matrices, configurations, and the commands, commits, versions and hardware behind
every figure.
"""

import sys
from collections.abc import Sequence

from gan_jax.errors import ConfigError, GanJaxError
from gan_jax.runs import signals

if __name__ == "__main__":
    signals.install("before the page was written")  # first, since the imports take seconds

from absl import app, flags

from gan_jax import paths, report

_OUT = flags.DEFINE_string("out", None, "file of the page (default FOLDER/report.html)")


def _parse(argv: Sequence[str]) -> list[str]:
    """Parses flags; an error is one line and exit code 2."""
    try:
        return flags.FLAGS(argv)
    except flags.Error as error:
        _fail(ConfigError(" ".join(str(error).split())))
    return []


def _fail(error: GanJaxError) -> None:
    print(f"gan_jax.report: {error}", file=sys.stderr)
    sys.exit(error.exit_code)


def _main(argv: Sequence[str]) -> None:
    try:
        if len(argv) != 2:
            raise ConfigError(f"one folder is needed, {len(argv) - 1} given; see --help")
        folder = paths.given("folder", argv[1])
        out = folder / "report.html" if _OUT.value is None else paths.given("out", _OUT.value)
        report.write(folder, out)
        print(f"report: {out}")
    except GanJaxError as error:
        _fail(error)


if __name__ == "__main__":
    app.run(_main, flags_parser=_parse)
