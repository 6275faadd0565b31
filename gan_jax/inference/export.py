"""`--mode=export`: the parameters of a run under the names of published networks."""

from pathlib import Path
from typing import Any

from gan_jax.errors import ConfigError
from gan_jax.files import tensors
from gan_jax.runs import restore
from gan_jax.runs.workdir import Workdir
from gan_jax.weights import exporting


def run(workdir: Path | str, *, output: str, network: str = "") -> dict[str, Any]:
    """Writes the networks of a run for the published code; the run's folder is not changed.

    Args:
      workdir: folder of the run, finished or not.
      output: file to write, `.npz` or `.safetensors`; an existing file is replaced.
      network: the network to write, under the names of its own state dict. '' writes every network, and
        tensors' names begin with the network's, as in `G.main.0.weight`.

    Returns:
      Values to print.

    Raises:
      ConfigError: the file cannot be written, the run has no such network, or its networks have no published
        names.
      WorkdirError: the folder holds no run, or the disk is full.
    """
    path = Path(output).absolute()
    if path.suffix not in tensors.ARRAYS or not path.parent.is_dir():
        allowed = f"a file in an existing folder, with the suffix {' or '.join(tensors.ARRAYS)}"
        raise ConfigError(f"output={output!r} is not allowed; allowed: {allowed}")
    found = exporting.tensors(restore.load(workdir))
    if network and network not in found:
        raise ConfigError(f"network={network!r} is not allowed; allowed: {', '.join(found)}")
    if network:
        named = found[network]
    else:
        named = {f"{name}.{key}": x for name, part in found.items() for key, x in part.items()}
    Workdir(path.parent).write(path.name, tensors.encode(named, path.suffix))
    return {"networks": network or ", ".join(found), "tensors": len(named), "file": path}
