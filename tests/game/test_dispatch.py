"""Several iterations in one call: which, what they compute, and what they tell."""

import jax
import jax.numpy as jnp
import levels
import numpy as np
import optax
import pytest
import test_parts

from gan_jax import game
from gan_jax.game import devices, dispatch

# Iteration i has a penalty where 3 divides i, as models with lazy penalties have.
PHASES = [(*(("penalty",) if i % 3 == 0 else ()), "train") for i in range(1, 6)]


def phased(state, batch, rng, phase):
    """Moves player a, by another loss in each phase, with noise."""
    noise = jax.random.normal(rng, (3,))

    def loss_fn(params):
        loss = jnp.square(batch["x"] @ params["w"] - batch["y"]).mean() + (params["w"] * noise).sum()
        loss = loss if phase == "train" else jnp.square(params["w"]).sum()
        return loss, ({}, {f"a/{phase}": loss})

    state, metrics = game.update(state, "a", optax.adam(0.1), loss_fn)
    return state, {name: value for name, value in metrics.items() if name != "a/grad_norm"}


def batches():
    draw = np.random.default_rng(1)
    return [{"x": draw.normal(size=(8, 3)).astype("f"), "y": draw.normal(size=8).astype("f")} for _ in PHASES]


def one_by_one(whole, parts):
    step, state, found = devices.pmap_step(phased, 3, whole, parts), test_parts.start(), []
    for i, (batch, phases) in enumerate(zip(batches(), PHASES, strict=True), start=1):
        told = {}
        for j, phase in enumerate(phases):
            clock = devices.clock(i, j, j + 1 == len(phases))
            state, metrics = step(state, devices.shard(batch), clock, phase)
            told |= devices.to_host(metrics)
        found.append(told)
    return state, found


@levels.parametrize(("parts", "whole"), [(2, False), (1, False), (1, True)])
def test_a_call_of_several_iterations_equals_as_many_calls(parts, whole):
    expected, losses = one_by_one(whole, parts)
    moves, kinds = dispatch.plan(1, PHASES)
    steps = devices.pmap_steps(phased, 3, whole, parts)
    state, metrics = steps(test_parts.start(), devices.shard_several(batches()), moves, kinds)
    told = dispatch.told(metrics, moves)
    assert [values.keys() for values in told] == [values.keys() for values in losses]
    for values, one in zip(told, losses, strict=True):
        assert values == pytest.approx(one, rel=1e-5)
    assert state.step.tolist() == expected.step.tolist() == [5, 5]
    np.testing.assert_allclose(state.players["a"].params["w"], expected.players["a"].params["w"], rtol=1e-5)


def test_the_plan_has_every_phase_of_every_iteration_in_order():
    moves, kinds = dispatch.plan(1, PHASES)
    assert kinds == ("train", "penalty")
    assert moves.tolist() == [
        [1, 0, 1, 0, 0],
        [2, 0, 1, 1, 0],
        [3, 0, 0, 2, 1],
        [3, 1, 1, 2, 0],
        [4, 0, 1, 3, 0],
        [5, 0, 1, 4, 0],
    ]


@pytest.mark.parametrize("start", [0, 6])
def test_calls_end_where_something_is_due_and_at_the_end(start):
    ends, step = [], start
    while step < 21:
        step += dispatch.length(step, 4, 21, (5, 9))
        ends.append(step)
    assert {5, 9, 10, 15, 18, 20, 21} - set(range(start + 1)) <= set(ends)
    lengths = np.diff([start, *ends])
    assert set(lengths) == {1, 4}
    assert ends[0] == (4 if start == 0 else 7)
