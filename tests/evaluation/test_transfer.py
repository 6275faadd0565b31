"""Transfer accuracy, with a judge whose answers are known."""

import judges
import numpy as np
import pytest

from gan_jax import evaluation
from gan_jax.errors import ConfigError
from gan_jax.evaluation import transfer


class Judge(judges.Judge):
    """Reads the class from the first pixel of any number of channels; each class has ten byte values."""

    def predict(self, images):
        values = images[:, 0, 0, 0]
        digits = values // 10 if images.dtype == np.uint8 else np.rint(10 * values)
        return np.eye(10, dtype=np.float32)[digits.astype(int)]


NETWORKS = {"judge": Judge(accuracy=0.99), "f": judges.Judge(accuracy=0.9)}


def batches(labels, seen):
    """Source images on which the judge sees `seen`."""
    labels, seen = np.array(labels, np.int32), np.array(seen)
    pixels = (10 * seen).astype(np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)
    for part in (slice(0, 2), slice(2, None)):
        yield {"source": pixels[part], "source_label": labels[part]}


def becomes(digits):
    """A generator on whose outputs the judge sees `digits`, in the order of the batches."""
    left = list(digits)

    def apply(batch):
        made = [left.pop(0) / 10 for _ in batch["source"]]
        return {"target": np.array(made, np.float32)[:, None, None, None] * np.ones((1, 4, 4, 1), np.float32)}

    return apply


def test_the_judge_is_asked_about_outputs_and_about_inputs():
    labels = [1, 2, 3, 3, 4]
    values = transfer.evaluate(becomes([1, 2, 3, 3, 5]), batches(labels, [1, 0, 0, 0, 4]), NETWORKS)
    assert values["accuracy"] == pytest.approx(0.8)
    assert values["untransferred_accuracy"] == pytest.approx(0.4)
    assert values["chance"] == pytest.approx(0.4)
    assert values["judge_accuracy"] == 0.99
    assert values["f_accuracy"] == 0.9
    assert values["examples"] == 5


def test_the_confusion_matrix_shows_which_digit_became_which():
    values = transfer.evaluate(becomes([1, 2, 3, 3, 5]), batches([1, 2, 3, 3, 4], [0] * 5), NETWORKS)
    counts = np.array(values["confusion"])
    assert counts.shape == (10, 10)
    assert counts[4, 5] == 1
    assert counts.trace() == 4
    assert values["per_class"] == [None, 1, 1, 1, 0, None, None, None, None, None]


def test_a_constant_output_has_the_share_of_its_label():
    values = transfer.evaluate(becomes([3] * 5), batches([1, 2, 3, 3, 4], [0] * 5), NETWORKS)
    assert values["accuracy"] == values["chance"] == pytest.approx(0.4)


def test_the_generator_sees_every_batch_once():
    seen = []

    def apply(batch):
        seen.append(len(batch["source"]))
        return {"target": np.zeros((len(batch["source"]), 4, 4, 1), np.float32)}

    transfer.evaluate(apply, batches([0] * 5, [0] * 5), NETWORKS)
    assert seen == [2, 3]


def test_the_other_way_is_read_by_a_judge_of_the_source():
    class Silent(judges.Judge):
        def predict(self, images):
            raise AssertionError("the judge of the target has no part in it")

    given = [
        {key.replace("source", "target"): x for key, x in part.items()} for part in batches([4, 5], [4, 4])
    ]
    turned = becomes([4, 6])
    networks = {"judge": Silent(), "judge_source": Judge(accuracy=0.99)}
    values = transfer.evaluate(
        lambda batch: {"source": turned({"source": batch["target"]})["target"]},
        given[:1],
        networks,
        given="target",
        judge="judge_source",
    )
    assert (values["accuracy"], values["untransferred_accuracy"], values["judge_accuracy"]) == (
        0.5,
        0.5,
        0.99,
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"given": "image"}, "given='image' is not allowed; allowed: source, target"),
        ({"given": "target"}, "roles.target is missing; its images are translated"),
        ({"judge": "judge_source"}, "judge='judge_source' is not required; required: judge, f"),
    ],
)
def test_a_direction_without_images_or_judge_is_refused(options, message):
    spec = {"kind": "transfer", "every": 0, "roles": {"source": {}}}
    evaluation.check(spec, NETWORKS)
    with pytest.raises(ConfigError, match=f"^{message}$"):
        evaluation.check({**spec, **options}, NETWORKS)
