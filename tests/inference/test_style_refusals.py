"""What the modes of styles refuse, each in one line and before anything is written."""

import numpy as np
import pytest
from PIL import Image

from gan_jax.errors import ConfigError, IncompleteError
from gan_jax.inference import edit, interpolate, mix, noise, project, sample, styles, truncation


@pytest.mark.parametrize("mode", [edit, mix, noise])
def test_modes_of_layers_are_refused_where_layers_take_no_styles(
    runs_folder, styled, tmp_path, mode, monkeypatch
):
    monkeypatch.setattr(type(styled.model), "noise_sides", [])
    name = mode.__name__.rpartition(".")[2]
    words = (
        "that adds noise; that of this run adds none" if mode is noise else "whose layers take styles; those"
    )
    with pytest.raises(ConfigError, match=f"^mode={name} needs a generator {words}"):
        mode.run(runs_folder / "styled", out=str(tmp_path / "a.npz"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("mode", "options", "words"),
    [
        (sample, {"truncation": 3.0}, "truncation=3 is not allowed"),
        (truncation, {"truncations": ["1", "x"]}, "truncations='1,x' is not allowed; allowed: numbers"),
        (truncation, {"truncations": ["1", "nan"]}, "truncation=nan is not allowed; allowed: -2 to 2"),
        (truncation, {"truncations": []}, "truncations='' is not allowed"),
        (mix, {"layers": "2-4"}, "layers='2-4' is not allowed; allowed: such as 2-3, within 0-3"),
        (mix, {"latents": "missing.npz"}, "latents='missing.npz' is no readable .npz"),
        (mix, {"rows": 20}, "has the rows 0 to 7; 25 is asked for"),
        (edit, {"directions": 4}, "directions=4 is not allowed; allowed: 1 to 3"),
        (edit, {"layers": "b"}, "layers='b' is not allowed"),
        (
            edit,
            {"directions": 1, "strength": float("nan")},
            "strength=nan is not allowed; allowed: -1000 to 1000",
        ),
        (interpolate, {"space": "z"}, "has styles; allowed: --space=w"),
        (mix, {"out": "a.gif"}, "out='a.gif' is not allowed"),
    ],
)
def test_what_does_not_fit_is_refused(runs_folder, samples, tmp_path, mode, options, words):
    if "rows 0" in words or "space" in options:
        options = {**options, "latents": samples["file"]}
    with pytest.raises(ConfigError, match=words.replace("(", r"\(")):
        mode.run(runs_folder / "styled", **{"out": str(tmp_path / "a.npz"), **options})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("options", [{"truncation": 0.5}, {"space": "w"}, {"latents": "a.npz"}])
def test_a_model_without_styles_has_neither_truncation_nor_w(runs_folder, tmp_path, options):
    mode = interpolate if "truncation" not in options else sample
    with pytest.raises(ConfigError, match="needs a model with styles, such as styled, stylegan"):
        mode.run(runs_folder / "plain", out=str(tmp_path / "a.npz"), **options)
    with pytest.raises(ConfigError, match="this mode needs a model with styles"):
        mix.run(runs_folder / "plain", out=str(tmp_path / "a.npz"))


@pytest.mark.parametrize("flag", ["truncation", "labels", "seed"])
@pytest.mark.parametrize("mode", [edit, interpolate, mix, noise])
def test_flags_of_random_latents_are_refused_beside_styles_of_a_file(
    runs_folder, samples, tmp_path, mode, flag
):
    if (mode, flag) == (noise, "seed"):  # it is that of the noise too
        return
    styled, value = "styled_classes", {"truncation": 0.0, "labels": ["1"], "seed": 3}[flag]
    options = {"latents": samples["file"], "out": str(tmp_path / "a.npz"), flag: value}
    with pytest.raises(ConfigError, match=f"^--{flag} is for random latents; latents='.*' has styles$"):
        mode.run(runs_folder / styled, **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("mode", [edit, interpolate, mix, noise])
def test_a_file_of_styles_is_not_replaced(runs_folder, samples, tmp_path, mode):
    file = tmp_path / "w.npz"
    np.savez(file, w=samples["w"])
    before = file.read_bytes()
    with pytest.raises(ConfigError, match=r"w.npz' is one of the files that are read"):
        mode.run(runs_folder / "styled", latents=str(file), out=str(file))
    assert file.read_bytes() == before


def test_a_photograph_is_not_replaced_by_its_projection(runs_folder, tmp_path):
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "photo.png")
    before = (tmp_path / "photo.png").read_bytes()
    for given in (tmp_path, tmp_path / "photo.png"):
        with pytest.raises(ConfigError, match=r"photo.png' is one of the files that are read"):
            project.run(runs_folder / "styled", input=str(given), out=str(tmp_path / "photo.png"), steps=1)
    assert (tmp_path / "photo.png").read_bytes() == before


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("array", "is no readable .npz"),
        ("empty", "is no readable .npz"),
        ("damaged", "is no readable .npz"),
        ("nan", "w is not finite$"),
    ],
)
def test_a_file_of_styles_that_cannot_be_used_is_one_line(styled, tmp_path, kind, words):
    file = tmp_path / "w.npz"
    np.savez(file, w=np.full((2, 4, 3), np.nan if kind == "nan" else 1.0, np.float32))
    if kind == "array":
        with open(file, "wb") as plain:
            np.save(plain, np.zeros((2, 4, 3)))
    elif kind != "nan":
        content = bytearray(file.read_bytes())
        content[60] ^= 255
        file.write_bytes(b"" if kind == "empty" else content)
    with pytest.raises(ConfigError, match=words) as refusal:
        styles.read(str(file), styled.model)
    assert "\n" not in str(refusal.value)
    with pytest.raises(
        ConfigError, match=r"^latents='~nobody-here/w.npz' is not allowed: there is no such user"
    ):
        styles.read("~nobody-here/w.npz", styled.model)


def test_styles_of_another_shape_are_named(runs_folder, styled, tmp_path):
    np.savez(tmp_path / "w.npz", w=np.zeros((2, 5, 3), np.float32))
    with pytest.raises(ConfigError, match=r"w is float32 \[2, 5, 3\]; this run takes floats \[n, 4, 3\]"):
        styles.read(str(tmp_path / "w.npz"), styled.model)
    np.savez(tmp_path / "z.npz", z=np.zeros((2, 5)))
    with pytest.raises(ConfigError, match="has no array 'w'"):
        styles.read(str(tmp_path / "z.npz"), styled.model)


def test_a_photograph_that_cannot_be_read_is_named_after_the_others_are_projected(
    runs_folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(project._Projector, "__call__", _unchanged)
    folder = tmp_path / "photographs"
    folder.mkdir()
    Image.fromarray(np.full((8, 8, 3), 9, np.uint8)).save(folder / "good.png")
    (folder / "bad.png").write_bytes(b"no picture")
    place = tmp_path / "out.npz"
    words = r"^1 of 2 images could not be used: 1 not an image \(bad.png\); the others were projected, see "
    with pytest.raises(IncompleteError, match=words):
        project.run(runs_folder / "styled", input=str(folder), out=str(place), steps=1)
    assert np.load(place)["target"].shape == (1, 8, 8, 3)


def _unchanged(projector, targets, names, tick):
    """Columns of a projection that takes the targets as they are."""
    del projector, names, tick
    return {"image": targets / 127.5 - 1, "distance": np.zeros(len(targets))}
