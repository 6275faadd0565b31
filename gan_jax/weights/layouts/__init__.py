"""The layouts of published networks, one file for each architecture.

A file has `LAYOUT`. The layout of a model is found by the model's name, and that of a file by its tensors.
"""

import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gan_jax.weights.tables import AVERAGE, Networks, Table, Tensors

Fields = Mapping[str, Any]

# Names of networks beside the layouts' own, in lower case, and what stands before names of networks.
_ALIASES = {"gs": "G_ema", "generator": "G", "discriminator": "D"}
_BEFORE = re.compile(r"^(\w+_net_|net_?|\d+-)", re.IGNORECASE)
# Parts of files that hold no network.
_OTHERS = ("g_optim", "d_optim", "ada_aug_p", "augment_pipe", "training_set_kwargs")


@dataclasses.dataclass(frozen=True)
class Layout:
    """The names, shapes and fields of one published architecture.

    Attributes:
      model: the model's name.
      generators: names of its networks that draw images, the usual one first.
      discriminators: names of its other networks.
      draws: whether tensors, under their names in any known code, are those of a generator of this layout.
      fields: `(networks, known) -> fields` that the tensors determine. `known` has the fields of the user's
        configuration, or is None.
      table: `model -> rows`. Rows without a leaf in the model's state are dropped.
      example: `(model, size, networks) -> description` of a training example, as `restore.describe` has it.
      of_data: fields that belong to the data. A configuration must agree with the tensors on them.
      plain: turns the networks of other codes into those of the table.
      shared: names of tensors that a file of several networks keeps outside of its generators.
      size: `(fields, networks) -> pixels a side` of the images; 0 if the tensors do not tell.
      ignored: regular expression of names that are not used.
      finish: `(model, state, lacking) -> state`, for optional tensors that the file lacks.
    """

    model: str
    generators: tuple[str, ...]
    discriminators: tuple[str, ...]
    draws: Callable[[Tensors], bool]
    fields: Callable[[Networks, Fields | None], dict[str, Any]]
    table: Callable[[Any], Table]
    example: Callable[[Any, int, Networks], dict[str, Any]]
    of_data: tuple[str, ...] = ()
    plain: Callable[[Networks], Networks] = lambda networks: networks
    shared: tuple[str, ...] = ()
    size: Callable[[Fields, Networks], int] = lambda fields, networks: 0
    ignored: str = r".*\.(running_mean|running_var|num_batches_tracked)"
    finish: Callable[[Any, Any, set[str]], Any] = lambda model, state, lacking: state

    @property
    def networks(self) -> tuple[str, ...]:
        """The names of all networks, also of averages."""
        both = (*self.generators, *self.discriminators)
        return (*both, *(f"{name}{AVERAGE}" for name in self.generators))


def known() -> Iterator[Layout]:
    """All layouts."""
    for module in pkgutil.iter_modules(__path__):
        found = getattr(importlib.import_module(f"{__name__}.{module.name}"), "LAYOUT", None)
        if found is not None:
            yield found


def of_model(name: str) -> Layout | None:
    """The layout of a model; None if none of its networks is published."""
    return next((layout for layout in known() if layout.model == name), None)


def split(files: Mapping[str, Tensors]) -> dict[str, dict[str, Any]]:
    """The tensors of files by network: `G_ema.mapping.fc0.weight` is `mapping.fc0.weight` of `G_ema`.

    Tensors whose names begin with no network belong to the network that their file is named by. `netG`,
    `net_G`, `g`, `latest_net_G` and `200000-G` are `G`. Files of other names keep them.

    Raises:
      ValueError: two tensors of one network have one name.
    """
    names = {name.lower(): name for layout in known() for name in layout.networks} | _ALIASES

    def named(text: str) -> str | None:
        return names.get(_BEFORE.sub("", text).lower())

    found: dict[str, dict[str, Any]] = {}
    for file, tensors in files.items():
        for name, tensor in tensors.items():
            first, _, rest = name.replace("/", ".", 1).partition(".")
            if first in _OTHERS:
                continue
            network = named(first) if rest else None
            if network is None:
                network, rest = named(file) or file, name
            part, rest = found.setdefault(network, {}), rest.removeprefix("module.")
            if rest in part:
                raise ValueError(f"tensor {rest} of {network} is given twice")
            part[rest] = tensor
    return found


def recognise(files: Mapping[str, Tensors]) -> tuple[Layout, dict[str, Tensors]]:
    """The layout of files and their tensors by network, with PyTorch's names.

    Args:
      files: the tensors of each file, by the network that the user names, or else by the file's stem.

    Raises:
      ValueError: no layout has a generator like one of these, or two networks have one name.
    """
    parts = split(files)
    for layout in known():
        if any(layout.draws(tensors) for tensors in parts.values()):
            named = _named(layout, parts)
            drawing = {name.removesuffix(AVERAGE) for name in named} & set(layout.generators)
            if not drawing:
                allowed = f"{', '.join(layout.generators)} for what draws images"
                raise ValueError(f"networks {', '.join(named)} are not allowed; allowed: {allowed}")
            return layout, dict(layout.plain(named))
    told = next((name for tensors in parts.values() for name in tensors), "none")
    models = ", ".join(layout.model for layout in known())
    raise ValueError(f"no generator of these models has tensors like {told}: {models}")


def _named(layout: Layout, parts: Mapping[str, dict[str, Any]]) -> dict[str, Tensors]:
    """The networks under the layout's own names."""
    named: dict[str, Any] = {network: parts[network] for network in parts if network in layout.networks}
    shared: dict[str, Any] = {}
    for given, tensors in parts.items():
        shared |= {name: tensor for name, tensor in tensors.items() if name in layout.shared}
        if given in layout.networks or set(tensors) <= set(layout.shared):
            continue
        network = (layout.generators if layout.draws(tensors) else layout.discriminators)[0]
        network += AVERAGE if given.endswith(AVERAGE) else ""
        if network in named:
            raise ValueError(f"two networks would be {network}; name each: {', '.join(layout.networks)}")
        named[network] = tensors
    drawing = {name for name in named if name.removesuffix(AVERAGE) in layout.generators}
    return {name: {**shared, **tensors} if name in drawing else tensors for name, tensors in named.items()}
