"""The runs that DTN for faces requires, and its variants for a user's own files."""

from typing import Any

import ml_collections

from gan_jax.config.recipes.classifiers import classifier
from gan_jax.config.recipes.faces import CELEBA, KEPT
from gan_jax.config.recipes.quick import quick as shared_quick
from gan_jax.config.sets import dataset, role
from gan_jax.config.variants import last

# Either `.npy` [N, 512] in the order of the photographs' names, or `.npz` with `features` and `files`, which
# are the photographs' names.
EXPORTED = "celeba/features.npy"
EXPORTED_WIDTHS = (64, 128, 256, 256, 256, 512)


# Training changes photographs strongly, so that f reads cartoons too. It negates no image, because dark hair
# would turn blond.
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


def reader(widths: tuple[int, ...]) -> ml_collections.ConfigDict:
    """The run of the perceptual function f, a classifier of forty attributes.

    f learns from photographs that DTN does not see.
    """
    return classifier(
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


def judge() -> ml_collections.ConfigDict:
    """The run of the judge, a classifier of cartoons' attributes. The judge learns from cartoons alone."""
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


def avatars(config: ml_collections.ConfigDict) -> None:
    """Replaces the drawn cartoons by a folder of avatars with a table of their attributes."""
    config.data.sets.cartoons = dataset(files={"train": "avatars"}, attributes=KEPT)
    learned, tested = config.requires.judge.data.roles.image, config.requires.judge.evals.test.roles.image
    learned.split, tested.split = "train[:90%]", "train[90%:]"
    del config.evals["likeness"]  # a folder of avatars may be too small to compare distributions
    config.requires.judge.name = "judge_avatars"


@last
def exported(config: ml_collections.ConfigDict) -> None:
    """Trains f to imitate the features that another network gave to f's photographs."""
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
def quick(config: ml_collections.ConfigDict) -> None:
    """The shared `quick`, with an f that learns only the attributes in KEPT.

    The drawn faces lack the other attributes of photographs.
    """
    shared_quick(config)
    f = config.requires.f
    if f.model.objective == "attributes":
        for place in (f.data, f.evals.test):
            place.roles.image.attributes = KEPT
        f.evals.test.attributes, f.model.num_classes = KEPT, len(KEPT)
