"""StarGAN on two sets at once: attributes of CelebA, expressions of FER-2013 (Choi et al. 2018, Sec. 5.5).

    python -m gan_jax.main --config=configs/stargan_joint.py:part           # JNT: both sets, with masks
    python -m gan_jax.main --config=configs/stargan_joint.py:part,single    # SNG: the expressions alone

The paper's second set, RaFD, is not public; FER-2013 takes its place: grey faces of 48 pixels in folders by
expression, `fer2013/train/happy/...`. So that no network tells the sets apart by their colours, CelebA is
made grey and cropped as tightly; attributes of colour are replaced by Smiling, Eyeglasses and Bangs.
Networks, weights and rates are the paper's but for D's four strided layers, which 48 pixels allow; updates of
D are the 200 000 of the official code. Scored is how often a ResNet-18, trained on real faces, misses the
expression asked for of neutral ones, and of CelebA's faces, for which no expression is ever trained. FER's
labels are noisy: of the real faces themselves it misses many. Batches take FER's classes as they come,
disgust seldom. Variants:

    rafd      RaFD instead, as the official code has it (`rafd/train/neutral/...`), in colour at 128 pixels
    part      the first 8 000 photographs and a part of FER-2013, small networks; sized for two cores
    quick     two steps of everything on embedded sets: cartoon faces, and digits instead of expressions
    single    SNG, to be combined with the others: the second set alone, without a mask
"""

from typing import Any

from gan_jax import config as gan_config

ATTRIBUTES = ("Male", "Young", "Smiling", "Eyeglasses", "Bangs")
COLOUR_ATTRIBUTES = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male", "Young")
EXPRESSIONS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
RAFD = ("angry", "contemptuous", "disgusted", "fearful", "happy", "neutral", "sad", "surprised")
DIGITS = tuple("0123456789")
# Training images are in the order of their classes, and these lie among the neutral ones of all three sets.
# They only show how training goes: no checkpoint is chosen by them.
SOME_NEUTRAL = "train[63%:65%]"

PHOTOS = {
    "files": {"train": "celeba/img_align_celeba"},
    "attributes_file": "celeba/list_attr_celeba.txt",
    "attributes": ATTRIBUTES,
    "crop": (32, 68, 146, 182),
    "derive": "grey",
}
PART = PHOTOS | {
    "files": {"train": "celeba/img_align_celeba_half_first8000.zip"},
    "attributes_file": "celeba/list_attr_celeba_first8000.txt",
    "crop": (16, 34, 73, 91),
}
COLOUR = PHOTOS | {"attributes": COLOUR_ATTRIBUTES, "crop": (178, 178), "derive": ""}
FER = {"files": {"train": "fer2013/train", "test": "fer2013/test"}, "classes": True, "derive": "grey"}
FER_PART = FER | {
    "files": {
        "train": "fer2013/fer2013_subset.zip/train",
        "test": "fer2013/fer2013_subset.zip/test",
    }
}
RAFD_FACES = {
    "files": {"train": "rafd/train", "test": "rafd/test"},
    "classes": True,
    "crop": (256, 256),
}
EMOJI = {"name": "emoji", "attributes": ATTRIBUTES}
WRITTEN = {"name": "digits_plain"}


def images(data, split, **fields):
    """One role's images, with their labels."""
    return gan_config.role(split=split, **data, **fields)


def neutral_faces(data, split, names):
    """Those of a split that show no expression, which are translated to all others."""
    others = tuple(number for number, name in enumerate(names) if name != "neutral")
    return images(data, split, exclude=others)


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = gan_config.default()
    config.name = "stargan_joint"
    sets = {"labels": (ATTRIBUTES, EXPRESSIONS), "exclusive": (False, True)}
    config.model = gan_config.model("stargan", **sets, d_downs=4, decay_start=20_000, decay_end=40_000)
    config.data.size = 48
    config.data.flip = True
    config.batch_size = 16  # of each set
    config.steps = 40_000
    config.checkpoint_every = 1000

    config.data.roles.a = images(PHOTOS, "train[2200:]")
    config.data.roles.b = images(FER, "train")
    neutral = neutral_faces(FER, "test", EXPRESSIONS)
    of_b = {"kind": "label_errors", "asked": "b", **sets}
    seen = neutral_faces(FER, SOME_NEUTRAL, EXPRESSIONS)
    config.evals.validation = {**of_b, "every": 2000, "roles": {"source": seen}}
    config.evals.test = {**of_b, "every": 0, "roles": {"source": neutral}}
    faces = {"source": images(PHOTOS, "train[:2000]")}
    config.evals.across = {**of_b, "every": 0, "given": "a", "roles": faces}
    config.evals.attributes = {
        "kind": "label_errors", "every": 0, "asked": "a", "judge": "judge_attributes", "roles": faces, **sets
    }  # fmt: skip
    sheet = {"kind": "label_sheet", "every": 1000, "num": 8, **sets}
    few = {"source": images(PHOTOS, "train[:8]")}
    config.evals.samples = {**sheet, "asked": "b", "roles": {"source": neutral}}
    config.evals.wrong_mask = {**sheet, "asked": "b", "given": "a", "wrong_mask": True, "roles": few}
    config.best = "validation/accuracy"

    settings: Any = {"size": 48, "batch_size": 64, **RESNET18}
    config.requires.judge = gan_config.classifier(
        "judge_expressions",
        images(FER, "train"),
        images(FER, "test"),
        steps=10_000,
        num_classes=len(EXPRESSIONS),
        **settings,
    )
    config.requires.judge_attributes = gan_config.classifier(
        "judge_attributes",
        images(PHOTOS, "train[2200:]"),
        images(PHOTOS, "train[:2000]"),
        steps=20_000,
        attributes=ATTRIBUTES,
        **settings,
    )
    return gan_config.apply(config, arg, VARIANTS)


def single(config):
    """SNG as a variant: what belongs to the first set goes, and the second becomes the only one."""
    sets = {"labels": config.model.labels[1:], "exclusive": config.model.exclusive[1:]}
    evals = {name: config.evals[name].to_dict() for name in ("validation", "test", "samples")}
    return {
        "data.roles": {"a": config.data.roles.b.to_dict()},
        "evals": {name: spec | sets | {"asked": "a"} for name, spec in evals.items()},
        "requires": {"judge": config.requires.judge.to_dict()},
        **{f"model.{field}": value for field, value in sets.items()},
    }


def replaced(first, second, labels, names):
    """Other data and labels, by dotted fields: `first` and `second` are splits' names -> roles."""
    changes: dict[str, Any] = {
        "data.roles.a": first["train"],
        "data.roles.b": second["train"],
        "model.labels": (labels, names),
        "evals.validation.roles.source": second["validation"],
        "evals.test.roles.source": second["asked"],
        "evals.samples.roles.source": second["asked"],
        "evals.across.roles.source": first["test"],
        "evals.attributes.roles.source": first["test"],
        "evals.wrong_mask.roles.source": first["few"],
        "requires.judge.data.roles.image": second["train"],
        "requires.judge.evals.test.roles.image": second["test"],
        "requires.judge.model.num_classes": len(names),
        "requires.judge_attributes.data.roles.image": first["train"],
        "requires.judge_attributes.evals.test.roles.image": first["test"],
        "requires.judge_attributes.evals.test.attributes": labels,
    }
    evaluations = ("validation", "test", "across", "attributes", "samples", "wrong_mask")
    return changes | {f"evals.{name}.labels": (labels, names) for name in evaluations}


def judges(**fields):
    """Fields of both judges, '.' written as '__'."""
    return {
        f"requires.{judge}.{field.replace('__', '.')}": value
        for judge in ("judge", "judge_attributes")
        for field, value in fields.items()
    }


RESNET18: dict[str, Any] = {
    "architecture": "resnet18_small",
    "widths": (64, 128, 256, 512),
    "convs_per_block": 2,
    "batch_norm": True,
    "learning_rate": 2e-3,
    "weight_decay": 5e-3,
    "dropout": 0.3,
    "flip": 0.5,
    "rotation": 0.15,
    "scale": 0.1,
    "shift": 3.0,
}

VARIANTS: dict[str, Any] = {
    "rafd": replaced(
        {
            "train": images(COLOUR, "train[2200:]"),
            "test": images(COLOUR, "train[:2000]"),
            "few": images(COLOUR, "train[:8]"),
        },
        {
            "train": images(RAFD_FACES, "train"),
            "validation": neutral_faces(RAFD_FACES, SOME_NEUTRAL, RAFD),
            "test": images(RAFD_FACES, "test"),
            "asked": neutral_faces(RAFD_FACES, "test", RAFD),
        },
        COLOUR_ATTRIBUTES,
        RAFD,
    )
    | {"data.size": 128, "model.d_downs": 6}
    | judges(data__size=128, model__architecture="resnet18"),
    "part": replaced(
        {
            "train": images(PART, "train[:7200]"),
            "test": images(PART, "train[7200:]"),
            "few": images(PART, "train[7200:7208]"),
        },
        {
            "train": images(FER_PART, "train"),
            "validation": neutral_faces(FER_PART, SOME_NEUTRAL, EXPRESSIONS),
            "test": images(FER_PART, "test"),
            "asked": neutral_faces(FER_PART, "test", EXPRESSIONS),
        },
        ATTRIBUTES,
        EXPRESSIONS,
    )
    | judges(model__widths=(16, 32, 64, 128), steps=900, model__schedule_steps=900)
    | {
        "batch_size": 8,
        "steps": 2000,
        "checkpoint_every": 100,
        "evals.validation.every": 500,
        "evals.samples.every": 250,
        "evals.wrong_mask.every": 500,
        "model.decay_start": 1000,
        "model.decay_end": 2000,
        "model.g_width": 32,
        "model.g_blocks": 3,
        "model.d_width": 32,
    },
    "quick": replaced(
        {
            "train": images(EMOJI, "validation[:64]"),
            "test": images(EMOJI, "validation[64:96]"),
            "few": images(EMOJI, "validation[64:68]"),
        },
        {
            "train": images(WRITTEN, "test[:64]"),
            "validation": images(WRITTEN, "test[64:96]"),
            "test": images(WRITTEN, "test[96:128]"),
            "asked": images(WRITTEN, "test[96:128]"),
        },
        ATTRIBUTES,
        DIGITS,
    )
    | judges(
        data__size=16,
        model__widths=(4, 4, 8, 8),
        steps=2,
        model__schedule_steps=2,
        batch_size=8,
    )
    | {
        "data.size": 16,
        "data.flip": False,
        "evals.validation.every": 1,
        "evals.samples.every": 2,
        "evals.samples.num": 4,
        "evals.wrong_mask.every": 2,
        "evals.wrong_mask.num": 4,
        "model.g_width": 4,
        "model.g_blocks": 1,
        "model.d_width": 4,
        "model.d_downs": 3,
        "model.n_critic": 1,
        "model.decay_start": 0,
        "model.decay_end": 0,
        **gan_config.QUICK,
    },
    "single": single,
}
