"""The line that shows how far a run is, on terminals of several widths and in a log."""

import io
import logging

import pytest
from rich.console import Console

from gan_jax.runs import logs, progress

LOSSES = {f"player_{i}/loss": i / 3 for i in range(6)} | {"player_0/grad_norm": 1.0}


@pytest.fixture
def clock(monkeypatch):
    """A list whose last element is the time."""
    times = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: times[-1])
    return times


def shown(line, width):
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    console.print(line._line(width))
    return console.file.getvalue()


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_the_bar_fits_the_terminal_and_the_least_important_goes_first(clock, width):
    line = progress.ProgressLine("cyclegan_summer_and_winter", 0, 30_000, 10.0)
    line.update(1, LOSSES)
    clock.append(100.0)
    line.update(201, LOSSES)
    text = shown(line, width)
    assert text.count("\n") == 1
    assert len(text.rstrip("\n")) <= width
    order = [
        "201/30000",
        "4:08:20",
        "player_0/loss=0",
        "player_1/loss=0.333",
        "player_5/loss=1.67",
        "2 steps/s",
    ]
    there = [part in text for part in order]
    assert there == sorted(there, reverse=True)
    assert sum(there) == {20: 2, 40: 2, 80: 3, 200: 6}[width]
    assert "grad_norm" not in text


def test_the_bar_says_what_goes_on_and_leaves_compiling_out_of_the_speed(clock):
    line = progress.ProgressLine("dcgan", 0, 3, 10.0)
    assert "0/3 compiling" in shown(line, 80)
    clock.append(1000.0)
    line.update(1, {})
    clock.append(1001.0)
    line.update(2, {})
    text = shown(line, 80)
    assert "compiling" not in text
    assert "2/3 0:00:01 1 steps/s" in text
    line.update(3, {})
    assert "3/3 scoring" in shown(line, 80)
    line.close()
    assert "scoring" not in shown(line, 80)


def test_without_a_terminal_the_log_has_the_same_facts(clock, caplog):
    with caplog.at_level(logging.INFO):
        line = progress.ProgressLine("dcgan", 4, 20, 10.0)
        for step, time in ((5, 20.0), (9, 28.0), (13, 36.0)):
            clock.append(time)
            line.update(step, {"g/loss": step / 2})
    assert caplog.messages == [
        "dcgan: compiling step 5",
        "dcgan: step 5/20, g/loss=2.5",
        "dcgan: step 13/20, 0.50 steps/s, 14 s to go, g/loss=6.5",
    ]


@pytest.mark.parametrize(
    ("steps", "every", "points"),
    [(1, 50, [1]), (4, 50, [1, 2, 3, 4]), (101, 10**9, [1, *range(3, 100, 3), 101]), (100, 1, range(1, 101))],
)
def test_losses_of_a_short_run_are_recorded(steps, every, points):
    assert [step for step in range(1, steps + 1) if logs.recorded(step, steps, every)] == [*points]


def test_about_fifty_points_lie_between_the_first_and_the_last():
    for steps in (120, 999, 1000, 25_000):
        rare = [step for step in range(1, steps + 1) if logs.recorded(step, steps, 10**9)]
        assert 41 <= len(rare) <= 52
        assert (rare[0], rare[-1]) == (1, steps)
        often = [step for step in range(1, steps + 1) if logs.recorded(step, steps, 50)]
        assert {*range(50, steps + 1, 50)} | {*rare} == {*often}
