"""DTN from photographs of faces to cartoon faces, the paper's second experiment (Sec. 5.2).

    python -m gan_jax.main --config=configs/dtn_face_emoji.py

The paper's photographs, avatars and perceptual function (DeepFace) are not public. Here photographs are
CelebA, in its official layout under GAN_JAX_DATA; cartoons are the embedded set `emoji`; f is a
classifier of CelebA's forty attributes, trained first, once, into `cache_dir`, on photographs that DTN does
not see. Sizes and weights are the paper's. Scored is how often a judge of the cartoons' attributes, trained
on them alone, sees in a transfer what the photograph's label says. Variants:

    every row of Table 1 (no_tid, no_const, no_f, no_adversary, neither, original, baseline)
    part      8 000 photographs at half size; sized for two cores
    avatars   a folder of avatars instead of `emoji`, with a table of their attributes in or beside it
    exported  f learns to give the features that another network, such as FaceNet, gave the photographs
    quick     two steps of everything on `emoji` alone
"""

from typing import Any

from gan_jax import config as gan_config
from gan_jax.config.recipes import table_1

PHOTOS = {"files": {"train": "celeba/img_align_celeba"}, "attributes_file": "celeba/list_attr_celeba.txt"}
PART = {
    "files": {"train": "celeba/img_align_celeba_half_first8000.zip"},
    "attributes_file": "celeba/list_attr_celeba_first8000.txt",
}
# `.npy` [N, 512] in the order of the photographs' names, or `.npz` with `features` and `files`, their names.
EXPORTED = "celeba/features.npy"
EXPORTED_WIDTHS = (64, 128, 256, 256, 256, 512)
AVATARS = {"files": {"train": "avatars"}}
EMOJI = {"name": "emoji"}

CELEBA = (
    "5_o_Clock_Shadow", "Arched_Eyebrows", "Attractive", "Bags_Under_Eyes", "Bald", "Bangs", "Big_Lips",
    "Big_Nose", "Black_Hair", "Blond_Hair", "Blurry", "Brown_Hair", "Bushy_Eyebrows", "Chubby",
    "Double_Chin", "Eyeglasses", "Goatee", "Gray_Hair", "Heavy_Makeup", "High_Cheekbones", "Male",
    "Mouth_Slightly_Open", "Mustache", "Narrow_Eyes", "No_Beard", "Oval_Face", "Pale_Skin", "Pointy_Nose",
    "Receding_Hairline", "Rosy_Cheeks", "Sideburns", "Smiling", "Straight_Hair", "Wavy_Hair",
    "Wearing_Earrings", "Wearing_Hat", "Wearing_Lipstick", "Wearing_Necklace", "Wearing_Necktie", "Young",
)  # fmt: skip
# What a transfer should keep: seen in photographs and in cartoons alike.
KEPT = (
    "Bangs", "Black_Hair", "Blond_Hair", "Brown_Hair", "Eyeglasses", "Gray_Hair", "Male", "No_Beard",
    "Smiling", "Wearing_Hat",
)  # fmt: skip


def unlabelled(data, split):
    """Images to train DTN on."""
    files = {name: value for name, value in data.items() if name != "attributes_file"}
    return gan_config.role(split=split, labels=False, **files)


def labelled(data, split, attributes=KEPT):
    """Images with their attributes."""
    return gan_config.role(split=split, attributes=attributes, **data)


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = gan_config.default()
    config.name = "dtn_face_emoji"
    widths = (64, 128, 256, 256, 256, 256)
    config.model = gan_config.model(
        "dtn",
        alpha=100.0,
        beta=1.0,
        gamma=0.05,
        target_channels=3,
        f_widths=widths,
        f_input_size=128,
        g_widths=(512, 256, 128, 64),
        g_pointwise=True,
        d_widths=(64, 128, 256, 512, 512, 512),
        d_first_norm=True,
    )
    config.data.size = 152
    config.batch_size = 64
    config.steps = 20_000
    config.checkpoint_every = 1000

    config.data.roles.source = unlabelled(PHOTOS, "train[:100000]")
    config.data.roles.target = unlabelled(EMOJI, "train")
    for name, every, split in (("validation", 1000, "162770:164770"), ("test", 0, "182637:")):
        config.evals[name] = {
            "kind": "attribute_agreement",
            "every": every,
            "attributes": KEPT,
            "roles": {"source": labelled(PHOTOS, f"train[{split}]")},
        }
    sheet = labelled(PHOTOS, "train[182637:182701]")
    config.evals.samples = {"kind": "sheet", "every": 1000, "num": 64, "roles": {"source": sheet}}
    config.best = "validation/balanced_accuracy"
    config.checkpoint_rule = "best"

    config.requires.f = gan_config.classifier(
        "f_faces",
        labelled(PHOTOS, "train[100000:162770]", CELEBA),
        labelled(PHOTOS, "train[182637:]", CELEBA),
        steps=20_000,
        size=152,
        attributes=CELEBA,
        widths=widths,
        input_size=128,
        **CHANGED,
    )
    config.requires.judge = judge()
    return gan_config.apply(config, arg, {**VARIANTS, **table_1.variants()})


def judge():
    """The judge: attributes of cartoons, learned from cartoons alone."""
    return gan_config.classifier(
        "judge_emoji",
        labelled(EMOJI, "train"),
        labelled(EMOJI, "test"),
        steps=600,
        size=152,
        attributes=KEPT,
        widths=(16, 32, 64, 64, 64),
        input_size=64,
        learning_rate=2e-3,
        rotation=0.1,
        shift=2.0,
    )


# Photographs much changed, so that f reads cartoons too; none is negated: dark hair must not turn blond.
CHANGED: dict[str, Any] = {
    "batch_norm": True,
    "dropout": 0.2,
    "learning_rate": 3e-3,
    "weight_decay": 5e-3,
    "flip": 0.5,
    "rotation": 0.15,
    "scale": 0.15,
    "shear": 0.1,
    "shift": 4.0,
    "contrast": 0.3,
    "brightness": 0.1,
}

_SMALL = (16, 32, 64, 128, 128)


def exported(config):
    """An f that learns to give the features that another network gave to the photographs of f."""

    def features(role):
        kept = role.to_dict() | {"labels": False, "attributes": (), "attributes_file": ""}
        return kept | {"features": EXPORTED}

    f = config.requires.f
    return {
        "model.const_distance": "cosine",  # such features have unit length
        "model.f_widths": EXPORTED_WIDTHS,
        "requires.f.name": "f_exported",
        "requires.f.model.objective": "features",
        "requires.f.model.widths": EXPORTED_WIDTHS,
        "requires.f.data.roles.image": features(f.data.roles.image),
        "requires.f.evals.test": {
            "kind": "regression",
            "every": 0,
            "roles": {"image": features(f.evals.test.roles.image)},
        },
    }


VARIANTS: dict[str, Any] = {
    # The checkpoint is chosen by the transfers of photographs that f and DTN have seen: no test row has a
    # part in it.
    "part": {
        "data.size": 64,
        "data.roles.source": unlabelled(PART, "train[:7000]"),
        "evals.validation.roles.source": labelled(PART, "train[6000:7000]"),
        "evals.validation.every": 250,
        "evals.test.roles.source": labelled(PART, "train[7000:]"),
        "evals.samples.roles.source": labelled(PART, "train[7000:7064]"),
        "evals.samples.every": 500,
        "model.alpha": 20.0,
        "model.beta": 30.0,
        "model.gamma": 3.0,  # of a mean over pixels, to weigh something
        "model.const_distance": "cosine",  # asks for the attributes but not for how far the features reach
        "model.f_widths": _SMALL,
        "model.f_input_size": 0,
        "model.g_widths": (128, 64, 32, 16),
        "model.d_widths": (16, 32, 64, 128),
        "model.d_batch_norm": False,  # with it D wins at once and g never recovers
        "model.d_init": "lecun",
        "model.g_learning_rate": 1e-3,
        "model.d_learning_rate": 2e-4,  # at g's own, with smaller weights too, L_TID rose
        "model.decay_start": 1000,
        "model.decay_end": 2000,
        "model.ema": 0.99,
        "requires.f.data.size": 64,
        "requires.f.data.roles.image": labelled(PART, "train[:7000]", CELEBA),
        "requires.f.evals.test.roles.image": labelled(PART, "train[7000:]", CELEBA),
        "requires.f.model.widths": _SMALL,
        "requires.f.model.input_size": 0,
        "requires.f.model.schedule_steps": 2700,  # 49 passes
        "requires.f.steps": 2700,
        "requires.judge.data.size": 64,
        "requires.judge.model.input_size": 0,
        "steps": 2000,
        "checkpoint_every": 250,
    },
    "quick": {
        "data.size": 32,
        "data.roles.source": unlabelled(EMOJI, "validation[:64]"),
        "data.roles.target": unlabelled(EMOJI, "validation[64:128]"),
        "evals.validation.roles.source": labelled(EMOJI, "validation[:32]"),
        "evals.validation.every": 1,
        "evals.test.roles.source": labelled(EMOJI, "validation[:32]"),
        "evals.samples.roles.source": labelled(EMOJI, "validation[:16]"),
        "evals.samples.every": 2,
        "evals.samples.num": 16,
        "model.f_widths": (4, 4, 8),
        "model.f_input_size": 16,
        "model.g_widths": (8, 4),
        "model.d_widths": (4, 8, 8),
        "requires.f.data.size": 32,
        "requires.f.data.roles.image": labelled(EMOJI, "validation[:64]"),
        "requires.f.evals.test.roles.image": labelled(EMOJI, "validation[:32]"),
        "requires.f.evals.test.attributes": KEPT,
        "requires.f.model.num_classes": len(KEPT),
        "requires.f.model.widths": (4, 4, 8),
        "requires.f.model.input_size": 16,
        "requires.f.steps": 2,
        "requires.f.batch_size": 8,
        "requires.judge.data.size": 32,
        "requires.judge.data.roles.image": labelled(EMOJI, "validation[64:128]"),
        "requires.judge.evals.test.roles.image": labelled(EMOJI, "validation[:32]"),
        "requires.judge.model.widths": (4, 4, 8),
        "requires.judge.model.input_size": 16,
        "requires.judge.steps": 2,
        "requires.judge.batch_size": 8,
        **gan_config.QUICK,
    },
    "avatars": {
        "data.roles.target": unlabelled(AVATARS, "train"),
        "requires.judge.name": "judge_avatars",
        "requires.judge.data.roles.image": labelled(AVATARS, "train[:90%]"),
        "requires.judge.evals.test.roles.image": labelled(AVATARS, "train[90%:]"),
    },
    "exported": exported,
}
