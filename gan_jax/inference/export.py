"""`--mode=export`: a run for use elsewhere, as a program or as weights. The file's suffix says which."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gan_jax import paths
from gan_jax.errors import ConfigError, GanJaxError, WorkdirError
from gan_jax.files import tensors
from gan_jax.inference import output as places
from gan_jax.inference import program
from gan_jax.runs import restore
from gan_jax.runs.workdir import Workdir
from gan_jax.weights import exporting

PROGRAM = ".jax"  # the suffix of a program
_DIFFERENCE = "largest difference from the run's images in [-1, 1]"
_MOST = 0.02  # largest difference of images in [-1, 1]; 0.0078 is one step of a byte


def run(
    workdir: Path | str,
    *,
    output: str,
    network: str = "",
    names: str = "",
    direction: str = "s2t",
    truncation: float = 1.0,
) -> dict[str, Any]:
    """Writes a run's generator, translator or weights for use elsewhere; the run's folder is not changed.

    Before the file is written, its content is read back, and the images that it makes are compared with the
    run's own.

    Args:
      workdir: folder of the run, finished or not.
      output: file to write; an existing file is replaced. `.jax` is the program that makes images, see
        `program`. `.npz` and `.safetensors` are weights.
      network: of weights: the network to write, under its own names. '' writes every network, and tensors'
        names begin with the network's, as in `G.main.0.weight`.
      names: of weights: 'published' or 'own', see `exporting.tensors`. '' is 'published' if the model has
        published names.
      direction: of a translator's program: 's2t' from source to target, 't2s' back.
      truncation: of the program of a model with styles: moves the styles towards their mean.

    Returns:
      Values to print.

    Raises:
      ConfigError: the file cannot be written, or a value is not allowed for this run.
      WorkdirError: the folder holds no run, the model makes no images, or the disk is full.
      GanJaxError: the images of the file's content differ from the run's.
    """
    path = _checked(output, names)
    of_program = {"direction": direction != "s2t", "truncation": truncation != 1.0}
    of_weights = {"network": network, "names": names}
    other = of_weights if path.suffix == PROGRAM else of_program
    for flag, changed in other.items():
        if changed:
            kind = "weights (.npz, .safetensors)" if other is of_weights else f"a program ({PROGRAM})"
            raise ConfigError(f"--{flag} is for the export of {kind}")
    found = restore.load(workdir)
    if path.suffix == PROGRAM:
        content, told = _program(found, direction, truncation)
    else:
        content, told = _weights(found, path, network, names or exporting.default_names(found))
    Workdir(path.parent).write(path.name, content)
    return {**told, "file": path}


def _checked(output: str, names: str) -> Path:
    path = paths.given("output", output).absolute()
    suffixes = (PROGRAM, *tensors.ARRAYS)
    if path.suffix not in suffixes or not path.parent.is_dir() or path.is_dir():
        allowed = f"a file in an existing folder, with the suffix {', '.join(suffixes)}"
        raise ConfigError(f"output={output!r} is not allowed; allowed: {allowed}")
    if names not in ("", *exporting.NAMES):
        raise ConfigError(f"names={names!r} is not allowed; allowed: {', '.join(exporting.NAMES)}")
    places.require_writable("output", output, path.parent)
    return path


def _program(found, direction, truncation):
    """The content of an artefact, and what to print."""
    made = program.of_run(found, direction, truncation)
    content = program.exported(made, found.state)
    difference = _compared(program.run_exported(content, made.example()), made.images(found.state))
    told = {"inputs": made.arguments, "platforms": ", ".join(program.PLATFORMS)}
    return content, {**told, _DIFFERENCE: difference}


def _weights(found, path, network, names):
    """The content of a file of weights, and what to print."""
    networks = exporting.tensors(found, names)
    if network and network not in networks:
        raise ConfigError(f"network={network!r} is not allowed; allowed: {', '.join(networks)}")
    chosen = {network: networks[network]} if network else networks
    content = tensors.encode(_flat(chosen, bool(network)), path.suffix)
    again = _read_back(content, path.suffix)
    for name, tensor in _flat(chosen, bool(network)).items():
        if name not in again or not np.array_equal(again[name], tensor):
            raise GanJaxError(f"{path.name}: tensor {name} is not the run's when it is read back")
    told = {"networks": ", ".join(chosen), "names": names, "tensors": len(again)}
    if not network:
        told |= _images_of(found, again, names, networks)
    return content, told


def _images_of(found, again: tensors.Tensors, names: str, networks: Mapping[str, Any]) -> dict[str, str]:
    """The difference of the images of a run and of its weights; {} for a model that makes no images."""
    try:
        made = program.of_run(found)
    except WorkdirError:  # its tensors were compared, and it has no images
        return {}
    split = {name: {key: again[f"{name}.{key}"] for key in part} for name, part in networks.items()}
    state = exporting.restored(found, split, names)
    return {_DIFFERENCE: _compared(made.images(state), made.images(found.state))}


def _flat(networks, single):
    return {
        (key if single else f"{name}.{key}"): tensor
        for name, part in networks.items()
        for key, tensor in part.items()
    }


def _read_back(content: bytes, suffix: str) -> tensors.Tensors:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"weights{suffix}")
        file.write_bytes(content)
        return tensors.read(file)


def _compared(made: np.ndarray, expected: np.ndarray) -> str:
    difference = float(np.abs(made - expected).max())
    if not difference <= _MOST:  # NaN is refused too
        raise GanJaxError(
            f"the exported images differ from the run's by {difference:.3g}; allowed: {_MOST}; "
            "nothing was written"
        )
    return f"{difference:.2g}"
