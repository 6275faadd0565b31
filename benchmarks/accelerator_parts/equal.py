"""Part `equal`: one iteration of every model on the accelerator and on the CPU, from equal states.

Both sides compute in float32 with the highest precision of products. The CPU's worker draws the state and the
batch and stores both and its own result. The accelerator's worker reads them, so the states are equal to the
bit. The relative difference of a kind of arrays of one player, such as the parameters of D, is the largest
absolute difference of any element, divided by the largest absolute value of any element. A row has, for each
kind, the largest one of any player.

Adam divides a gradient by its own size. A gradient of pure rounding noise, such as that of a bias before a
norm, therefore moves its parameter by up to the learning rate in either direction. The first moments (`mu`)
show the gradients themselves.
"""

import dataclasses
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from concurrent import futures
from pathlib import Path
from typing import Any

from accelerator_parts.workers import ROOT, Run, Worker, WorkerError, started

_SECONDS = 120.0  # for one row
_PAIRS = 6  # most pairs of workers at once; each has four cores
_LOCK = threading.Lock()  # of the record
_SETTING = {"JAX_DEFAULT_MATMUL_PRECISION": "highest"}


@dataclasses.dataclass(frozen=True)
class Row:
    """A model whose iteration is compared.

    Attributes:
      config: a file of `configs`, whose `quick` gives the embedded images and the small model.
      fields: fields of the model that replace those of `quick`.
      required: the name of the required run that is compared instead of the run itself.
    """

    config: str
    fields: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    required: str = ""


_WIDE, _F = {"g_width": 32, "d_width": 32}, (32, 64, 128, 64)
_STYLED = {"width_base": 2048, "width_max": 64}
# A new model is one more row.
ROWS = {
    "dtn": Row("dtn_digits", {"g_widths": (128, 64, 32), "d_widths": (32, 64, 128), "f_widths": _F}),
    "stargan": Row("stargan_celeba", {**_WIDE, "g_blocks": 2}),
    "cyclegan": Row("cyclegan_horse2zebra", {**_WIDE, "blocks": 3}),
    "pix2pix": Row("pix2pix_facades", {**_WIDE, "levels": 5}),
    "dcgan": Row("dcgan_celeba", _WIDE),
    "wgan_gp": Row("wgan_gp_mnist", _WIDE),
    "sngan": Row("sngan_mnist", _WIDE),
    "acgan": Row("acgan_mnist", _WIDE),
    "cgan": Row("cgan_mnist"),
    "discogan": Row("discogan_celeba_gender", _WIDE),
    "icgan": Row("icgan", _WIDE),
    "diat": Row("diat", {**_WIDE, "blocks": 2}),
    "vae": Row("vae_mnist", {"width": 64}),
    "classifier": Row("dtn_digits", {"widths": _F}, required="f"),
    "stylegan2": Row("stylegan2_celeba", _STYLED),
    "stylegan": Row("stylegan_celeba"),
    "pggan": Row("pggan_celeba"),
    "adain": Row("adain"),
    "gatys": Row("gatys"),
    "segmenter": Row("fcn_scenes", {"widths": (16, 32, 64)}),
}  # fmt: skip
QUICK = ("vae",)


def run(check: Run, until: float) -> None:
    """Compares the rows that are missing, and begins no row after the time `until`.

    Several pairs of workers share the rows, since most of a row's time is the compiler's.
    """
    names = [n for n in (QUICK if check.quick else ROWS) if not check.record.done("equal", n)]
    folder = check.scratch / "equal"
    folder.mkdir(parents=True, exist_ok=True)
    count = max(1, min(_PAIRS, (os.cpu_count() or 1) // 4, len(names)))
    shares = [names[i::count] for i in range(count)]
    pairs = [_Pair(check, folder, str(i), share) for i, share in enumerate(shares) if share]
    pool = futures.ThreadPoolExecutor(count)
    try:
        for done in futures.as_completed([pool.submit(pair.rows, until) for pair in pairs]):
            done.result()
    finally:  # a cut closes the workers first, so that no thread waits for their answers
        for pair in pairs:
            pair.close()
        pool.shutdown()


class _Pair:
    """A worker on the CPU and one on the accelerator, with their rows in order."""

    def __init__(self, check: Run, folder: Path, label: str, names: list[str]):
        self._check, self._names = check, list(names)
        self._cpu, self._other = (
            started(check, "equal", side, str(folder), *names, label=label, **env, **_SETTING)
            for side, env in (("cpu", {"JAX_PLATFORMS": "cpu"}), ("accelerator", {}))
        )

    def rows(self, until: float) -> None:
        """Compares the rows in order and records each."""
        for name in self._names:
            values = self._row(name, until)
            if not self._names:
                return  # the call was cut, and so was this row
            with _LOCK:
                self._check.record.put("equal", name, values)
                self._check.say(f"equal {name}: {values.get('error') or values['relative_difference']}")
            if time.monotonic() > until:
                return

    def close(self) -> None:
        """Ends both workers. The rows that are left are not begun."""
        self._names.clear()
        self._cpu.close()
        self._other.close()

    def _row(self, name: str, until: float) -> dict[str, Any]:
        until = until if self._check.quick else min(until, time.monotonic() + _SECONDS)
        try:
            values = _of_row(name, self._cpu, self._cpu.read(until), until)
            if "error" not in values:
                values = _of_row(name, self._other, self._other.ask(name, until), until)
        except WorkerError as error:
            values = {"error": str(error)}
        return values


def _of_row(name: str, worker: Worker, answer: dict[str, Any], until: float) -> dict[str, Any]:
    """The answer on a row. Answers that came too late for earlier rows are dropped."""
    while answer.pop("row") != name:
        answer = worker.read(until)
    return answer


def work(side: str, folder: str, *names: str) -> None:
    """The worker of one side: a line of JSON for each row, in order."""
    if side == "cpu":
        for name in names:
            _answer(_reference, Path(folder), name)
        return
    for line in sys.stdin:
        _answer(_beside, Path(folder), line.strip())


def _answer(compute: Any, folder: Path, name: str) -> None:
    """Prints the values of a row. A row that fails is told, and the others go on."""
    try:
        values = compute(folder, name)
    except Exception as error:
        traceback.print_exc()
        values = {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"}
    print(json.dumps({"row": name, **values}), flush=True)


def _reference(folder: Path, name: str) -> dict[str, Any]:
    """The CPU's side: stores batch, state before, and state and losses after the iteration."""
    import jax
    import numpy as np

    from gan_jax.ops.pixels import to_float

    built, model = _model(name)
    batch = _batch(built, model)
    state = jax.device_get(jax.jit(model.init)(jax.random.key(0), to_float(batch)))
    began = time.perf_counter()
    after = _iteration(model, state, batch)
    seconds = time.perf_counter() - began
    before = {"before" + path: leaf for path, leaf in _leaves(state)}
    own = {f"batch/{key}": value for key, value in batch.items()}
    new = folder / f"{name}.new.npz"
    np.savez(new, **before, **own, **{"after" + path: leaf for path, leaf in after.items()})
    os.replace(new, folder / f"{name}.npz")
    return {"seconds": seconds}


def _beside(folder: Path, name: str) -> dict[str, Any]:
    """The accelerator's side: the same iteration from the stored state, and the differences."""
    import jax
    import numpy as np

    from gan_jax.game import devices
    from gan_jax.ops.pixels import to_float

    _, model = _model(name)
    with np.load(folder / f"{name}.npz") as stored:
        arrays = dict(stored)
    batch = {key.removeprefix("batch/"): x for key, x in arrays.items() if key.startswith("batch/")}
    shapes = jax.eval_shape(model.init, jax.random.key(0), jax.eval_shape(to_float, batch))
    paths = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(shapes)]
    state = jax.tree.unflatten(jax.tree.structure(shapes), [arrays["before" + path] for path in paths])
    began = time.perf_counter()
    after = _iteration(model, state, batch)
    seconds = time.perf_counter() - began
    cpu = {key.removeprefix("after"): x for key, x in arrays.items() if key.startswith("after")}
    size = sum(x.size for path, x in cpu.items() if ".params" in path)
    found = {"relative_difference": relative_difference(cpu, after), "parameters": size}
    setting = {
        "device": devices.describe()["kind"],
        "precision": jax.config.values["jax_default_matmul_precision"],
    }
    return {**found, **setting, "seconds": seconds}


def _model(name: str) -> tuple[Any, Any]:
    from gan_jax import config, models

    row = ROWS[name]
    built = config.load(f"{ROOT / 'configs' / row.config}.py:quick")
    if row.required:
        sets, built = built.data.sets, built.requires[row.required]
        with built.unlocked():
            built.data.sets = sets
    return built, models.create({**built.model.to_dict(), **row.fields})


def _batch(built: Any, model: Any) -> dict[str, Any]:
    from gan_jax import data
    from gan_jax.runs import inputs

    roles = inputs.load(built, lambda: None)
    return next(data.epoch(roles, built.batch_size * model.batches))


def _iteration(model: Any, state: Any, batch: Any) -> dict[str, Any]:
    """All arrays after the first iteration from `state`, by path, the losses among them."""
    from gan_jax.game import devices
    from gan_jax.ops.pixels import on_floats

    step = devices.pmap_step(on_floats(model.train_step), 0)
    placed, sharded = devices.replicate(state), devices.shard(batch)
    losses: dict[str, Any] = {}
    phases = model.phases(0)
    for i, phase in enumerate(phases):
        placed, metrics = step(placed, sharded, devices.clock(0, i, i == len(phases) - 1), phase)
        losses |= devices.to_host(metrics)
    values = dict(_leaves(devices.unreplicate(placed)))
    return values | {f".losses['{name}']": value for name, value in losses.items()}


def _leaves(state: Any) -> Iterator[tuple[str, Any]]:
    import jax

    for path, leaf in jax.tree_util.tree_leaves_with_path(state):
        yield jax.tree_util.keystr(path), leaf


def kind_of(path: str) -> tuple[str, str]:
    """The player and the kind of an array, such as `losses`, `params`, `batch_stats`, `ema`, `mu` or `nu`."""
    names = path.replace("[", ".").replace("]", "").replace("'", "").strip(".").split(".")
    if names[0] == "losses":
        return names[1].rpartition("/")[0], "losses"
    if names[0] != "players":
        return "", names[0]
    if names[2] != "opt_state":
        return names[1], names[2]
    told = [name for name in names[3:] if not name.isdigit()]
    return names[1], next((name for name in told if name in ("mu", "nu", "count")), told[0])


def relative_difference(cpu: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, float]:
    """The relative difference of each kind of arrays, the largest one of any player; see the module.

    Raises:
      ValueError: the two sides have other arrays, or a value is not finite.
    """
    import numpy as np

    if set(cpu) != set(other):
        raise ValueError(f"only one side has {sorted(set(cpu) ^ set(other))[:3]}")
    apart: dict[tuple[str, str], float] = {}
    size: dict[tuple[str, str], float] = {}
    for path, expected in cpu.items():
        a, b = np.asarray(expected, np.float64), np.asarray(other[path], np.float64)
        if a.shape != b.shape:
            raise ValueError(f"{path} has the shapes {a.shape} and {b.shape}")
        if not (np.isfinite(a).all() and np.isfinite(b).all()):
            raise ValueError(f"{path} is not finite")
        kind = kind_of(path)
        apart[kind] = max(apart.get(kind, 0.0), float(np.max(np.abs(a - b), initial=0)))
        size[kind] = max(size.get(kind, 0.0), float(np.max(np.abs(a), initial=0)))
    found: dict[str, float] = {}
    for (player, name), difference in apart.items():
        scale = size[player, name] or 1.0  # arrays of zeros differ by absolute values
        found[name] = max(found.get(name, 0.0), difference / scale)
    return found
