"""Models that change attributes of CelebA's faces: their images, their judge and their scores."""

import ml_collections

from gan_jax.config.recipes import slices
from gan_jax.config.recipes.classifiers import classifier
from gan_jax.config.recipes.digits import shorten
from gan_jax.config.recipes.faces import HAIR, PART, PHOTOS, RESNET18
from gan_jax.config.sets import dataset, role


def celeba(config: ml_collections.ConfigDict, names: tuple[str, ...], size: int) -> None:
    """The middle squares of CelebA's faces with these attributes, scored by a ResNet-18.

    The first 2 000 faces are for tests, and 200 more for validation.

    Args:
      config: changed in place. Its model takes the images of role `a`, and requests of `names`.
      names: the attributes that the model changes and the judge knows.
      size: pixels a side.
    """
    label = {"labels": (names,), "exclusive": (False,)}
    config.data.sets.photos = dataset(**PHOTOS, attributes=names, crop=(178, 178), embedded="emoji")
    config.data.size, config.data.flip = size, True
    config.data.roles.a = role("photos[train[2200:]]")
    seen, tested = {"source": role("photos[train[2000:2200]]")}, {"source": role("photos[train[:2000]]")}
    config.evals.validation = {"kind": "label_errors", "every": 2000, "roles": seen, **label}
    config.evals.test = {"kind": "label_errors", "every": 0, "roles": tested, **label}
    drawn = {"source": role("photos[train[:8]]")}
    config.evals.samples = {"kind": "label_sheet", "every": 1000, "num": 8, "roles": drawn, **label}
    config.best = "validation/accuracy"
    config.requires.judge = classifier(
        "judge_celeba",
        role("photos[train[2200:]]"),
        role("photos[train[:2000]]"),
        steps=30_000,
        batch_size=64,
        size=size,
        attributes=names,
        shift=4.0,
        **RESNET18,
    )


def one(config: ml_collections.ConfigDict, size: int, way: str) -> None:
    """Faces of CelebA that lack one attribute, Male, and faces that have it, in place of `celeba`'s role.

    The judge is that of StarGAN's attributes, so that its answers are comparable.

    Args:
      config: changed in place. Its model takes the roles `source` and `target`.
      size: pixels a side.
      way: how the model translates, see `evaluation.attribute_change`.
    """
    celeba(config, HAIR, size)
    learned, tested = "photos[train[2200:]]", "photos[train[:2000]]"
    lacking, having = {"lacking": ("Male",)}, {"having": ("Male",)}
    config.data.roles = {
        "source": role(learned, labels=False, **lacking),
        "target": role(learned, labels=False, **having),
    }
    drawn = {"source": role(tested, labels=False, **lacking)}
    config.evals = {}
    score = {"kind": "attribute_change", "every": 0, "attributes": HAIR, "wanted": ("Male",), "way": way}
    config.evals.test = {**score, "present": True, "roles": {"source": role(tested, **lacking)}}
    if way == "directions":
        drawn["target"] = role(tested, labels=False, **having)
        back = {"roles": {"target": role(tested, **having)}, "given": "target", "present": False}
        config.evals.back = {**score, **back}
    config.evals.samples = {"kind": "sheet", "every": 1000, "num": 16, "roles": drawn}
    config.best = ""


def want(config: ml_collections.ConfigDict, name: str) -> None:
    """Gives `source` another attribute in a configuration of `one`: one of StarGAN's."""
    for place in (config.data, *config.evals.values()):
        for drawn in place.roles.values():
            for field in ("having", "lacking"):
                if drawn.get(field):
                    drawn[field] = (name,)
        if "wanted" in place:
            place.wanted = (name,)


def reverse(config: ml_collections.ConfigDict) -> None:
    """Takes the attribute away in a configuration of `one`, instead of giving it."""
    for place in (config.data, *config.evals.values()):
        for drawn in place.roles.values():
            fields = {"having": drawn.get("lacking", ()), "lacking": drawn.get("having", ())}
            drawn.update({field: names for field, names in fields.items() if names})
            for field in [field for field, names in fields.items() if not names]:
                del drawn[field]
        if "present" in place:
            place.present = not place.present


def _picked(drawn):
    return bool(drawn.get("having") or drawn.get("lacking"))


def half(config: ml_collections.ConfigDict, size: int) -> None:
    """Reads 8 000 photographs at half size. Their middle square shows what the full-size crop shows.

    The last 800 are for tests, and 200 for validation. The judge is a small ResNet-18 of 600 steps.
    """
    config.data.sets.photos.update(PART, crop=())
    slices.of_set(config, "photos", train="train[:7000]", test="train[7200:]")
    for name, evaluation in config.evals.items():
        for drawn in evaluation.roles.values():
            if name == "validation":
                drawn.split = "train[7000:7200]"
            elif name != "test" and not _picked(drawn):
                drawn.split = "train[7200:7208]"
    judge = config.requires.judge
    judge.data.roles.image.split = "train[:7200]"
    judge.model.architecture, judge.model.shift = "resnet18_small", 2.0
    shorten(judge, 600, (16, 32, 64, 128))
    config.data.size = judge.data.size = size
    config.evals.samples.every, config.checkpoint_every = 250, 100
    if "validation" in config.evals:
        config.evals.validation.every = 500


def black(config: ml_collections.ConfigDict) -> None:
    """Gives faces black hair."""
    want(config, "Black_Hair")


def blond(config: ml_collections.ConfigDict) -> None:
    """Gives faces blond hair."""
    want(config, "Blond_Hair")


def brown(config: ml_collections.ConfigDict) -> None:
    """Gives faces brown hair."""
    want(config, "Brown_Hair")


def young(config: ml_collections.ConfigDict) -> None:
    """Makes faces young."""
    want(config, "Young")


WANTED = (black, blond, brown, young)  # variants; without one of them `Male` is wanted
