"""With `global_batch` the number of devices changes only the order of sums."""

import dividing
import forking
import numpy as np
import pytest


@pytest.fixture(scope="module")
def ends(tmp_path_factory):
    """`ends(name, count)` are the parameters of a game after its last step on so many devices."""
    folder = tmp_path_factory.mktemp("ends")
    for count in (1, 4):
        place = folder / str(count)
        place.mkdir()
        process = forking.run(dividing.__file__, place, *dividing.GAMES, env=forking.on_devices(count))
        assert process.returncode == 0, process.stderr

    def read(name, count):
        if count == 2:
            return dividing.played(name)
        with np.load(folder / str(count) / f"{name}.npz") as file:
            return dict(file)

    return read


@pytest.mark.parametrize("name", dividing.GAMES)
def test_one_two_and_four_devices_end_alike(name, ends):
    start, one = dividing.started(name), ends(name, 1)
    assert set(one) == set(start)
    assert all(np.abs(one[leaf] - start[leaf]).max() > 1e-4 for leaf in one)
    for count in (2, 4):
        found = ends(name, count)
        worst = max(np.abs(found[leaf] - one[leaf]).max() for leaf in one)
        print(name, count, worst)
        for leaf, values in one.items():
            np.testing.assert_allclose(found[leaf], values, rtol=0, atol=1e-6, err_msg=f"{count} {leaf}")
