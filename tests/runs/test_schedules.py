"""Steps at rate zero are refused, and a run may go on with a schedule that ends later."""

import inspect
import math

import numpy as np
import optax
import pytest

from gan_jax import config, models
from gan_jax.errors import ConfigError, WorkdirError
from gan_jax.runs import schedules, stored
from gan_jax.runs.workdir import Workdir

OWN = {name: models.model_class(name).OWN_END for name in models.known()}
ENDS = [(name, "decay_end") for name in OWN] + [pair for pair in OWN.items() if pair[1]]


def fields(name, field):
    fit = {
        "gan": {"size": 32},
        "vae": {"size": 32},
        "discogan": {"levels": 3},
        "icgan": {"size": 32},
        "pggan": {"size": 32},
        "stylegan": {"size": 32},
        "stylegan2": {"size": 32},
        "gatys": {"optimizer": "adam"},
        "segmenter": {"schedule_steps": 0},
    }
    start = {"decay_start": 2} if field == "decay_end" else {}
    return {**models.model_class(name).TINY, **fit.get(name, {}), **start, field: 6}


def built(name="dtn", steps=6, field="decay_end", **changes):
    made = config.default()
    made.model, made.steps = config.model(name, **{**fields(name, field), **changes}), steps
    made.data.size = 32
    return made


def rate(model, step):
    """The size of an optimiser's update of 1 at a step; all its moments are those of constant gradients."""
    at = {"iteration": step} if "iteration" in inspect.signature(model.tx).parameters else {}
    tx = model.tx("gen", **at)
    params = {"kernel": np.ones((2, 2), np.float32)}
    state = optax.tree_utils.tree_set(tx.init(params), count=np.int32(step))
    updates, _ = tx.update(params, state, params)
    return math.sqrt(float(np.square(updates["kernel"]).sum()))


@pytest.mark.parametrize(("name", "field"), ENDS)
def test_the_rate_is_gone_at_that_step_and_steps_beyond_it_are_refused(name, field):
    model = models.create(built(name, field=field).model)
    assert rate(model, 10 * 6) < 1e-4 * rate(model, 2)  # a step may be several updates
    config.validate(built(name, steps=6, field=field))
    with pytest.raises(ConfigError) as error:
        config.validate(built(name, steps=7, field=field))
    assert str(error.value) == (
        f"steps=7 is not allowed with model.{field}=6, since the learning rate is zero from step 6 on; "
        f"allowed: 0 to 6, or a model.{field} of 7 or more"
    )
    config.validate(built(name, steps=7, field=field, **{field: 7}))
    config.validate(built(name, steps=7, field=field, **{field: 0}))


def test_the_cosine_of_a_level_ends_after_the_levels_before_it():
    long = built("gatys", steps=17, field="decay_steps", levels=3, coarse_steps=5)
    with pytest.raises(ConfigError, match=r"zero from step 16 on; allowed: 0 to 16, or .* of 7 or more$"):
        config.validate(long)
    long.model.decay_steps = 7
    config.validate(long)
    long.model.optimizer = "lbfgs"  # it has no learning rate
    with pytest.raises(
        ConfigError, match=r"decay_steps=7 is not allowed; allowed: 0 where optimizer='lbfgs'"
    ):
        config.validate(long)


def test_a_required_run_is_checked_too():
    outer = built()
    outer.requires.f = built("classifier", steps=9, field="schedule_steps")
    with pytest.raises(ConfigError, match=r"^requires\.f\.steps=9 is not allowed with "):
        config.validate(outer)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"decay_end": 9}, {"model.decay_end": (6, 9)}),
        ({"decay_start": 3, "decay_end": 9}, {"model.decay_start": (2, 3), "model.decay_end": (6, 9)}),
        ({"decay_end": 0}, {}),
        ({"decay_end": 5}, {}),
        ({"decay_end": 9, "warmup": 1}, {}),
        ({"decay_end": 9, "decay_shape": "cosine"}, {}),
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
