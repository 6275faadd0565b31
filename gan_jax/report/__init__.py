"""Makes one self-contained HTML page of results and runs.

python -m gan_jax.report RUN_OR_RESULTS [--out=PAGE.html]
"""

from pathlib import Path

from gan_jax.report.collect import collect
from gan_jax.report.render import render
from gan_jax.report.sections import sections
from gan_jax.runs.workdir import Workdir


def build(folder: Path | str) -> bytes:
    """The page about a run's folder, or about a folder of results with its sub-folders, as UTF-8.

    Raises:
      WorkdirError: the folder is neither, or a file in it is damaged or cannot be read.
    """
    place = Path(folder).resolve()
    found = sections(collect(folder), [Path(), *place.parents])
    title = found[0].title if len(found) == 1 else place.name
    return render(title, found)


def write(folder: Path | str, out: Path | str) -> None:
    """Writes the page about `folder` completely or not at all.

    Raises:
      WorkdirError: as for `build`, or the page cannot be written.
    """
    page = build(folder)
    Workdir(Path(out).parent).write(Path(out).name, page)
