"""The uses of a run with styles, on linear networks whose images can be computed by hand."""

import jax
import numpy as np
import pytest
from PIL import Image

from gan_jax.inference import edit, interpolate, mix, noise, project, sample, truncation
from gan_jax.ops.latents import factorised_directions
from gan_jax.ops.pixels import to_uint8
from gan_jax.runs import restore


def params(styled):
    return styled.state.players["gen"].params


def by_hand(styled, ws, level=None):
    """The image of styles [n, 4, 3] and of the noise map that reaches it, as bytes."""
    image = np.einsum("nld,ldp->np", ws, params(styled)["synthesis"]["kernel"]).reshape(-1, 8, 8, 3)
    level = styled.state.frozen["noise"]["n02"] if level is None else level
    return to_uint8(image + 0.1 * np.broadcast_to(level, (len(ws), 8, 8))[..., None])


def close(a, b):
    assert a.shape == b.shape
    assert np.abs(a.astype(int) - b.astype(int)).max() <= 1


def mapped(styled, z):
    """The styles of latents, the same for all four layers."""
    dense = params(styled)["mapping"]["Dense_0"]
    return np.repeat((z @ dense["kernel"] + dense["bias"])[:, None], 4, 1)


def arrays(mode, folder, tmp_path, **options):
    told = mode.run(folder, out=str(tmp_path / "out.npz"), **options)
    return {**np.load(tmp_path / "out.npz"), "told": told}


def test_samples_are_the_images_of_their_styles_and_of_the_fixed_noise(styled, samples):
    np.testing.assert_allclose(samples["w"], mapped(styled, samples["z"]), rtol=1e-5, atol=1e-6)
    close(samples["image"], by_hand(styled, samples["w"]))


@pytest.mark.parametrize("psi", [0.7, 0.0, -1.0])
def test_truncation_moves_the_styles_towards_their_mean(runs_folder, styled, samples, tmp_path, psi):
    found = arrays(sample, runs_folder / "styled", tmp_path, num=8, seed=2, truncation=psi)
    mean = np.arange(3.0)
    np.testing.assert_allclose(found["w"], mean + psi * (samples["w"] - mean), rtol=1e-5, atol=1e-6)
    close(found["image"], by_hand(styled, found["w"]))
    if psi == 0:
        assert len(np.unique(found["image"].reshape(8, -1), axis=0)) == 1


def test_classes_reach_the_styles(runs_folder, tmp_path):
    found = arrays(sample, runs_folder / "styled_classes", tmp_path, num=10, hold_z=True)
    kernel = restore.load(runs_folder / "styled_classes").state.players["gen"].params["mapping"]["class"]
    step = found["w"][1, 0] - found["w"][0, 0]
    np.testing.assert_allclose(step, kernel["kernel"][1] - kernel["kernel"][0], rtol=1e-4, atol=1e-5)


def test_a_path_is_straight_between_styles(runs_folder, styled, samples, tmp_path):
    found = arrays(interpolate, runs_folder / "styled", tmp_path, seed=2, pairs=["1-6"], columns=5)
    assert found["told"]["path"] == "linear"
    ends = samples["w"][[1, 6]]
    t = np.linspace(0, 1, 5)[:, None, None]
    np.testing.assert_allclose(found["w"], (1 - t) * ends[0] + t * ends[1], rtol=1e-4, atol=1e-5)
    close(found["image"], by_hand(styled, found["w"]))
    found = arrays(interpolate, runs_folder / "styled", tmp_path, seed=2, pairs=["1-6"], columns=3, space="z")
    assert found["told"]["path"] == "spherical"
    np.testing.assert_allclose(found["z"][[0, 2]], samples["z"][[1, 6]], rtol=1e-5)


def test_an_animation_goes_there_and_back(runs_folder, tmp_path):
    interpolate.run(runs_folder / "styled", out=str(tmp_path / "a.gif"), rows=2, columns=5)
    with Image.open(tmp_path / "a.gif") as gif:
        assert (gif.n_frames, gif.size) == (8, (16, 8))


def test_a_video_has_the_frames_of_the_path(runs_folder, tmp_path):
    imageio = pytest.importorskip("imageio.v3")
    pytest.importorskip("imageio_ffmpeg")
    interpolate.run(runs_folder / "styled", out=str(tmp_path / "a.mp4"), rows=4, columns=4)
    frames = imageio.imread(tmp_path / "a.mp4")
    assert frames.shape[0] == 6
    assert frames.shape[-1] == 3


def test_a_mix_takes_the_chosen_layers_from_the_first_row(runs_folder, styled, samples, tmp_path):
    options = {"seed": 2, "rows": 2, "columns": 3}
    found = arrays(mix, runs_folder / "styled", tmp_path, layers="1-2", **options)
    grid = found["image"].reshape(3, 4, 8, 8, 3)
    assert np.all(grid[0, 0] == 255)
    close(grid[1:, 0], samples["image"][:2])
    close(grid[0, 1:], samples["image"][2:5])
    w = found["w"].reshape(2, 3, 4, 3)
    for i in range(2):
        for j in range(3):
            np.testing.assert_allclose(w[i, j, [0, 3]], samples["w"][i, [0, 3]], rtol=1e-5)
            np.testing.assert_allclose(w[i, j, 1:3], samples["w"][2 + j, 1:3], rtol=1e-5)
    close(grid[1:, 1:].reshape(6, 8, 8, 3), by_hand(styled, found["w"]))
    assert arrays(mix, runs_folder / "styled", tmp_path, **options)["told"]["layers"] == "2-3"


def test_an_edit_moves_the_chosen_layers_along_a_direction(runs_folder, styled, samples, tmp_path):
    options = {"seed": 2, "num": 2, "directions": 2, "columns": 3, "truncation": 1.0}
    found = arrays(edit, runs_folder / "styled", tmp_path, layers="0-1", strength=2.0, **options)
    w = found["w"].reshape(2, 2, 3, 4, 3) - samples["w"][:2, None, None]
    np.testing.assert_allclose(w[..., 2:, :], 0, atol=1e-6)
    for d in range(2):
        for column, length in enumerate((-2, 0, 2)):
            np.testing.assert_allclose(w[0, d, column, 0], length * found["direction"][d], atol=1e-5)
    np.testing.assert_allclose(found["direction"] @ found["direction"].T, np.eye(2), atol=1e-5)
    close(found["image"], by_hand(styled, found["w"]))


def test_noise_is_silent_fixed_or_drawn(runs_folder, styled, samples, tmp_path):
    found = arrays(noise, runs_folder / "styled", tmp_path, seed=2, num=3, truncation=1.0)
    rows = found["image"].reshape(3, 5, 8, 8, 3)
    close(rows[:, 0], by_hand(styled, samples["w"][:3], np.zeros((8, 8))))
    close(rows[:, 1], samples["image"][:3])
    assert np.any(rows[:, 2] != rows[:, 3])
    # The map of unit variance has weight 0.1, which is 12.75 grey levels.
    assert found["deviation"].mean() == pytest.approx(12.75, rel=0.1)


def test_the_noise_of_an_image_does_not_depend_on_the_number_of_images(runs_folder, tmp_path):
    two, three = (arrays(noise, runs_folder / "styled", tmp_path, seed=2, num=num) for num in (2, 3))
    close(three["image"].reshape(3, 5, 8, 8, 3)[:2, :4], two["image"].reshape(2, 5, 8, 8, 3)[:, :4])
    assert np.abs(three["deviation"][:2] - two["deviation"]).max() < 0.5
    assert np.abs(three["deviation"][0] - three["deviation"][1]).max() > 1


def test_a_row_of_truncations_goes_from_the_image_through_the_mean_to_the_other_side(
    runs_folder, styled, samples, tmp_path
):
    found = arrays(truncation, runs_folder / "styled", tmp_path, seed=2, num=3)
    np.testing.assert_array_equal(found["truncation"], [1, 0.7, 0.5, 0, -0.5, -1])
    w = found["w"].reshape(3, 6, 4, 3)
    np.testing.assert_allclose(w[:, 0], samples["w"][:3], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(w[:, 3], np.broadcast_to(np.arange(3.0), (3, 4, 3)))
    np.testing.assert_allclose(w[:, 0] + w[:, 5], 2 * np.broadcast_to(np.arange(3.0), (3, 4, 3)), atol=1e-5)
    close(found["image"], by_hand(styled, found["w"]))
    two = arrays(truncation, runs_folder / "styled", tmp_path, seed=2, num=1, truncations=["1", "-2"])
    np.testing.assert_array_equal(two["truncation"], [1, -2])


@pytest.mark.long
def test_the_projection_of_a_generated_image_comes_back(runs_folder, styled, tmp_path):
    ws = mapped(styled, np.random.default_rng(0).normal(size=(3, 5)))
    folder = tmp_path / "photographs"
    folder.mkdir()
    for i, image in enumerate(by_hand(styled, ws, np.zeros((8, 8)))):
        Image.fromarray(image).save(folder / f"{i}.png")
    found = arrays(project, runs_folder / "styled", tmp_path, input=str(folder), steps=150, seed=1)
    np.testing.assert_array_equal(found["target"], by_hand(styled, ws, np.zeros((8, 8))))
    assert np.all(found["w"] == found["w"][:, :1])
    assert np.abs(found["w"][:, 0] - ws[:, 0]).max() < 0.25 * np.abs(ws).max()
    # What stays is the noise, which is brought back to variance 1.
    assert found["distance"].max() < 0.03
    assert found["noise_02"].std((1, 2)) == pytest.approx(1, abs=1e-3)
    # The styles of the projection are latents for the other modes.
    latents = str(tmp_path / "out.npz")
    again = arrays(
        interpolate, runs_folder / "styled", tmp_path / "..", latents=latents, pairs=["0-2"], columns=2
    )
    np.testing.assert_allclose(again["w"], found["w"][[0, 2]], rtol=1e-6)


def test_a_path_between_styles_of_a_file_has_no_classes(runs_folder, samples, tmp_path):
    options = {"latents": samples["file"], "pairs": ["0-1"], "columns": 2}
    found = arrays(interpolate, runs_folder / "styled_classes", tmp_path, **options)
    np.testing.assert_allclose(found["w"], samples["w"][:2], rtol=1e-6)
    assert "label" not in found


def test_values_of_truncation_that_are_nearly_equal_have_files_of_their_own(runs_folder, tmp_path):
    values = ["1", "0.1234567", "0.1234568"]
    truncation.run(runs_folder / "styled", out=f"{tmp_path}/made/", num=1, truncations=values)
    names = sorted(path.name for path in (tmp_path / "made").iterdir())
    assert names == ["0000_0.1234567.png", "0000_0.1234568.png", "0000_1.png"]


def test_the_directions_of_an_edit_are_those_of_the_chosen_layers(runs_folder, styled, tmp_path):
    found = arrays(edit, runs_folder / "styled", tmp_path, layers="2-3", num=1, directions=1, columns=2)
    wanted = factorised_directions(list(params(styled)["synthesis"]["kernel"][2:]), 1)
    np.testing.assert_allclose(found["direction"], wanted, atol=1e-5)


def test_a_projection_starts_at_the_mean_style_with_the_mean_distance_from_it(monkeypatch, styled):
    drawn = np.array([[[1.0, 2.0]], [[3.0, 6.0]]])
    monkeypatch.setattr(project.styles, "drawn", lambda *_: drawn)
    mean, deviation = project._centre(styled, 0)
    np.testing.assert_array_equal(mean, [2, 4])
    assert deviation == pytest.approx(5**0.5)


def test_a_projection_depends_on_the_name_of_its_image_and_not_on_the_images_beside_it(
    runs_folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(project, "_GROUP", 2)
    pictures = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), np.uint8)
    for folder, kept in (("all", "abc"), ("last", "c")):
        (tmp_path / folder).mkdir()
        for name in kept:
            Image.fromarray(pictures[ord(name) - ord("a")]).save(tmp_path / folder / f"{name}.png")
    whole, alone = (
        arrays(project, runs_folder / "styled", tmp_path, input=str(tmp_path / folder), steps=20)
        for folder in ("all", "last")
    )
    for name in ("w", "noise_02"):
        np.testing.assert_allclose(whole[name][2:], alone[name], rtol=1e-3, atol=1e-4)
    assert np.abs(whole["noise_00"][0] - whole["noise_00"][1]).max() > 0.1


def test_every_step_of_a_projection_draws_for_itself(monkeypatch, styled):
    drawn = []
    monkeypatch.setattr(project.functions, "synthesiser", lambda _: lambda ws, maps: np.zeros((1, 8, 8, 3)))
    monkeypatch.setattr(project.projection, "pixel_distance", lambda made, wanted: np.zeros(1))
    start = project.projection.Unknowns(np.zeros((1, 1, 3)), [])
    monkeypatch.setattr(project.projection, "start", lambda *_: start)
    projector = object.__new__(project._Projector)
    projector._run, projector._model, projector._key = styled, styled.model, jax.random.key(0)
    projector._steps, projector._layers, projector._mean = 3, 1, np.zeros(3)
    projector._step = lambda found, memory, wanted, draw, t: drawn.append(draw) or (found, memory)
    projector(np.zeros((1, 8, 8, 3), np.uint8), ["a"], lambda: None)
    assert len({np.asarray(jax.random.key_data(key)).tobytes() for key in drawn}) == 3
