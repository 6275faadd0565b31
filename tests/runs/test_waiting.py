"""Reading that a signal interrupts."""

import threading

import pytest

from gan_jax.errors import DataError, Interrupted
from gan_jax.runs.waiting import interruptible


def test_the_value_or_the_error_of_the_work_comes_back():
    def fail():
        raise DataError("a.png is damaged")

    assert interruptible(lambda: 7, lambda: None) == 7
    with pytest.raises(DataError, match=r"^a\.png is damaged$"):
        interruptible(fail, lambda: None)


def test_a_signal_does_not_wait_for_the_end_of_the_work():
    never, polls = threading.Event(), []

    def poll():
        polls.append(1)
        if len(polls) == 3:
            raise Interrupted(15)

    try:
        with pytest.raises(Interrupted):
            interruptible(never.wait, poll)
    finally:
        never.set()
    assert len(polls) == 3
