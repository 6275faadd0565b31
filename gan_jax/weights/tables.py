"""Tables of names: which tensor of a file is which leaf of a state, and how the one becomes the other.

Files have PyTorch's arrangement of axes: OIHW for convolutions, IOHW for transposed ones, [out, in] for dense
layers.
"""

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

Tensors = Mapping[str, np.ndarray]
Networks = Mapping[str, Tensors]  # the tensors of a file by network, such as 'G' and 'D'

AVERAGE = "_ema"  # ends the name of the network that has the averages of another one's parameters


class _Kind(NamedTuple):
    """`read` turns a tensor of a file into a leaf, and `write` a leaf into the tensor."""

    read: Callable[[np.ndarray], np.ndarray]
    write: Callable[[np.ndarray], np.ndarray]


def _same(x):
    return x


def _flipped(x):
    return x[::-1, ::-1]


def _dense_of_maps(x):
    """[D, C 4 4] of maps that PyTorch flattens in the order C, H, W to [4 4 C, D] in the order H, W, C."""
    return x.reshape(len(x), -1, 4, 4).transpose(2, 3, 1, 0).reshape(-1, len(x))


def _maps_of_dense(x):
    return x.reshape(4, 4, -1, x.shape[1]).transpose(3, 2, 0, 1).reshape(x.shape[1], -1)


_KINDS = {
    "same": _Kind(_same, _same),
    "map": _Kind(lambda x: x.transpose(1, 2, 0), lambda x: x.transpose(2, 0, 1)),
    "dense": _Kind(np.transpose, np.transpose),
    "dense_of_maps": _Kind(_dense_of_maps, _maps_of_dense),
    "conv": _Kind(lambda x: x.transpose(2, 3, 1, 0), lambda x: x.transpose(3, 2, 0, 1)),
    # PyTorch's transposed convolution mirrors its kernel, and ours does not.
    "conv_up": _Kind(
        lambda x: _flipped(x.transpose(2, 3, 1, 0)), lambda x: _flipped(x).transpose(3, 2, 0, 1)
    ),
    "transposed": _Kind(
        lambda x: _flipped(x.transpose(2, 3, 0, 1)), lambda x: _flipped(x).transpose(2, 3, 0, 1)
    ),
    # A transposed convolution of one position mirrors nothing.
    "project": _Kind(lambda x: x.transpose(2, 3, 0, 1), lambda x: x.transpose(2, 3, 0, 1)),
}


@dataclasses.dataclass(frozen=True)
class Entry:
    """A tensor of a file and the leaf that holds it.

    Attributes:
      network: the network of the file, such as 'G'.
      name: the tensor's name in that network.
      leaf: the leaf's name in the state, such as 'players.gen.params.conv.kernel'. A state without this leaf
        has no such tensor.
      kind: 'same'; 'map', CHW to HWC; 'dense', transposed; 'dense_of_maps'; 'conv'; 'conv_up', mirrored;
        'transposed'; 'project'.
      optional: whether a file may lack the tensor.
    """

    network: str
    name: str
    leaf: str
    kind: str = "same"
    optional: bool = False


@dataclasses.dataclass(frozen=True)
class Constant:
    """A tensor that a file has beside a leaf and that has always the same values.

    Attributes:
      network: the network of the file.
      name: the tensor's name in that network.
      beside: the leaf without which there is no such tensor.
      value: the tensor.
      checked: whether a file with other values is refused. If not, the file's values are not used.
    """

    network: str
    name: str
    beside: str
    value: np.ndarray
    checked: bool = False


Table = list[Entry | Constant]


def shape_of(tensors: Tensors, name: str, axes: int) -> tuple[int, ...]:
    """The shape of a tensor that a network must have.

    Raises:
      ValueError: the tensor is missing, or has another number of axes.
    """
    if name not in tensors:
        raise ValueError(f"tensor {name} is missing")
    if tensors[name].ndim != axes:
        raise ValueError(f"tensor {name} has shape {list(tensors[name].shape)}; expected {axes} axes")
    return tensors[name].shape


def layer(network: str, name: str, player: str, module: str, kind: str = "conv") -> Iterator[Entry]:
    """The kernel of a layer and its bias, which the layer may lack."""
    place = f"players.{player}.params.{module}"
    yield Entry(network, f"{name}.weight", f"{place}.kernel", kind)
    yield Entry(network, f"{name}.bias", f"{place}.bias")


def norm(network: str, name: str, player: str, module: str) -> Iterator[Entry | Constant]:
    """Scale, shift and running statistics of a norm; what the norm lacks is left out."""
    params, stats = (f"players.{player}.{part}.{module}" for part in ("params", "batch_stats"))
    yield Entry(network, f"{name}.weight", f"{params}.scale")
    yield Entry(network, f"{name}.bias", f"{params}.bias")
    yield Entry(network, f"{name}.running_mean", f"{stats}.mean")
    yield Entry(network, f"{name}.running_var", f"{stats}.var")
    yield Constant(network, f"{name}.num_batches_tracked", f"{stats}.mean", np.array(0))


def of_state(table: Iterable[Entry | Constant], leaves: Mapping[str, np.ndarray]) -> Table:
    """The rows of a table whose leaves a state has.

    Raises:
      ValueError: the state has a parameter or running statistic that the table lacks.
    """
    kept = [row for row in table if _leaf(row) in leaves]
    told = {_leaf(row) for row in kept}
    for leaf in leaves:
        if (".params." in leaf or ".batch_stats." in leaf) and leaf not in told:
            raise ValueError(f"the published network has no {leaf}")
    return kept


def check(table: Table, networks: Networks, leaves: Mapping[str, np.ndarray], ignored: str) -> None:
    """Refuses tensors that are missing, of another shape, not finite, or not part of a network.

    Args:
      table: the rows of the state, see `of_state`.
      networks: tensors by network.
      leaves: arrays of the leaves' shapes.
      ignored: regular expression of names that are not used.

    Raises:
      ValueError: naming the network and the tensor.
    """
    for network, tensors in networks.items():
        rows = {row.name: row for row in table if row.network == network.removesuffix(AVERAGE)}
        for name, row in rows.items():
            if name in tensors:
                _check_one(f"tensor {name} of {network}", row, tensors[name], leaves)
            elif isinstance(row, Entry) and not row.optional:
                wanted = list(_written(row, leaves[row.leaf]).shape)
                raise ValueError(f"tensor {name} of {network} is missing, {wanted}")
        for name in tensors:
            if name not in rows and not re.fullmatch(ignored, name):
                raise ValueError(f"tensor {name} is not part of {network}")


def _check_one(what, row, tensor, leaves):
    if isinstance(row, Constant):
        if row.checked and not (tensor.shape == row.value.shape and np.allclose(tensor, row.value)):
            raise ValueError(f"{what} has other values than this library's {row.value.tolist()}")
        return
    wanted = _written(row, leaves[row.leaf]).shape
    if tensor.shape != wanted:
        raise ValueError(f"{what} has shape {list(tensor.shape)}; expected {list(wanted)}")
    if not np.isfinite(tensor).all():
        raise ValueError(f"{what} is not finite")


def read(table: Table, networks: Networks, leaves: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The leaves that a file gives, float32. Leaves of networks that the file lacks are left out.

    Averages of parameters come from the network of averages. If a file has only one of both networks,
    parameters and averages are equal.
    """
    found = {}
    for row in table:
        if isinstance(row, Constant):
            continue
        plain, averaged = row.network, row.network + AVERAGE
        moving = ".params." in row.leaf
        orders = {row.leaf: (plain, averaged) if moving else (averaged, plain)}
        if _average(row) in leaves:
            orders[_average(row)] = (averaged, plain)
        for leaf, order in orders.items():
            tensor = next((networks[n][row.name] for n in order if row.name in networks.get(n, {})), None)
            if tensor is not None:
                found[leaf] = np.asarray(_KINDS[row.kind].read(tensor), np.float32, order="C")
    return found


def write(table: Table, leaves: Mapping[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    """The tensors of a state by network. A player with averages gives a second network, '<network>_ema'."""
    networks: dict[str, dict[str, np.ndarray]] = {}
    averaged = {row.network for row in table if _average(row) in leaves}
    for row in table:
        plain, average = leaves[_leaf(row)], leaves.get(_average(row))
        networks.setdefault(row.network, {})[row.name] = _written(row, plain)
        if row.network in averaged:
            leaf = plain if average is None else average
            networks.setdefault(row.network + AVERAGE, {})[row.name] = _written(row, leaf)
    return networks


def _leaf(row):
    return row.leaf if isinstance(row, Entry) else row.beside


def _average(row):
    """The leaf of the averages of a row's parameters; '' for a row of other leaves."""
    leaf = _leaf(row)
    return leaf.replace(".params.", ".ema.") if ".params." in leaf and isinstance(row, Entry) else ""


def _written(row, leaf):
    return np.asarray(_KINDS[row.kind].write(leaf), order="C") if isinstance(row, Entry) else row.value
