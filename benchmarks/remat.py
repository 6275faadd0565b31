"""What `remat` saves: how much jax keeps between the forward and the backward pass of a player's update.

    python benchmarks/remat.py --json=results/remat.json

The figures follow from shapes alone. Nothing is compiled, and no step is computed. The figures include the
parameters that the backward pass reads. A compiler may need less or more memory.
"""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import jax
import jax.numpy as jnp
import measured
from absl import app, flags

from gan_jax import config as configuration
from gan_jax import game, models
from gan_jax.game import devices, precision

_JSON = flags.DEFINE_string("json", "", "file for the figures")
_QUICK = flags.DEFINE_bool("quick", False, "whether the networks are those of the configurations' quick")
_MIB = 2**20


@dataclasses.dataclass(frozen=True)
class Row:
    """A step: the file in `configs` that has the fields of its model, its sizes, and two of its players."""

    config: str
    size: int
    batch: int
    players: Mapping[str, str] = dataclasses.field(default_factory=lambda: {"G": "gen", "D": "disc"})


ROWS = {
    "DCGAN, 64 pixels, batch 128": Row("dcgan_celeba", 64, 128),
    "StyleGAN2, 64 pixels, batch 16": Row("stylegan2_ffhq", 64, 16),
    "StyleGAN2, 256 pixels, batch 4": Row("stylegan2_ffhq", 256, 4),
    "CycleGAN, 256 pixels, batch 1": Row("cyclegan_horse2zebra", 256, 1),
    "pix2pix, 256 pixels, batch 1": Row("pix2pix_facades", 256, 1),
}


def kept(row: Row, recomputes: bool) -> dict[str, int]:
    """Player -> bytes that wait for the backward pass of its first update in an iteration."""
    config = configuration.load(f"configs/{row.config}.py{':quick' if _QUICK.value else ''}")
    size, batch = (config.data.size, 2) if _QUICK.value else (row.size, row.batch)
    fields = dict(config.model)
    model = models.create(fields | models.model_class(fields["name"]).fields_at(size, fields))
    image = jax.ShapeDtypeStruct((batch, size, size, 3), jnp.float32)
    images = dict.fromkeys(config.data.roles, image)
    state = jax.eval_shape(model.init, jax.random.key(0), images)
    found: dict[str, int] = {}

    def noting(state, name, tx, loss_fn, *average):
        waiting = jax.eval_shape(
            lambda params: jax.vjp(loss_fn, params, has_aux=True)[1], state.players[name].params
        )
        found.setdefault(name, sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(waiting)))
        _, (_, metrics) = loss_fn(state.players[name].params)
        return state, dict(metrics)

    step = precision.stepping(model.train_step, "float32", recomputes)
    # A forward pass that two updates share is counted in the update that differentiates it.
    sharing = mock.patch.object(game, "once", lambda fn, at: fn)
    with sharing, mock.patch.object(game, "update", noting):
        for phase in model.phases(0):
            # A function of its own, since jax keeps what it has traced of a function.
            one = jax.vmap(
                lambda state, images, phase=phase: step(state, images, jax.random.key(0), phase),
                in_axes=None, out_axes=None, axis_size=1, axis_name=devices.AXIS,
            )  # fmt: skip
            jax.eval_shape(one, state, images)
    return {title: found[player] for title, player in row.players.items()}


def table() -> list[dict[str, Any]]:
    """The rows: MiB of each player, without and with `remat`."""
    rows = []
    for title, row in ROWS.items():
        plain, little = (kept(row, recomputes) for recomputes in (False, True))
        mib = {name: {"plain": plain[name] / _MIB, "remat": little[name] / _MIB} for name in plain}
        rows.append({"step": title, "config": row.config, "mib": mib})
    return rows


def markdown(rows: list[dict[str, Any]]) -> str:
    """The table, in whole MiB."""
    lines = ["| step | G | G, `remat` | D | D, `remat` |", "| --- | ---: | ---: | ---: | ---: |"]
    for row in rows:
        cells = [f"{value:.0f}" for player in row["mib"].values() for value in player.values()]
        lines.append(f"| {row['step']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(argv):
    """Prints the table, and writes the figures."""
    del argv
    rows = table()
    print(markdown(rows))
    if _JSON.value:
        content = {"rows": rows, **measured.facts()}
        Path(_JSON.value).write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    app.run(main)
