"""DTN from photographs of faces to cartoon faces, the paper's second experiment (Sec. 5.2).

    python -m gan_jax.main --config=configs/dtn_face_emoji.py

The paper's photographs, avatars and perceptual function (DeepFace) are not public. Here photographs are
CelebA, in its official layout under GAN_JAX_DATA; cartoons are the embedded set `emoji`; f is a
classifier of CelebA's forty attributes, trained first, once, into `cache_dir`, on photographs that DTN does
not see. Sizes and weights are the paper's. Scored is how often a judge of the cartoons' attributes, trained
on them alone, sees in a transfer what the photograph's label says.
"""

from typing import Any

from gan_jax.config import apply, classifier, dataset, default, last, model, role
from gan_jax.config import quick as shared_quick
from gan_jax.config.recipes import slices, table_1
from gan_jax.config.recipes.faces import CELEBA, KEPT, PART, PHOTOS

# `.npy` [N, 512] in the order of the photographs' names, or `.npz` with `features` and `files`, their names.
EXPORTED = "celeba/features.npy"
EXPORTED_WIDTHS = (64, 128, 256, 256, 256, 512)


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = default()
    config.name = "dtn_face_emoji"
    widths = (64, 128, 256, 256, 256, 256)
    config.model = model(
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
    config.data.sets.photos = dataset(**PHOTOS, attributes=KEPT, embedded="emoji")
    config.data.sets.cartoons = dataset("emoji", attributes=KEPT)
    config.data.size = 152
    config.data.roles.source = role("photos[train[:100000]]", labels=False)
    config.data.roles.target = role("cartoons[train]", labels=False)
    kept = {"kind": "attribute_agreement", "every": 0, "attributes": KEPT}
    seen, tested = (role(f"photos[train[{rows}]]") for rows in ("162770:164770", "182637:"))
    config.evals.validation = {**kept, "every": 1000, "roles": {"source": seen}}
    config.evals.test = {**kept, "roles": {"source": tested}}
    drawn = {"source": role("photos[train[182637:182701]]")}
    config.evals.samples = {"kind": "sheet", "every": 1000, "num": 64, "roles": drawn}
    config.best = "validation/balanced_accuracy"
    config.checkpoint_rule = "best"
    config.requires.f = classifier(
        "f_faces",
        role("photos[train[100000:162770]]", attributes=CELEBA),
        role("photos[train[182637:]]", attributes=CELEBA),
        steps=20_000,
        size=152,
        attributes=CELEBA,
        widths=widths,
        input_size=128,
        **CHANGED,
    )
    config.requires.judge = judge()
    config.batch_size = 64
    config.steps = 20_000
    config.checkpoint_every = 1000
    return apply(config, arg, part, quick, avatars, exported, *table_1.rows())


def judge():
    """The judge: attributes of cartoons, learned from cartoons alone."""
    return classifier(
        "judge_emoji",
        role("cartoons[train]"),
        role("cartoons[test]"),
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


def part(config):
    """8 000 photographs at half size.

    The checkpoint is chosen by the transfers of photographs that f and DTN have seen: no test row has a part
    in it.
    """
    config.data.sets.photos.update(PART)
    slices.of_set(config, "photos", train="train[:7000]", test="train[7000:]")
    config.evals.validation.roles.source.split = "train[6000:7000]"
    config.evals.samples.roles.source.split = "train[7000:7064]"
    for run in (config, config.requires.f, config.requires.judge):
        run.data.size = 64
    config.model.update(SMALL)
    f, seer = config.requires.f, config.requires.judge
    f.model.widths = config.model.f_widths
    f.model.input_size = seer.model.input_size = 0
    f.steps = f.model.schedule_steps = 2700  # 49 passes
    config.steps = 2000
    config.checkpoint_every = config.evals.validation.every = 250
    config.evals.samples.every = 500


SMALL = {
    "alpha": 20.0,
    "beta": 30.0,
    "gamma": 3.0,  # of a mean over pixels, to weigh something
    "const_distance": "cosine",  # asks for the attributes but not for how far the features reach
    "f_widths": (16, 32, 64, 128, 128),
    "f_input_size": 0,
    "g_widths": (128, 64, 32, 16),
    "d_widths": (16, 32, 64, 128),
    "d_batch_norm": False,  # with it D wins at once and g never recovers
    "d_init": "lecun",
    "g_learning_rate": 1e-3,
    "d_learning_rate": 2e-4,  # at g's own, with smaller weights too, L_TID rose
    "decay_start": 1000,
    "decay_end": 2000,
    "ema": 0.99,
}


def avatars(config):
    """A folder of avatars, with a table of their attributes, in place of the drawn cartoons."""
    config.data.sets.cartoons = dataset(files={"train": "avatars"}, attributes=KEPT)
    learned, tested = config.requires.judge.data.roles.image, config.requires.judge.evals.test.roles.image
    learned.split, tested.split = "train[:90%]", "train[90%:]"
    config.requires.judge.name = "judge_avatars"


@last
def exported(config):
    """An f that learns to give the features that another network gave to the photographs of f."""
    photos = config.data.sets.photos.to_dict()
    no_label = {"attributes": (), "attributes_file": "", "embedded": ""}
    config.data.sets.exported = {**photos, **no_label, "features": EXPORTED}
    f = config.requires.f
    f.name = "f_exported"
    f.model.objective = "features"
    f.model.widths = config.model.f_widths = EXPORTED_WIDTHS
    config.model.const_distance = "cosine"  # such features have unit length
    train, test = (place.roles.image.split for place in (f.data, f.evals.test))
    f.data.roles.image = role(f"exported[{train}]", labels=False)
    tested = {"image": role(f"exported[{test}]", labels=False)}
    f.evals.test = {"kind": "regression", "every": 0, "roles": tested}


@last
def quick(config):
    """The shared one; the drawn faces have not all attributes of photographs, so that f reads those kept."""
    shared_quick(config)
    f = config.requires.f
    if f.model.objective == "attributes":
        for place in (f.data, f.evals.test):
            place.roles.image.attributes = KEPT
        f.evals.test.attributes, f.model.num_classes = KEPT, len(KEPT)
