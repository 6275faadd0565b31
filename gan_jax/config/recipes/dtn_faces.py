"""What DTN for faces requires, and its variants with one's own files."""

from typing import Any

import ml_collections

from gan_jax.config.recipes.classifiers import classifier
from gan_jax.config.recipes.faces import CELEBA, KEPT
from gan_jax.config.recipes.quick import quick as shared_quick
from gan_jax.config.sets import dataset, role
from gan_jax.config.variants import last

# `.npy` [N, 512] in the order of the photographs' names, or `.npz` with `features` and `files`, their names.
EXPORTED = "celeba/features.npy"
EXPORTED_WIDTHS = (64, 128, 256, 256, 256, 512)


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


def reader(widths: tuple[int, ...]) -> ml_collections.ConfigDict:
    """The perceptual function f: the forty attributes of photographs that DTN does not see."""
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


def avatars(config: ml_collections.ConfigDict) -> None:
    """A folder of avatars, with a table of their attributes, in place of the drawn cartoons."""
    config.data.sets.cartoons = dataset(files={"train": "avatars"}, attributes=KEPT)
    learned, tested = config.requires.judge.data.roles.image, config.requires.judge.evals.test.roles.image
    learned.split, tested.split = "train[:90%]", "train[90%:]"
    config.requires.judge.name = "judge_avatars"


@last
def exported(config: ml_collections.ConfigDict) -> None:
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
def quick(config: ml_collections.ConfigDict) -> None:
    """The shared one; the drawn faces have not all attributes of photographs, so that f reads those kept."""
    shared_quick(config)
    f = config.requires.f
    if f.model.objective == "attributes":
        for place in (f.data, f.evals.test):
            place.roles.image.attributes = KEPT
        f.evals.test.attributes, f.model.num_classes = KEPT, len(KEPT)
