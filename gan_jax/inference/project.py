"""`--mode=project`: the styles whose images come closest to given photographs."""

import contextlib
import functools
import logging
import sys
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from rich.console import Console
from rich.progress import Progress

from gan_jax.data.pixels import views
from gan_jax.data.pixels.framing import Framing
from gan_jax.data.sources import decoding, listing
from gan_jax.data.sources.decoding import Skipped
from gan_jax.errors import DataError, IncompleteError
from gan_jax.inference import output, styles
from gan_jax.inference.sources import Source
from gan_jax.ops import draws, projection
from gan_jax.ops.pixels import to_float, to_uint8
from gan_jax.runs import functions, restore

_log = logging.getLogger(__name__)

_STYLES = 10_000  # styles whose mean and deviation the projection starts from
_GROUP = 8  # images that are projected at once


def run(
    workdir: Path | str,
    *,
    input: str,
    out: str,
    steps: int = 1000,
    seed: int = 0,
    plus: bool = False,
) -> dict[str, Any]:
    """Projects photographs into the styles of a run; the run's folder is not changed.

    A generated image comes back almost exactly, a real one does not (Karras et al. 2020, section 5). The
    distance is that of pixels, see `projection.pixel_distance`; the authors take that of VGG's features.

    Args:
      workdir: folder of a run whose model has styles, finished or not.
      input: folder, zip or image; of each image the largest square in the middle is used.
      out: see `output.check`. A sheet shows each photograph and its projection. An `.npz` holds the
        projections `image` and the photographs `target`, uint8 [n, S, S, C]; their styles `w` [n, L, d],
        which `--latents` of other modes reads; `distance` [n]; and the noise maps `noise_00` [n, r, r], ...
      steps: number of steps for each image.
      seed: seed of the random draws, which also depend on an image's name, not on the images beside it.
      plus: whether each layer has a style of its own (W+) instead of one style for all (W).

    Returns:
      Values to print.

    Raises:
      ConfigError, WorkdirError: see `output.check`, `styles`, `Source.open`.
      DataError: no image can be read.
      IncompleteError: some images cannot be read; the others were projected.
    """
    place = output.check(out)
    model = styles.model(workdir, place)
    names, targets, left_out = _photographs(input, model, place)
    trained = restore.load(workdir)
    size = min(_GROUP, len(targets))
    groups = [slice(i, i + size) for i in range(0, len(targets), size)]
    projector = _Projector(trained, steps, seed, plus)
    parts = []
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("steps", total=steps * len(groups))
        for group in groups:
            # A last group that is smaller would be compiled anew.
            rows = np.resize(np.arange(len(targets))[group], size)
            found = projector(targets[rows], [names[row] for row in rows], lambda: bar.advance(task))
            parts.append({name: column[: len(targets[group])] for name, column in found.items()})
    found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    pictures = to_uint8(found.pop("image"))
    pairs = np.stack([targets, pictures], 1).reshape(-1, *pictures.shape[1:])
    arrays = {"image": pictures, "target": targets, **found}
    files = [f"{i:04}_{kind}" for i in range(len(pictures)) for kind in ("photograph", "projection")]
    across = 2 * output.square(-(-len(pictures) // 2))
    place.write(pairs, columns=min(across, len(pairs)), names=files, arrays=arrays)
    if left_out:
        message = f"{len(left_out)} of {len(names) + len(left_out)} images could not be used"
        reasons = listing.counted(left_out)
        raise IncompleteError(f"{message}: {reasons}; the others were projected, see {place.path}")
    mean = float(found["distance"].mean())
    return {"photographs": len(names), "mean distance": mean, "projections": place.path}


class _Projector:
    """The projection of groups of images into the styles of one run."""

    def __init__(self, trained: restore.Run, steps: int, seed: int, plus: bool):
        """Draws styles for their mean and deviation."""
        self._run, self._steps, self._key = trained, steps, jax.random.key(seed)
        self._model = cast(Any, trained.model)
        self._layers = self._model.num_styles if plus else 1
        self._state = jax.device_put(trained.state)
        self._mean, self._deviation = _centre(trained, seed)
        self._step = jax.jit(self._one_step, donate_argnums=(0, 1))

    def __call__(
        self, targets: np.ndarray, names: Sequence[str], tick: Callable[[], None]
    ) -> dict[str, np.ndarray]:
        """The projections of images uint8 [n, S, S, C], as columns; `tick` is called after each step.

        An image's draws depend on the seed and on its own name.
        """
        model, n = self._model, len(targets)
        wanted = to_float(jnp.asarray(targets))
        numbers = [zlib.crc32(name.encode(errors="surrogateescape")) for name in names]
        own = jax.vmap(jax.random.fold_in, (None, 0))(self._key, jnp.array(numbers, jnp.uint32))
        first, later = draws.of_rows(own, n, parts=2)
        found = projection.start(first, self._mean, n, self._layers, model.noise_sides)
        found = jax.tree.map(jnp.array, found)  # a step donates its arguments, so each leaf needs a buffer
        memory = projection.optimiser().init(found)
        for i in range(self._steps):
            draw = jax.vmap(jax.random.fold_in, (0, None))(later, i)
            found, memory = self._step(found, memory, wanted, draw, i / self._steps)
            tick()
        ws = np.array(jnp.broadcast_to(found.w, (n, model.num_styles, model.w_dim)))
        maps = [np.array(level) for level in found.noise]
        made = functions.synthesiser(self._run)(ws, maps)
        far = projection.pixel_distance(jnp.asarray(made), wanted)
        noise = {f"noise_{i:02}": level for i, level in enumerate(maps)}
        return {"image": made, "w": ws, "distance": np.array(far), **noise}

    def _one_step(self, found, memory, wanted, draw, t):
        found, memory, _ = projection.step(
            found,
            memory,
            wanted,
            draw,
            t,
            self._deviation,
            synthesise=functools.partial(self._model.synthesise, self._state),
            distance=projection.pixel_distance,
            layers=self._model.num_styles,
        )
        return found, memory


def _photographs(given, model, place):
    """Names and pixels, uint8 [n, S, S, C], of the images that can be read, and reasons of others by name.

    Raises:
      ConfigError: the output would replace one of them.
    """
    framing = Framing(model.size)
    names, pictures, left_out = [], [], {}
    with contextlib.ExitStack() as stack:
        source = Source.open(given, stack)
        place.spare(source.paths)
        for name in source.names:
            try:
                pixels = decoding.decode(source.content(name), framing)
            except Skipped as error:
                left_out[name] = str(error)
                _log.warning("%s: %s", listing.shown(name), error)
                continue
            names.append(name)
            pictures.append(views.derived(pixels[None], "", model.channels)[0])
        if not names:
            raise DataError(f"{source.title} has no image that can be read")
    return names, np.stack(pictures), left_out


def _centre(trained, seed):
    """The mean style [d] of random latents, and the root of the mean squared distance from it."""
    model = trained.model
    count = _STYLES // model.num_classes * model.num_classes if model.num_classes else _STYLES
    classes = list(range(model.num_classes))
    ws = styles.drawn(trained, seed, np.arange(count), classes, 1.0)[:, 0]
    mean = ws.mean(0)
    return jnp.asarray(mean), float(np.sqrt(np.square(ws - mean).sum(1).mean()))
