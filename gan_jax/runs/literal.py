"""The folders of checkpoints as orbax takes them: paths that mean what is written in them."""

import re
from collections.abc import Iterator
from pathlib import Path

from etils import epath
from etils.epath.gpath import PosixGPath

from gan_jax.errors import WorkdirError

_BAD = re.compile(r"\\|gs:$|[\ud800-\udfff]")  # surrogates stand for bytes that are not UTF-8
_CLOUDS = re.compile(r"/(gs|s3|az|hf)(/|$)")


@epath.register_path_cls
class LiteralPath(PosixGPath):
    """A path whose `glob` reads only its argument as a pattern.

    The paths of Orbax read all their characters as a pattern. In a folder named `run[1]` they find none of
    the files that they have written. The checkpoint then lacks its arrays.
    """

    def glob(self, pattern: str) -> Iterator["LiteralPath"]:
        """The paths below this one that match `pattern`."""
        return (type(self)(path) for path in Path(str(self)).glob(pattern))


def checked(path: Path | str) -> Path:
    """The absolute path of a folder that will hold checkpoints, or holds them.

    Tensorstore, which writes the arrays, reads a backslash as a '/'. Orbax reads some names as the beginning
    of an address in a cloud. Both would write elsewhere.

    Raises:
      WorkdirError: the path has such a part; the message names the part.
    """
    full = Path(path).absolute()
    for part in full.parts:
        if _BAD.search(part):
            raise WorkdirError(
                f"folder {str(full)!a} cannot hold checkpoints: {part!a} is not allowed; "
                "allowed: names in UTF-8 that have no backslash and do not end in 'gs:'"
            )
    if _CLOUDS.match(str(full)):
        raise WorkdirError(f"folder {full} cannot hold checkpoints: orbax takes it for an address in a cloud")
    return full
