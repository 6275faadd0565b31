"""Table 2 of the DTN paper: domain adaptation by the nearest neighbour among transferred images.

    python experiments/dtn_adaptation.py --config=configs/dtn_svhn_mnist.py:part --out=results/dtn_table2
    python experiments/dtn_adaptation.py --quick

A G that never saw a label transfers labelled source images. Each test image of the target takes the label of
its nearest transferred image, by squared Euclidean distance of pixels in [-1, 1]. The references are
transfers of the images that trained G, or of the source's test images, which G never saw. For comparison, the
references are also the source images themselves, in grey, and the target's own labelled images.
"""

import dtn_tables
import numpy as np
import tables
from absl import flags
from PIL import Image

from gan_jax.drawing.sheets import panels
from gan_jax.metrics import nearest
from gan_jax.ops.pixels import to_float, to_uint8
from gan_jax.runs import functions, inputs, restore

ROWS = {  # label, the paper's accuracy
    "train": ("DTN, transfers of the source's training images", 84.44),
    "test": ("DTN, transfers of the source's test images", 79.72),
    "source_train": ("no transfer: the source's training images in grey", None),
    "source_test": ("no transfer: the source's test images in grey", None),
    "target": ("the target's own training images, the same number", None),
}
PUBLISHED = {"SA (Fernando et al. 2013)": 59.32, "DANN (Ganin et al. 2016)": 73.85}

_K = flags.DEFINE_integer("knn_k", 1, "number of neighbours that vote; the paper has 1", lower_bound=1)


def main():
    """Trains what is missing, classifies, and writes the table."""
    configs = [dtn_tables.load(seed=seed) for seed in range(tables.SEEDS.value)]
    measured: dict[str, list[float]] = {name: [] for name in ROWS}
    sheets = []
    for config in configs:
        folder, result = tables.run(config)
        accuracies, pictures = adapt(config, restore.load(folder))
        sheets.append(pictures)
        for name, accuracy in accuracies.items():
            measured[name].append(round(100 * accuracy, 2))
    rows = [
        {"name": name, "label": label, **({"paper": paper} if paper else {}), "accuracy": measured[name]}
        for name, (label, paper) in ROWS.items()
    ]
    first = configs[0]
    judged = first.requires.judge.evals.test.roles.image
    content = {
        **dtn_tables.facts(first, result),
        "target": f"{judged.name or ', '.join(judged.files.values())}, {judged.split}",
        "k": _K.value,
        "published": PUBLISHED,
        "rows": rows,
    }
    others = ", ".join(f"{name} {value:.2f} %" for name, value in PUBLISHED.items())
    note = (
        f"The classified images are {content['target']}; k = {_K.value}. Published besides DTN: {others}.\n"
    )
    text = "\n".join([dtn_tables.heading(content), note, dtn_tables.markdown(rows)])
    print(tables.write(content, text, panels(sheets[0], columns=24)))


def adapt(config, run):
    """Accuracies on the target's test images by row, and pictures of each kind of reference."""
    source = {
        "train": labelled(config, config.data.roles.source),
        "test": labelled(config, config.evals.test.roles.source),
    }
    target = labelled(config, config.requires.judge.data.roles.image)
    queries = labelled(config, config.requires.judge.evals.test.roles.image)
    references = {}
    for name, (pictures, labels) in source.items():
        made = functions.generate(run, {"source": pictures})["target"]
        # Models of both directions may have grey targets in three channels.
        alike = made.shape[-1] == queries[0].shape[-1]
        references[name] = (made if alike else grey(to_uint8(made))), labels
        references[f"source_{name}"] = grey(pictures), labels
    count = len(source["train"][0])
    references["target"] = tuple(column[:count] for column in target)
    references = {name: (to_float(pictures), labels) for name, (pictures, labels) in references.items()}
    asked, truth = to_float(queries[0]), queries[1]
    accuracies = {
        name: float(np.mean(nearest.classify(asked, *references[name], _K.value) == truth)) for name in ROWS
    }
    found = nearest.neighbours(asked[:24], references["train"][0])[0][:, 0]
    shown = {"target's test images": asked[:24], "their nearest transfers": references["train"][0][found]}
    shown["the sources of these transfers"] = source["train"][0][found]
    return accuracies, {k: to_uint8(v) for k, v in shown.items()}


def labelled(config, role):
    """Images and labels of a role, even if the configuration drops the labels."""
    columns = inputs.load_role(config, {**role, "labels": True}).columns
    return columns["image"], columns["label"]


def grey(pictures):
    """RGB images as one channel, with Pillow's weights (ITU-R 601)."""
    return np.stack([np.asarray(Image.fromarray(picture).convert("L")) for picture in pictures])[..., None]


if __name__ == "__main__":
    tables.start(main)
