"""What shapes, labels and counts rule out is refused in one line, before anything is trained."""

from pathlib import Path

import numpy as np
import pytest
from picture_files import png, write

from gan_jax import config, train
from gan_jax.errors import ConfigError, DataError
from gan_jax.runs import rehearsal, required

CONFIGS = Path(__file__).parents[2] / "configs"


def quick(name, **fields):
    made = config.load(f"{CONFIGS}/{name}.py:quick")
    with made.unlocked():
        made.update_from_flattened_dict({k.replace("__", "."): v for k, v in fields.items()})
    return made


WRONG = {
    "model's channels": ("gan_mnist", {"model__channels": 3}, "image has shape (1, 28, 28, 1); expected ["),
    "f": ("dtn_digits", {"model__f_widths": (4, 4)}, "f_widths and f_convs_per_block ask for"),
    "f's classes": ("dtn_digits", {"requires__f__model__num_classes": 3},
                    "requires.f: data.roles: image_label=3 is not allowed; allowed: 0 to 2, since"),
    "judge's classes": ("gan_mnist", {"requires__judge__model__num_classes": 9},
                        "requires.judge: data.roles: image_label=9 is not allowed; allowed: 0 to 8"),
    "labels of training": ("acgan_mnist", {"data__roles__image__labels": False}, "label"),
    "maps of training": ("fcn_scenes", {"data__roles__image__labels": False}, "label maps of shape"),
    "labels of an evaluation": ("fcn_scenes", {"evals__test__roles__image__labels": False},
                                "evals.test.roles.image has no label, which kind='segmentation' needs"),
    "labels of the source": ("dtn_digits", {"evals__test__roles__source__labels": False},
                             "evals.test.roles.source has no label, which kind='transfer' needs"),
    "labels of the judge": ("dtn_digits", {"requires__judge__evals__test__roles__image__labels": False},
                            "evals.test.roles.image has no label, which kind='accuracy' needs"),
    "count": ("gan_mnist", {"evals__test__roles__image__split": "test[:4]"},
              "evals.test.4 images of roles.image are too few for density_k=5; allowed: 6 or more"),
    "no example": ("gan_mnist", {"data__roles__image__split": "train[:0]"}, "of digits_plain holds no ex"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_the_data_rule_out_is_one_line_before_anything_is_trained(name, tmp_path, monkeypatch):
    file, fields, words = WRONG[name]
    made = quick(file, **fields, cache_dir=str(tmp_path / "cache"))
    config.validate(made)
    monkeypatch.setattr(required, "ensure", lambda *args: pytest.fail("a required run was trained"))
    with pytest.raises(DataError) as caught:
        train.train(made, tmp_path / "run")
    assert words in str(caught.value) and "\n" not in str(caught.value)
    assert not (tmp_path / "run" / "config.json").exists()


def test_classes_that_a_role_leaves_out_need_no_place_in_the_model(tmp_path):
    made = quick("acgan_mnist", evals={}, requires={}, model__num_classes=9)
    with pytest.raises(DataError, match=r"image_label=\(0, 9\) is not allowed; allowed: 0 to 8"):
        rehearsal.check(made)
    with made.unlocked():
        made.data.roles.image["exclude"] = (9,)
    rehearsal.check(made)
    with made.unlocked():
        made.data.roles.image["exclude"] = tuple(range(10))
    with pytest.raises(DataError, match="holds no example"):
        rehearsal.check(made)


def test_a_folder_of_photographs_on_a_grey_model(tmp_path):
    photos = str(write(tmp_path / "photos", {f"{k}.png": png(k) for k in range(8)}))
    made = quick("gan_mnist", evals={}, requires={})
    made.data.roles.image = config.inline(files={"train": photos}, labels=False)
    with pytest.raises(DataError, match=r"image has shape \(1, 28, 28, 3\).+ field channels of role image"):
        rehearsal.check(made)
    made.data.roles.image.update(channels=1)
    rehearsal.check(made)


def test_labels_of_arrays_that_no_class_has(tmp_path):
    image, label = np.zeros((6, 32, 32, 3), np.uint8), np.arange(6)
    np.savez(tmp_path / "a.npz", image=image, label=label)
    rows = [
        config.inline(files={"train": str(tmp_path / "a.npz")}, split=split)
        for split in ("train[:4]", "train")
    ]
    made = config.classifier("judge", *rows, steps=2, widths=(4, 4, 4, 8), num_classes=5)
    with pytest.raises(
        DataError, match=r"^evals.test.roles.image has the label 5; allowed: 0 to 4, the classes of"
    ):
        rehearsal.check(made)
    made.model.num_classes = 6
    rehearsal.check(made)


def test_partners_of_pairs_are_missed_before_anything_is_read(tmp_path):
    made = quick("pix2pix_scenes", evals={}, requires={})
    for role, count in (("source", 3), ("target", 2)):
        path = write(tmp_path / role, {f"{k}.png": b"unreadable" for k in range(count)})
        made.data.roles[role] = config.inline(files={"train": str(path)}, labels=False)
    with pytest.raises(DataError, match=r"kind='paired' needs files of equal names, .+; target lacks '2'$"):
        rehearsal.check(made)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"best": "validation/nothing"},
            "best='validation/nothing': metric 'nothing' of kind='transfer' is not",
        ),
        ({"best": "validation/acuracy"}, "did you mean 'accuracy'"),
        (
            {"best": "samples/sheet"},
            "best='samples/sheet': metric 'sheet' of kind='sheet' is not known; known: ",
        ),
        ({"best": "validation"}, "metric '' of kind='transfer' is not known"),
        (
            {"checkpoint_rule": "best", "evals.validation.every": 0},
            "evals.validation.every=0 is not allowed with checkpoint_rule='best' and "
            "best='validation/accuracy'; allowed: 1 to steps=2",
        ),
        (
            {"checkpoint_rule": "best", "evals.validation.every": 3},
            "evals.validation.every=3 is not allowed with",
        ),
    ],
    ids=str,
)
def test_a_watched_metric_that_no_evaluation_gives_is_refused(fields, words):
    made = quick("dtn_digits")
    made.update_from_flattened_dict(fields)
    with pytest.raises(ConfigError) as caught:
        config.validate(made)
    assert words in str(caught.value)


@pytest.mark.long
def test_networks_whose_weights_come_from_files_are_there(tmp_path):
    weights, inputs = {}, 3
    for name, outputs in {"conv1_1": 64, "conv1_2": 64, "conv2_1": 128}.items():
        weights[f"{name}.weight"] = np.zeros((outputs, inputs, 3, 3), np.float16)
        weights[f"{name}.bias"], inputs = np.zeros(outputs, np.float32), outputs
    np.savez(tmp_path / "vgg.npz", **weights)
    made = config.load(f"{CONFIGS}/adain.py:hed,quick")
    made.weights.vgg16_normalised = str(tmp_path / "vgg.npz")
    assert (made.model.weights, made.model.through) == ("vgg16_normalised", "relu2_1")
    rehearsal.check(made)
    made.model.through = "relu3_1"
    with pytest.raises(DataError, match="the weights end before layer relu3_1; they have conv1_1, "):
        rehearsal.check(made)
