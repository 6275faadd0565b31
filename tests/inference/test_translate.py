"""Folders translated by a run: which pixels and names the translations have."""

import dataclasses

import numpy as np
import pytest
from picture_files import encoded as png
from picture_files import write as photos
from PIL import Image
from translated import NOISE, close, files, pixels

import gan_jax
from gan_jax.data.pixels import views
from gan_jax.errors import ConfigError, WorkdirError
from gan_jax.inference import translate, translator
from gan_jax.runs import restore

COARSE = np.kron(NOISE[:10, :10], np.ones((4, 4, 1), np.uint8))


@pytest.mark.parametrize("direction", ["s2t", "t2s"])
def test_images_of_any_size_keep_it_and_their_names(runs_of, tmp_path, direction):
    shown = {"a.png": NOISE, "sub/b.png": NOISE[:9, :31], "c.png": NOISE[:8, :8], "d.png": NOISE[3:12, 5:36]}
    source = photos(tmp_path / "in", {name: png(image) for name, image in shown.items()})
    out = tmp_path / "out"
    told = translate.run(runs_of / "any", input=str(source), output=str(out), direction=direction)
    assert told == {"images": 4, "comparison": out / "index.html"}
    for name, image in shown.items():
        close(pixels(out / name), 255 - image)
    thumbnails = [f"index_files/{name[:-4]}.{what}.webp" for name in shown for what in ("after", "before")]
    assert files(out) == sorted([*shown, *thumbnails, "index.html"])
    for what, expected in (("before", NOISE), ("after", 255 - NOISE)):
        close(pixels(out / "index_files" / f"a.{what}.webp"), expected)


def test_noise_depends_on_the_name_of_the_image_and_not_on_the_files_beside_it(runs_of, tmp_path):
    shown = {name: png(NOISE) for name in ("a.png", "b.png", "c.png")}
    every, alone = photos(tmp_path / "in", shown), photos(tmp_path / "one", {"b.png": shown["b.png"]})
    for place in (every, alone):
        translate.run(runs_of / "noisy", input=str(place), output=str(tmp_path / f"of_{place.name}"))
    made = [pixels(tmp_path / "of_in" / name) for name in shown]
    assert len(np.unique([image.mean() for image in made])) == 3
    np.testing.assert_array_equal(pixels(tmp_path / "of_one" / "b.png"), made[1])


def test_a_run_of_rectangles_that_keep_their_aspect_ratio_translates(runs_of):
    run = restore.load(runs_of / "any")
    config = run.config.copy_and_resolve_references().unlock()
    config.data.roles.source = {**config.data.roles.source, "resize": "fit"}
    example = {role: [[8, 12, 3], "uint8"] for role in ("source", "target")}
    found = translator.Translator(dataclasses.replace(run, config=config, example=example), "s2t", None, 0)
    (made,) = found([found.framed("a", Image.fromarray(NOISE))])
    close(made, 255 - NOISE)


@pytest.mark.long
def test_a_run_in_python_translates_arrays_as_the_mode_translates_files(runs_of, tmp_path):
    images = [np.random.default_rng(i).integers(0, 256, (10 + i // 2, 13, 3), np.uint8) for i in range(5)]
    photos(tmp_path / "in", {f"{i}.png": png(image) for i, image in enumerate(images)})
    translate.run(runs_of / "any", input=str(tmp_path / "in"), output=str(tmp_path / "out"))
    run = gan_jax.load(runs_of / "any")
    made = run.translate(images)
    for i, image in enumerate(made):
        np.testing.assert_array_equal(image, pixels(tmp_path / "out" / f"{i}.png"))
        close(image, 255 - images[i])
    together = run.translate(np.stack(images[:2]), direction="t2s")
    assert (together.shape, together.dtype) == ((2, 10, 13, 3), np.uint8)
    close(together[1], 255 - images[1])
    asked = gan_jax.load(runs_of / "asked")
    grey = asked.translate(np.full((1, 8, 8, 1), 100, np.uint8), attributes=["Dark"])
    close(grey, np.full((1, 8, 8, 1), 36))
    fixed = gan_jax.load(runs_of / "fixed").translate(np.stack(images[:2]))
    assert fixed.shape == (2, 8, 8, 3)
    noisy = gan_jax.load(runs_of / "noisy")
    first, again, other = (noisy.translate(np.stack(images[:2]), seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    with pytest.raises(ConfigError, match=r"^direction='back' is not allowed; allowed: 's2t', 't2s'$"):
        run.translate(images, direction="back")
    with pytest.raises(ConfigError, match=r"^direction='t2s' is not possible with model 'recolour'"):
        noisy.translate(np.stack(images[:2]), direction="t2s")
    with pytest.raises(WorkdirError, match="which turns images into images"):
        run.sample(1)


def test_padding_is_by_reflection_and_shared_by_both_sides(runs_of, monkeypatch, tmp_path):
    given = []
    call = translator.Translator.__call__
    monkeypatch.setattr(
        translator.Translator, "__call__", lambda self, group: given.extend(group) or call(self, group)
    )
    source = photos(tmp_path / "in", {"a.png": png(NOISE[:9, :31])})
    translate.run(runs_of / "any", input=str(source / "a.png"), output=str(tmp_path / "out"))
    (item,) = given
    np.testing.assert_array_equal(item.padded, np.pad(NOISE[:9, :31], ((1, 2), (0, 1), (0, 0)), "reflect"))


def test_images_are_upright_grey_and_transparent_ones_too(runs_of, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be viewed after a quarter turn clockwise
    clear = np.concatenate([NOISE[:8, :12], np.zeros((8, 12, 1), np.uint8)], -1)
    shown = {
        "turned.png": png(NOISE[:8, :12], exif=exif),
        "grey.png": png(NOISE[:8, :12, 0]),
        "clear.png": png(clear),
    }
    out = tmp_path / "out"
    translate.run(runs_of / "any", input=str(photos(tmp_path / "in", shown)), output=str(out))
    close(pixels(out / "turned.png"), 255 - np.rot90(NOISE[:8, :12], -1))
    close(pixels(out / "grey.png"), 255 - np.repeat(NOISE[:8, :12, :1], 3, -1))
    close(pixels(out / "clear.png"), np.zeros((8, 12, 3)))


def test_a_model_of_one_size_is_given_what_its_training_images_were(runs_of, tmp_path):
    source = photos(tmp_path / "in", {"a.png": png(COARSE[:24])})
    translate.run(runs_of / "fixed", input=str(source), output=str(tmp_path / "squeezed"))
    translate.run(
        runs_of / "fixed", input=str(source), output=str(tmp_path / "square"), direction="t2s"
    )  # whose role is not squeezed
    picture = Image.fromarray(COARSE[:24])
    for name, part in {"squeezed": picture, "square": picture.crop((8, 0, 32, 24))}.items():
        expected = np.asarray(part.resize((8, 8), Image.Resampling.BILINEAR))
        close(pixels(tmp_path / name / "a.png"), 255 - expected)


def test_large_images_are_scaled_down_on_request(runs_of, tmp_path):
    source = photos(tmp_path / "in", {"a.png": png(COARSE[:20]), "b.png": png(COARSE[:16, :16])})
    translate.run(runs_of / "any", input=str(source), output=str(tmp_path / "out"), max_side=20)
    small = Image.fromarray(COARSE[:20]).resize((20, 10), Image.Resampling.BILINEAR)
    close(pixels(tmp_path / "out" / "a.png"), 255 - np.asarray(small))
    close(pixels(tmp_path / "out" / "b.png"), 255 - COARSE[:16, :16])


def test_edges_are_made_on_request(runs_of, tmp_path):
    source = photos(tmp_path / "in", {"a.png": png(COARSE)})
    translate.run(runs_of / "any", input=str(source), output=str(tmp_path / "out"), derive="edges")
    expected = 255 - np.repeat(views.edges(COARSE[None])[0], 3, -1)
    close(pixels(tmp_path / "out" / "a.png"), expected)
    assert 0.05 < (expected > 0).mean() < 0.95


@pytest.mark.parametrize(
    ("asked", "shift"), [([], 0), (["Bright"], 0.5), (["Dark"], -0.5), (["Bright", "Dark"], 0)]
)
def test_a_conditional_model_gets_what_is_asked_for_and_the_channels_that_it_takes(
    runs_of, tmp_path, asked, shift
):
    source = photos(tmp_path / "in", {"a.png": png(NOISE[:8, :8])})
    translate.run(runs_of / "asked", input=str(source), output=str(tmp_path / "out"), attributes=asked)
    floats = views.luma(NOISE[:8, :8])[..., 0] / 127.5 - 1 + shift
    close(pixels(tmp_path / "out" / "a.png"), np.clip(np.rint((floats + 1) * 127.5), 0, 255))


def test_noise_follows_from_the_seed_and_the_name(runs_of, tmp_path):
    """Each image has another size, so that none shares a batch with another."""
    sizes = {"a.png": 8, "b.png": 12, "c.png": 16}
    shown = {name: png(np.full((side, side, 3), 128, np.uint8)) for name, side in sizes.items()}
    source = photos(tmp_path / "in", shown)
    alone = photos(tmp_path / "alone", {"b.png": shown["b.png"]})
    found = {}
    for name, (given, seed) in {"one": (source, 0), "other": (source, 1), "part": (alone, 0)}.items():
        translate.run(runs_of / "noisy", input=str(given), output=str(tmp_path / name), seed=seed)
        found[name] = {file.name: pixels(file)[0, 0, 0] for file in (tmp_path / name).glob("*.png")}
    assert found["part"]["b.png"] == found["one"]["b.png"] != found["other"]["b.png"]
    assert len(set(found["one"].values())) > 1
