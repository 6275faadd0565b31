"""Runs whose calls take several iterations, or whose batches are in parts: what is due, how they go on."""

import json

import numpy as np
import pytest
import test_configs

from gan_jax import config
from gan_jax.errors import ConfigError
from gan_jax.game import devices, dispatch
from gan_jax.runs import checkpoint, logs
from gan_jax.train import train

STEPS = 11


def shortened(folder, steps=STEPS, **fields):
    built = test_configs.shortened("vae_mnist", folder, steps)
    built.log_every, built.checkpoint_every, built.keep = 3, 5, 100
    name = next(name for name, spec in built.evals.items() if spec.kind == "elbo")
    built.evals = {name: {**built.evals[name], "every": 7}}
    built.best, built.checkpoint_rule = "", "last"
    with built.unlocked():
        built.update(fields)
    return built


def facts(folder):
    """Steps of the checkpoints, records by step and evaluation, and the parameters at the end."""
    found = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    leaves, _ = checkpoint.load(folder / "checkpoints")
    params = np.concatenate([x.ravel() for name, x in leaves.items() if ".params." in name])
    steps = sorted(int(path.name) for path in (folder / "checkpoints" / "newest").glob("[0-9]*"))
    return steps, {(one["step"], one.get("eval")): one for one in found}, params


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    folder = tmp_path_factory.mktemp("calls")
    with pytest.MonkeyPatch.context() as patch:
        # Every step of a run as short as this one is recorded otherwise, and a call ends at each record.
        patch.setattr(logs, "_POINTS", 1)
        train(shortened(folder), folder / "straight")
        yield folder


@pytest.mark.long
def test_a_run_in_calls_of_several_steps_is_the_run_in_single_steps(straight, monkeypatch):
    monkeypatch.setattr(dispatch, "pays", lambda: True)
    calls, plan = [], dispatch.plan
    monkeypatch.setattr(dispatch, "plan", lambda *args: calls.append(args[0]) or plan(*args))
    train(shortened(straight, 6, steps_per_call=2), straight / "calls")
    train(shortened(straight, steps_per_call=2), straight / "calls")
    # Due are 1, 3, 5, 6 and the end of the first session, 7, 9, 10, 11.
    assert calls == [1, 3, 7]
    (steps, records, params), (more, same, expected) = facts(straight / "calls"), facts(straight / "straight")
    assert steps == [5, 6, 10, 11]
    assert more == [5, 10, 11]
    assert records.keys() == same.keys()
    for key, values in records.items():
        assert values.keys() == same[key].keys()
        numbers = {name: value for name, value in values.items() if isinstance(value, float)}
        assert numbers == pytest.approx({name: same[key][name] for name in numbers}, rel=1e-4)
    np.testing.assert_allclose(params, expected, rtol=1e-3, atol=1e-6)


@pytest.mark.long
def test_on_a_cpu_calls_have_one_step_and_the_log_says_so(straight, caplog):
    caplog.set_level("INFO", "gan_jax")
    train(shortened(straight, 2, steps_per_call=4), straight / "cpu")
    assert "steps_per_call=4 is off: on a CPU a call of several steps is slower" in caplog.messages


@pytest.mark.long
def test_a_run_in_parts_trains_and_goes_on_with_whole_batches(straight):
    train(shortened(straight, 2, accumulate=2), straight / "parts")
    result = train(shortened(straight, 3), straight / "parts")
    assert result["step"] == 3


def test_parts_that_do_not_fit_are_refused(tmp_path):
    built = shortened(tmp_path)
    built.batch_size, built.accumulate = 6, 4
    message = r"^accumulate=4 is not allowed; allowed: divisors of batch_size=6$"
    with pytest.raises(ConfigError, match=message):
        config.validate(built)
    built.accumulate, built.global_batch = 3, True
    with pytest.raises(
        ConfigError, match=r"^accumulate=3 is not allowed with global_batch=True; allowed: 1$"
    ):
        config.validate(built)
    message = r"^batch_size=6 is not divisible by the 2 devices times accumulate=2$"
    with pytest.raises(ConfigError, match=message):
        devices.check_batch_size(6, 2)
