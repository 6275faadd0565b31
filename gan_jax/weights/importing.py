"""`--mode=import`: a run from the tensors of published networks."""

import hashlib
import logging
from pathlib import Path
from typing import Any

import jax
from ml_collections import ConfigDict

from gan_jax import config as configuration
from gan_jax import models, paths
from gan_jax.errors import ConfigError, WorkdirError
from gan_jax.files import tensors
from gan_jax.runs import checkpoint, leaves, restore
from gan_jax.runs.workdir import Workdir
from gan_jax.weights import layouts, tables
from gan_jax.weights.layouts import Layout

_log = logging.getLogger(__name__)

_SIZE = 256  # pixels a side of images where neither tensors nor a configuration tell


def run(workdir: Path | str, *, input: str, config: ConfigDict | None = None) -> dict[str, Any]:
    """Makes a run at step 0 whose networks have the parameters of files.

    The sizes, widths and kinds of the networks follow from the tensors. What the files lack starts from
    initial values. Averages of parameters are the file's, or else equal to the parameters.

    Args:
      workdir: folder of the new run.
      config: what tensors do not tell, such as data, steps and learning rates. Fields that tensors tell are
        replaced. Without it the run has no data and cannot be trained.
      input: files, separated by commas, see `gan_jax.files.tensors.read`. `NAME=FILE` names the network of
        a file.

    Returns:
      Values to print.

    Raises:
      ConfigError: a file cannot be read, a tensor does not fit, or the configuration contradicts the tensors.
      WorkdirError: the folder holds a run, or cannot be written.
    """
    folder = Workdir(workdir)
    if folder.config is not None:
        raise WorkdirError(f"workdir {folder.path} holds a run already; choose another --workdir")
    try:
        given, digests = _read(input)
        layout, networks = layouts.recognise(given)
        built = configured(layout, networks, config)
        configuration.validate(built)
        model = models.create(built.model)
        description = layout.example(model, built.data.size, networks)
        state = restore.initial_state(built, model, description, {})
        state, lacking = filled(layout, networks, model, state)
    except ValueError as error:
        raise ConfigError(f"input={input!r}: {error}") from error
    with folder.open():
        saved = checkpoint.Checkpoints(folder.path / "checkpoints", built.keep)
        meta = {"seconds": 0.0, "latest": {}, "best": None, "example": description}
        saved.save(jax.device_get(state), 0, {"step": 0, **meta})
        saved.close()
        folder.write_json("import.json", {"files": digests, "networks": list(networks), "lacking": lacking})
        folder.write_json("config.json", built.to_dict())  # the last, since it makes the folder a run
    told = {"model": layout.model, "networks": ", ".join(networks)}
    if lacking:
        told["initialised, since the file lacks them"] = ", ".join(lacking)
    return {**told, "run": folder.path}


def _read(given: str) -> tuple[dict[str, tables.Tensors], dict[str, str]]:
    """The tensors of each file by its network or stem, and the SHA-256 of each file by its name."""
    found: dict[str, tables.Tensors] = {}
    digests = {}
    for part in given.split(","):
        network, mark, path = part.partition("=")
        if not mark or "/" in network:  # the path itself may have the sign
            network, path = "", part
        file = paths.given("file", path)
        try:
            content = tensors.read(file)
        except (OSError, ValueError) as error:
            reason = str(error)
            if isinstance(error, OSError):
                reason = f"cannot be read: {error.strerror or error}"
            raise ValueError(f"{file.name}: {reason}" if "," in given else reason) from error
        name = network or file.stem
        if name in found:
            raise ValueError(f"two files would be network {name}; write NAME=FILE")
        found[name] = content
        digests[str(file) if file.name in digests else file.name] = hashlib.sha256(
            file.read_bytes()
        ).hexdigest()
    return found, digests


def configured(layout: Layout, networks: tables.Networks, config: ConfigDict | None) -> ConfigDict:
    """The configuration of the new run.

    Raises:
      ValueError: the configuration is of another model, or contradicts the tensors on what the data decide.
    """
    if config is None:
        built = configuration.default()
        fields = layout.fields(networks, None)
        built.name = f"imported_{layout.model}"
        built.model = configuration.model(layout.model, **fields)
        built.data.size = _SIZE
    else:
        built = config.copy_and_resolve_references()
        if built.model.name != layout.model:
            found = f"are of model {layout.model!r}, and the configuration has model {built.model.name!r}"
            raise ValueError(f"its tensors {found}")
        fields = layout.fields(networks, built.model.to_dict())
    built.unlock()
    for name, value in fields.items():
        old = built.model[name]
        if old == value:
            continue
        if name in layout.of_data:
            raise ValueError(f"its tensors have {name}={value!r}; the configuration has {old!r}")
        _log.info("model.%s is %r in the file; the configuration has %r", name, value, old)
        built.model[name] = value
    size = layout.size(fields, networks)
    if size and built.data.size != size:
        if config is not None:
            _log.info("data.size is %d in the file; the configuration has %d", size, built.data.size)
        built.data.size = size
    return built.lock()


def filled(layout: Layout, networks: tables.Networks, model: Any, state: Any) -> tuple[Any, list[str]]:
    """The state with the tensors in place of initial values, and the networks that the file lacks.

    Raises:
      ValueError: a tensor does not fit.
    """
    flat = leaves.flatten(jax.device_get(state))
    table = tables.of_state(layout.table(model), flat)
    tables.check(table, networks, flat, layout.ignored)
    new = tables.read(table, networks, flat)
    state = leaves.fit({**flat, **new}, state)
    optional = {row.name: row.leaf for row in table if isinstance(row, tables.Entry) and row.optional}
    state = layout.finish(model, state, {name for name, leaf in optional.items() if leaf not in new})
    both = (*layout.generators, *layout.discriminators)
    return state, [n for n in both if n not in networks and n + tables.AVERAGE not in networks]
