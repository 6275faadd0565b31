"""What each device has for itself: on the devices, in checkpoints, and on another number of devices."""

from types import SimpleNamespace
from unittest import mock

import jax
import numpy as np
import pytest

from gan_jax import config, game
from gan_jax.game import devices
from gan_jax.models import cyclegan
from gan_jax.runs import checkpoint, own_memory

MODEL = cyclegan.Model(pool=3)


def built(**fields):
    found = config.default()
    for name, value in fields.items():
        found[name] = value
    return found


def state(first=0):
    """A state on the host with a history of three images of one pixel, the first of them held."""
    images = np.arange(first, first + 3, dtype=np.float32).reshape(3, 1, 1, 1)
    pools = {"images": images, "count": np.int32(1)}
    return game.create({}, memory={"pool_target": pools, "shared": np.float32(5)})


def on_devices(settings):
    """A placed state in which holder n has the images 10 n, 10 n + 1, 10 n + 2 and counts n + 1."""
    holders = own_memory.holders(settings)
    placed, _ = own_memory.place(settings, MODEL, state())
    steps = np.arange(holders, dtype=np.int32)
    stack = {
        "images": np.stack([state(10 * n).memory["pool_target"]["images"] for n in steps]),
        "count": steps + 1,
    }
    own = devices.deal({"pool_target": stack}, settings.accumulate)
    return placed.replace(memory={**placed.memory, **own})


@pytest.mark.parametrize("parts", [1, 2])
def test_a_checkpoint_gives_every_holder_its_own_again(parts, tmp_path):
    settings = built(accumulate=parts)
    placed = on_devices(settings)
    shape = (2,) if parts == 1 else (2, 2)
    assert placed.memory["pool_target"]["count"].shape == shape
    assert placed.memory["shared"].shape == (2,)
    host = own_memory.host(settings, MODEL, placed)
    assert jax.tree.map(np.shape, host) == jax.tree.map(np.shape, state())
    others = own_memory.others(settings, MODEL, placed)
    assert others["pool_target.count"].tolist() == [*range(2, 2 * parts + 1)]

    saved = checkpoint.Checkpoints(tmp_path, 1)
    saved.save(host, 1, {}, others=others)
    saved.close()
    found, _, more = checkpoint.Checkpoints(tmp_path, 1).restore_all(state())
    again, line = own_memory.place(settings, MODEL, found, more)
    assert line == ""
    jax.tree.map(np.testing.assert_array_equal, again, placed)
    # Whoever reads the run without training finds the state alone.
    assert set(checkpoint.load(tmp_path)[0]) == {
        "step",
        "memory.pool_target.images",
        "memory.pool_target.count",
        "memory.shared",
    }


def test_another_number_of_devices_is_told_and_has_every_image_once():
    settings = built()
    placed = on_devices(built(accumulate=2))
    host = own_memory.host(built(accumulate=2), MODEL, placed)
    others = own_memory.others(built(accumulate=2), MODEL, placed)
    again, line = own_memory.place(settings, MODEL, host, others)
    assert line == "pool_target of 4 devices or parts are dealt out anew to 2"
    held = np.asarray(again.memory["pool_target"]["images"]).ravel().tolist()
    assert sorted(held) == [0, 10, 11, 20, 21, 30] or len(set(held)) == len(held)
    assert again.memory["pool_target"]["count"].tolist() == [3, 3]


def test_a_checkpoint_of_earlier_versions_has_the_first_devices_history():
    again, line = own_memory.place(built(), MODEL, state(), {})
    assert line == "pool_target of 1 devices or parts are dealt out anew to 2"
    assert again.memory["pool_target"]["count"].tolist() == [1, 0]


def test_devices_that_step_together_have_one():
    settings = built(global_batch=True)
    assert own_memory.holders(settings) == 1
    placed, line = own_memory.place(settings, MODEL, state(), {})
    assert line == ""
    assert placed.memory["pool_target"]["count"].tolist() == [1, 1]
    assert own_memory.others(settings, MODEL, placed) == {}


def test_a_model_without_such_entries_has_no_others():
    model = SimpleNamespace(OWN_MEMORY=())
    with mock.patch.object(devices, "gathered", side_effect=AssertionError):
        assert own_memory.others(built(), model, devices.replicate(state())) == {}
