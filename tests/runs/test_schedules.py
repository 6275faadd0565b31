"""Steps at rate zero are refused, and a run may go on with a schedule that ends later."""

import math

import numpy as np
import optax
import pytest

from gan_jax import config, models
from gan_jax.errors import ConfigError, WorkdirError
from gan_jax.runs import schedules, stored
from gan_jax.runs.workdir import Workdir

MODELS = [name for name in models.known() if models.model_class(name).RATE_END]


def fields(name, end):
    cls = models.model_class(name)
    size = {"size": 32} if name == "gan" else {}
    return {**cls.TINY, **size, **dict.fromkeys(cls.SCHEDULES, 2), cls.RATE_END: end}


def built(name="dtn", steps=6, **changes):
    made = config.default()
    made.model, made.steps = config.model(name, **{**fields(name, 6), **changes}), steps
    made.data.size = 32
    return made


def test_every_model_whose_rate_can_fall_to_zero_says_by_which_field():
    falling = {"decay_end", "schedule_steps"}
    assert {name: models.model_class(name).RATE_END for name in MODELS} == {
        name: field
        for name in models.known()
        for field in models.model_class(name).SCHEDULES
        if field in falling
    }


def rate(model, step):
    """The size of an optimiser's update of 1 at a step; all its moments are those of constant gradients."""
    tx = model.tx(next(iter(PLAYERS[type(model).__module__.rpartition(".")[2]])))
    params = {"kernel": np.ones((2, 2), np.float32)}
    state = optax.tree_utils.tree_set(tx.init(params), count=np.int32(step))
    updates, _ = tx.update(params, state, params)
    return math.sqrt(float(np.square(updates["kernel"]).sum()))


PLAYERS = {
    "classifier": ("classifier",),
    "segmenter": ("segmenter",),
    **dict.fromkeys(("cyclegan", "dtn", "gan", "pix2pix", "stargan"), ("gen",)),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_rate_is_gone_at_that_step_and_steps_beyond_it_are_refused(name):
    model = models.create(built(name).model)
    assert rate(model, 10 * 6) < 1e-4 * rate(model, 2)  # a step may be several updates
    config.validate(built(name, steps=6))
    field = type(model).RATE_END
    with pytest.raises(ConfigError) as error:
        config.validate(built(name, steps=7))
    assert str(error.value) == (
        f"steps=7 is not allowed with model.{field}=6, since the learning rate is zero from step 6 on; "
        f"allowed: 0 to 6, or a model.{field} of 7 or more"
    )
    config.validate(built(name, steps=7, **{field: 7}))
    config.validate(built(name, steps=7, **{field: 0}))


def test_a_required_run_is_checked_too():
    outer = built()
    outer.requires.f = built("classifier", steps=9)
    with pytest.raises(ConfigError, match=r"^requires\.f\.steps=9 is not allowed with "):
        config.validate(outer)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"decay_end": 9}, {"model.decay_end": (6, 9)}),
        ({"decay_start": 3, "decay_end": 9}, {"model.decay_start": (2, 3), "model.decay_end": (6, 9)}),
        ({"decay_end": 0}, {"model.decay_end": (6, 0)}),
        ({"decay_end": 5}, {}),
        ({"decay_start": 3}, {}),
        ({"decay_start": 1, "decay_end": 9}, {}),
        ({"alpha": 3.0}, {}),
    ],
    ids=str,
)
def test_a_folder_takes_a_longer_schedule_and_no_other_change(tmp_path, changes, found):
    folder = Workdir(tmp_path)
    folder.write_json("config.json", built().to_dict())
    folder.append({"step": 1})
    new = built(**changes).to_dict()

    def check(new):
        return folder.check(new, (), stored.comparable, schedules.extended)

    if found:
        assert check(new) == found
        with pytest.raises(WorkdirError, match="seed: 0 there, 1 now"):
            check({**new, "seed": 1})
    else:
        with pytest.raises(WorkdirError, match="holds another run"):
            check(new)


def test_the_record_says_once_at_which_step_the_schedule_changed(tmp_path):
    folder = Workdir(tmp_path)
    assert schedules.history(folder) == []
    schedules.record(folder, {}, 3)
    assert not list(tmp_path.iterdir())
    for _ in range(2):
        schedules.record(folder, {"model.decay_end": (6, 9)}, 6)
    schedules.record(folder, {"model.decay_end": (9, 12)}, 9)
    assert schedules.history(folder) == [
        {"step": 6, "model.decay_end": [6, 9]},
        {"step": 9, "model.decay_end": [9, 12]},
    ]
    (tmp_path / schedules.FILE).write_text('{"extended": 3}')
    with pytest.raises(WorkdirError, match=f"{schedules.FILE} cannot be read: it has no list 'extended'"):
        schedules.history(folder)
