"""Errors of synthesised labels, with a generator and a judge whose answers are known."""

import judges
import numpy as np
import pytest
import sheet_rows

from gan_jax.errors import ConfigError, DataError
from gan_jax.evaluation import label_errors, label_sheet
from gan_jax.ops.pixels import to_float

NAMES = ("Black_Hair", "Blond_Hair", "Male")
EMOTIONS = ("sad", "neutral")
ATTRIBUTES = {"labels": (NAMES,), "exclusive": (False,)}
BOTH = {"labels": (NAMES, EMOTIONS), "exclusive": (False, True)}
# Rows of Black_Hair, Blond_Hair, Male; the last image has no colour of hair.
LABELS = np.array([[1, 0, 0], [1, 0, 1], [0, 1, 1], [0, 0, 0]], np.int32)


class Judge(judges.Judge):
    """Sees a label if the pixel at its place is bright."""

    def __init__(self, first, names, exclusive=False):
        self.first, self.count = first, len(names)
        right = [0.75 for _ in names]
        self.metrics = {"accuracy": 0.8} | (
            {"per_class": right}
            if exclusive
            else {"attributes": list(names), "per_attribute": {n: {"accuracy": 0.9} for n in names}}
        )

    def predict(self, pictures):
        floats = np.asarray(to_float(pictures))
        return floats[:, 0, self.first : self.first + self.count, 0]


NETWORKS = {
    "judge": Judge(0, NAMES),
    "expressions": Judge(len(NAMES), EMOTIONS, exclusive=True),
}


def batches(labels=LABELS, size=2):
    """Images whose first pixels are their labels, black or white."""
    pixels = np.zeros((len(labels), 1, 9, 3), np.uint8)
    shown = labels if labels.ndim == 2 else np.eye(2)[labels]
    place = slice(0, 3) if labels.ndim == 2 else slice(3, 5)
    pixels[:, 0, place] = 255 * shown[..., None]
    for first in range(0, len(labels), size):
        part = slice(first, first + size)
        yield {"source": pixels[part], "source_label": labels[part]}


def obedient(batch):
    """Draws the wanted label: its vector is in the first pixels."""
    assert set(batch) == {"source", "label"}
    made = np.full((len(batch["label"]), 1, 9, 3), -1, np.float32)
    width = batch["label"].shape[1]
    made[:, 0, :width] = 2 * batch["label"][..., None] - 1
    return {"target": made}


def deaf(batch):
    """Returns every image unchanged."""
    return {"target": np.asarray(to_float(batch["source"]))}


def test_a_generator_that_obeys_makes_no_error():
    values = label_errors.evaluate(obedient, batches(), NETWORKS, **ATTRIBUTES)
    assert (values["error"], values["accuracy"], values["untouched_error"]) == (0, 1, 0)
    assert values["examples"] == 4
    assert values["real_error"] == pytest.approx(0.2)
    # An image that has the colour already needs no change; an inverted attribute always does.
    assert {name: one["examples"] for name, one in values["per_target"].items()} == {
        "Black_Hair": 2, "Blond_Hair": 3, "Male": 4,
    }  # fmt: skip
    assert values["per_target"]["Male"]["real_error"] == pytest.approx(0.1)
    assert values["untranslated_error"] == 1


def test_a_generator_that_gives_images_back_changes_nothing_and_keeps_all():
    values = label_errors.evaluate(deaf, batches(), NETWORKS, **ATTRIBUTES)
    assert (values["error"], values["untouched_error"], values["cycle_l1"]) == (1, 0, 0)


def test_errors_are_shares_of_the_images_asked_for_a_change():
    def half(batch):
        # Black hair is drawn only if Male is asked for too, and Male is lost whenever hair changes.
        label = np.array(batch["label"])
        label[:, 0] *= label[:, 2]
        made = obedient({"source": batch["source"], "label": label})
        return made

    values = label_errors.evaluate(half, batches(), NETWORKS, **ATTRIBUTES)
    black = values["per_target"]["Black_Hair"]
    # Rows 2 (Male) and 3 (not Male) are asked, and row 3 is wrong. Male stays right. Blond should change in
    # row 2 and stay in row 3. So three labels should be kept, and none is wrong.
    assert (black["examples"], black["error"], black["untouched_error"]) == (2, 0.5, 0)
    # For Male, row 0 has black hair and keeps it while Male is asked for; row 1 loses it with Male.
    assert values["per_target"]["Male"]["untouched_error"] == pytest.approx(1 / 8)


def test_the_cycle_is_closed_with_the_images_own_labels():
    values = label_errors.evaluate(obedient, batches(), NETWORKS, **ATTRIBUTES)
    assert values["cycle_l1"] == pytest.approx(0, abs=1e-6)
    own = label_errors.evaluate(
        lambda batch: {"target": -obedient(batch)["target"]}, batches(), NETWORKS, **ATTRIBUTES
    )
    assert own["cycle_l1"] == pytest.approx(2, abs=1e-6)


def test_the_cycle_goes_there_and_back():
    def fading(batch):
        # Every pass takes a quarter of the range's half from the last pixel.
        made = np.array(to_float(batch["source"]))
        made[:, 0, -1] -= 0.25
        return {"target": made}

    values = label_errors.evaluate(fading, batches(), NETWORKS, **ATTRIBUTES)
    assert values["cycle_l1"] == pytest.approx(2 * 0.25 / 9, rel=1e-5)
    assert values["own_l1"] == pytest.approx(0.25 / 9, rel=1e-5)


def test_classes_are_asked_for_in_turn_and_other_sets_images_have_none():
    asked = {"asked": "b", "judge": "expressions", **BOTH}
    values = label_errors.evaluate(obedient, batches(np.array([0, 1, 1], np.int32)), NETWORKS, **asked)
    assert (values["error"], values["untouched_error"]) == (0, None)
    assert {name: one["examples"] for name, one in values["per_target"].items()} == {"sad": 2, "neutral": 1}
    assert values["per_target"]["sad"]["real_error"] == 0.25
    across = label_errors.evaluate(obedient, batches(), NETWORKS, given="a", **asked)
    assert {name: one["examples"] for name, one in across["per_target"].items()} == {"sad": 4, "neutral": 4}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"asked": "c"}, "asked='c' is not a set of labels; known: a, b"),
        ({"asked": "b", "judge": "judge"}, "judge='judge' predicts 0; the labels asked for are 2"),
        ({"judge": "no"}, "judge='no' is not required; required: judge, expressions"),
        ({"given": "b"}, "given='b': its images have unknown attributes of 'a'; ask for classes"),
    ],
)  # fmt: skip
def test_what_cannot_be_measured_is_refused(options, message):
    with pytest.raises(ConfigError) as error:
        label_errors.evaluate(obedient, batches(), NETWORKS, **BOTH, **options)
    assert str(error.value) == message


def test_where_nothing_is_to_change_there_is_no_error():
    with pytest.raises(DataError, match="no image would be changed by a"):
        label_errors.evaluate(
            obedient,
            ({"source": b["source"], "source_label": np.zeros(2, np.int32)} for b in batches()),
            {"judge": Judge(0, ("a",), exclusive=True)},
            labels=(("a",),),
            exclusive=(True,),
        )


def test_a_sheet_has_a_row_of_images_and_a_row_for_each_target(monkeypatch):
    sheet_rows.recorded(monkeypatch, label_sheet)
    (rows,) = label_sheet.evaluate(obedient, batches(size=4), {}, **ATTRIBUTES)["sheet"]
    assert [title for title, _ in rows] == ["source", *ATTRIBUTES["labels"][0]]
    images = [images[:, 0, :3, 0] > 127 for _, images in rows]
    np.testing.assert_array_equal(images[0], LABELS)
    np.testing.assert_array_equal(images[2], [[0, 1, 0], [0, 1, 1], [0, 1, 1], [0, 1, 0]])  # Blond_Hair
    np.testing.assert_array_equal(images[3][:, 2], 1 - LABELS[:, 2])  # Male


def test_a_row_of_the_images_own_labels_stands_below_the_images(monkeypatch):
    sheet_rows.recorded(monkeypatch, label_sheet)
    (rows,) = label_sheet.evaluate(obedient, batches(size=4), {}, own=True, **ATTRIBUTES)["sheet"]
    assert [title for title, _ in rows] == ["source", "own labels", *ATTRIBUTES["labels"][0]]
    np.testing.assert_array_equal(rows[1][1][:, 0, :3, 0] > 127, LABELS)


def test_the_wrong_mask_is_that_of_the_images_and_stands_below_the_right_one(monkeypatch):
    sheet_rows.recorded(monkeypatch, label_sheet)
    options = {"asked": "b", "given": "a", "wrong_mask": True}
    values = label_sheet.evaluate(obedient, batches(size=4), {}, **BOTH, **options)
    assert list(values) == ["wrong_mask"]
    (rows,) = values["wrong_mask"]
    name = EMOTIONS[0]
    assert [title for title, _ in rows[:3]] == ["source", name, f"{name}, wrong mask"]
    right, wrong = (images[:, 0, :7, 0] > 127 for _, images in rows[1:3])
    np.testing.assert_array_equal(right, np.tile([0, 0, 0, 1, 0, 0, 1], (4, 1)))
    np.testing.assert_array_equal(wrong, np.tile([0, 0, 0, 1, 0, 1, 0], (4, 1)))


def test_one_set_has_no_wrong_mask():
    with pytest.raises(ConfigError, match="wrong_mask=True is not allowed"):
        label_sheet.evaluate(obedient, batches(), {}, wrong_mask=True, **ATTRIBUTES)
