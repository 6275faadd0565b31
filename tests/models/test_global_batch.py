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
        (folder / str(count)).mkdir()
        process = forking.run(dividing.__file__, folder / str(count), env=forking.on_devices(count))
        assert process.returncode == 0, process.stderr

    def read(name, count):
        with np.load(folder / str(count) / f"{name}.npz") as file:
            return dict(file)

    return read


# The norm of the penalty's slopes is computed in float32.
@pytest.mark.long
@pytest.mark.parametrize(("name", "tolerance"), [("dtn", 1e-12), ("wgan_gp", 1e-7)])
def test_one_and_four_devices_end_alike(name, tolerance, ends):
    start, one = dividing.started(name), ends(name, 1)
    assert set(one) == set(start)
    still = [leaf for leaf in one if np.abs(one[leaf] - start[leaf]).max() < 1e-4]
    # A shift of all scores changes no Wasserstein distance.
    assert still == (["['critic']['logits']['bias']"] if name == "wgan_gp" else [])
    found = ends(name, 4)
    for leaf, values in one.items():
        assert values.dtype == np.float64
        np.testing.assert_allclose(found[leaf], values, rtol=0, atol=tolerance, err_msg=leaf)
