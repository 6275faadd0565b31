"""Where a run and its continuation stand: positions of the data, clocks of the keys, seeds, seconds."""

import time

import pytest

from gan_jax import data
from gan_jax.game import devices
from gan_jax.train import train


@pytest.fixture
def asked(monkeypatch):
    """What runs ask of the stream and of the mapped step; each iteration takes `asked["pace"]` seconds."""
    found = {"starts": [], "orders": [], "keys": [], "clocks": [], "pace": 0.0}
    stream, pmap_step, clock, monotonic = data.stream, devices.pmap_step, devices.clock, time.monotonic
    skipped = [0.0]

    def noting_stream(*args, **options):
        found["starts"].append(options["start"])
        found["orders"].append(options["seed"])
        return stream(*args, **options)

    def noting_step(step, seed, *options):
        found["keys"].append(seed)
        return pmap_step(step, seed, *options)

    def noting_clock(iteration, position, last):
        found["clocks"].append((iteration, position, bool(last)))
        skipped[0] += found["pace"]
        return clock(iteration, position, last)

    monkeypatch.setattr(data, "stream", noting_stream)
    monkeypatch.setattr(devices, "pmap_step", noting_step)
    monkeypatch.setattr(devices, "clock", noting_clock)
    monkeypatch.setattr(time, "monotonic", lambda: monotonic() + skipped[0])
    return found


def test_a_continuation_goes_on_at_the_position_with_the_seed_and_the_seconds_of_its_run(
    asked, tiny, tmp_path
):
    asked["pace"] = 1000.0
    first = train(tiny(steps=2, seed=7), tmp_path / "run")
    asked["pace"] = 0.0
    second = train(tiny(steps=4, seed=7), tmp_path / "run")
    assert asked["starts"] == [0, 2]
    assert asked["clocks"] == [(i, 0, True) for i in range(4)]
    assert asked["orders"] == asked["keys"] == [7, 7]
    # The first sitting counts in the second's sum, and counts once.
    assert all(2000 <= result["seconds"] < 4000 for result in (first, second))
