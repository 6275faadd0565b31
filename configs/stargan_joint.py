"""StarGAN on two sets at once: attributes of CelebA, expressions of FER-2013 (Choi et al. 2018, Sec. 5.5).

    python -m gan_jax.main --config=configs/stargan_joint.py:part           # JNT: both sets, with masks
    python -m gan_jax.main --config=configs/stargan_joint.py:part,single    # SNG: the expressions alone

The paper's second set, RaFD, is not public. FER-2013 takes its place: grey faces of 48 pixels in folders by
expression, `fer2013/train/happy/...`. CelebA is made grey and cropped as tightly, so that no network tells
the sets apart by their colours. Smiling, Eyeglasses and Bangs replace the attributes of colour. The networks,
weights and rates are the paper's, except that D has four strided layers, as many as 48 pixels allow. D gets
the 200 000 updates of the official code. A ResNet-18 that is trained on real faces is the judge. The scores
are how often it does not see the requested expression in translations of neutral faces, and in translations
of CelebA's faces, for which no expression is ever trained. FER's labels are noisy: the judge also misses many
labels of the real faces. Batches take FER's classes at their own frequencies, so that disgust is rare.
"""

from typing import Any

from gan_jax.config import apply, classifier, dataset, default, last, model, role
from gan_jax.config import quick as shared_quick
from gan_jax.config.recipes import slices
from gan_jax.config.recipes.digits import shorten
from gan_jax.config.recipes.faces import HAIR, PART, PHOTOS, RESNET18

ATTRIBUTES = ("Male", "Young", "Smiling", "Eyeglasses", "Bangs")
EXPRESSIONS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
RAFD = ("angry", "contemptuous", "disgusted", "fearful", "happy", "neutral", "sad", "surprised")
# Training images are in the order of their classes. These rows lie among the neutral ones in all three sets.
# They only show the progress of training: no checkpoint is chosen by them.
SOME_NEUTRAL = "train[63%:65%]"
GREY: dict[str, Any] = {"derive": "grey", "attributes": ATTRIBUTES, "embedded": "emoji"}
FER: dict[str, Any] = {"classes": True, "derive": "grey", "embedded": "digits_plain"}


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "stargan_joint"
    config.model = model(
        "stargan",
        labels=(ATTRIBUTES, EXPRESSIONS),
        exclusive=(False, True),
        d_downs=4,
        decay_start=20_000,
        decay_end=40_000,
    )
    config.data.sets.photos = dataset(**PHOTOS, **GREY, crop=(32, 68, 146, 182))
    config.data.sets.faces = dataset(files={"train": "fer2013/train", "test": "fer2013/test"}, **FER)
    config.data.size, config.data.flip = 48, True
    config.data.roles = {"a": role("photos[train[2200:]]"), "b": role("faces[train]")}
    errors, sheet = {"kind": "label_errors", "every": 0}, {"kind": "label_sheet", "every": 1000, "num": 8}
    neutral, photos = {"source": role("faces[test]")}, {"source": role("photos[train[:2000]]")}
    seen, few = {"source": role(f"faces[{SOME_NEUTRAL}]")}, {"source": role("photos[train[:8]]")}
    evaluations = {
        "validation": {**errors, "asked": "b", "every": 2000, "roles": seen},
        "test": {**errors, "asked": "b", "roles": neutral},
        "across": {**errors, "asked": "b", "given": "a", "roles": photos},
        "attributes": {**errors, "asked": "a", "judge": "judge_attributes", "roles": photos},
        "samples": {**sheet, "asked": "b", "roles": neutral},
        "wrong_mask": {**sheet, "asked": "b", "given": "a", "wrong_mask": True, "roles": few},
    }
    # Each is set alone, because evaluations that are set together would share a role that two of them have.
    for name, spec in evaluations.items():
        config.evals[name] = spec
    config.best = "validation/accuracy"
    config.requires.judge = judge("judge_expressions", "faces[train]", "faces[test]", 10_000)
    both = ("photos[train[2200:]]", "photos[train[:2000]]")
    config.requires.judge_attributes = judge("judge_attributes", *both, 20_000, attributes=ATTRIBUTES)
    relabel(config, ATTRIBUTES, EXPRESSIONS)
    config.batch_size = 16  # of each set
    config.steps = 40_000
    config.checkpoint_every = 1000
    return apply(config, arg, rafd, part, quick, single)


def judge(name, train, test, steps, **fields):
    """The run of a ResNet-18 that classifies the labels of one set."""
    changed = {"dropout": 0.3, "rotation": 0.15, "scale": 0.1, "shift": 3.0}
    settings = {**RESNET18, **changed, "architecture": "resnet18_small", **fields}
    return classifier(name, role(train), role(test), steps=steps, batch_size=64, size=48, **settings)


def relabel(config, attributes, expressions):
    """Sets the names of both sets' labels everywhere, and selects the neutral images for evaluations."""
    labels = (attributes, expressions)
    config.model.labels = labels[-len(config.model.exclusive) :]
    for evaluation in config.evals.values():
        evaluation.labels, evaluation.exclusive = config.model.labels, config.model.exclusive
    others = tuple(number for number, name in enumerate(expressions) if name != "neutral")
    for name in ("validation", "test", "samples"):
        config.evals[name].roles.source.exclude = others if "neutral" in expressions else ()
    config.requires.judge.model.num_classes = len(expressions)
    if "judge_attributes" in config.requires:
        config.requires.judge_attributes.evals.test.attributes = attributes


def rafd(config):
    """RaFD with coloured CelebA and the attributes of colour, as in the paper."""
    config.data.sets.photos.update(attributes=HAIR, crop=(178, 178), derive="")
    config.data.sets.faces = dataset(
        files={"train": "rafd/train", "test": "rafd/test"},
        classes=True,
        crop=(256, 256),
        embedded="digits_street",
    )
    relabel(config, HAIR, RAFD)
    config.model.d_downs = 6
    for run in (config, *config.requires.values()):
        run.data.size = 128
    for reader in config.requires.values():
        reader.model.architecture = "resnet18"


def part(config):
    """The first 8 000 photographs at half size, a part of FER-2013 and small networks, for two cores."""
    config.data.sets.photos = dataset(**PART, **GREY, crop=(16, 34, 73, 91))
    subset = {split: f"fer2013/fer2013_subset.zip/{split}" for split in ("train", "test")}
    config.data.sets.faces = dataset(files=subset, **FER)
    relabel(config, ATTRIBUTES, EXPRESSIONS)
    slices.of_set(config, "photos", train="train[:7200]", test="train[7200:]")
    config.evals.wrong_mask.roles.source.split = "train[7200:7208]"
    for reader in config.requires.values():
        shorten(reader, 900, (16, 32, 64, 128))
    config.model.g_width, config.model.g_blocks, config.model.d_width = 32, 3, 32
    config.model.decay_start, config.model.decay_end = 1000, 2000
    config.batch_size = 8
    config.steps = 2000
    config.checkpoint_every = 100
    config.evals.samples.every = 250
    config.evals.validation.every = config.evals.wrong_mask.every = 500


@last
def single(config):
    """SNG: the second set alone, to measure what the first set adds."""
    config.data.roles = {"a": config.data.roles.b.to_dict()}
    for name in ("across", "attributes", "wrong_mask"):
        del config.evals[name]
    del config.requires.judge_attributes
    config.model.labels, config.model.exclusive = config.model.labels[1:], config.model.exclusive[1:]
    for evaluation in config.evals.values():
        evaluation.asked = "a"
        evaluation.labels, evaluation.exclusive = config.model.labels, config.model.exclusive


@last
def quick(config):
    """The shared `quick`. Digits replace the expressions: they have other labels and no mirror images."""
    shared_quick(config)
    relabel(config, config.data.sets.photos.attributes, tuple("0123456789"))
    config.data.flip = False
