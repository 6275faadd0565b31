"""What the page of a run offers and makes: controls by capability, the pictures, and what is refused."""

import importlib.util
import io
import socket

import levels
import numpy as np
import pytest
from PIL import Image

import gan_jax
from gan_jax.demo import serving, works
from gan_jax.demo.controls import KINDS, Made
from gan_jax.drawing import sheets
from gan_jax.errors import ConfigError, DataError, GanJaxError, WorkdirError
from gan_jax.inference import generators
from gan_jax.runs import restore

RNG = np.random.default_rng(1)
PHOTO, STYLE = (RNG.integers(0, 256, shape, np.uint8) for shape in ((21, 30, 3), (18, 20, 3)))
SQUARE = RNG.integers(0, 256, (8, 8, 3), np.uint8)
DIALS = ("dial_0", "dial_1", "dial_2")
OF_NOISE = ("seed", "count", "other_seed", "share")
CONTROLS = {
    "plain": {*OF_NOISE, *DIALS, "dial_3"},
    "classes": {*OF_NOISE, *DIALS, "dial_3", "class"},
    "styled": {*OF_NOISE, *DIALS, "truncation", "layer"},
    "any": {"photograph", "direction", "max_side", "derive"},
    "noisy": {"photograph", "seed", "derive"},
    "asked": {"photograph", "attributes_0", "derive"},
    "adain": {"photograph", "max_side", "style", "alpha"},
}


@pytest.fixture(scope="module")
def work(runs):
    """The prepared work of a run by its name."""
    found = {}

    def of(name):
        if name not in found:
            works.check(runs(name))
            found[name] = works.of_run(runs(name), restore.load(runs(name)))
            found[name].first = found[name].prepare()
        return found[name]

    return of


@pytest.fixture(scope="module")
def run(runs):
    found = {}

    def of(name):
        if name not in found:
            found[name] = gan_jax.load(runs(name))
        return found[name]

    return of


@pytest.fixture
def uploaded(tmp_path):
    """The path of an uploaded picture."""

    def save(pixels, name="photo.png"):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        (tmp_path / name).write_bytes(buffer.getvalue())
        return str(tmp_path / name)

    return save


def steps(done, **values):
    """All that `make` gives with these values in place of the initial ones."""
    return list(done.make({control.name: control.value for control in done.controls} | values))


def made(done, **values):
    *_, last = steps(done, **values)
    assert isinstance(last, Made)
    assert len(last.pictures) == len(done.results)
    return last


def sheet(images):
    return sheets.mosaic(images, {1: 1, 4: 2, 9: 3}[len(images)], 2)


@levels.parametrize("name", CONTROLS, kept=("noisy", "asked", "any", "classes"))
def test_a_run_has_the_controls_of_its_capabilities(work, name):
    controls = work(name).controls
    assert {control.name for control in controls} == CONTROLS[name]
    assert len({control.name for control in controls}) == len(controls)
    assert {control.kind for control in controls} <= set(KINDS)
    for control in controls:
        if control.kind in ("choice", "radio"):
            assert control.value in [value for _, value in control.options]
        if control.kind == "slider":
            assert control.low <= control.value <= control.high


@levels.parametrize("name", ["plain", "classes", "styled"])
def test_the_page_begins_with_the_samples_of_seed_0(work, run, name):
    expected = run(name).sample(9)
    np.testing.assert_array_equal(work(name).first.pictures[0], sheet(expected))
    found = made(work(name), seed=5, count=4).pictures[0]
    np.testing.assert_array_equal(found, sheet(run(name).sample(4, seed=5)))
    assert len(np.unique(expected.reshape(9, -1), axis=0)) == 9


def test_the_share_goes_over_a_sphere_from_one_seed_to_the_other(work, run):
    ends = [generators.latents(run("plain")._run.model, seed, range(4)) for seed in (3, 8)]
    for share in (0.0, 0.5, 1.0):
        found = made(work("plain"), seed=3, other_seed=8, share=share, count=4).pictures[0]
        cosine = (ends[0] * ends[1]).sum(1) / np.prod([np.linalg.norm(z, axis=1) for z in ends], 0)
        angle = np.arccos(cosine)[:, None]
        z = (np.sin((1 - share) * angle) * ends[0] + np.sin(share * angle) * ends[1]) / np.sin(angle)
        expected = sheet(run("plain").decode(z)).astype(int)
        assert np.abs(found - expected).max() <= 1


def test_a_dial_moves_one_latent_dimension(work, run):
    z = generators.latents(run("plain")._run.model, 0, range(4))
    expected = sheet(run("plain").decode(z + np.float32([0, 1.5, 0, 0, 0])))
    np.testing.assert_array_equal(made(work("plain"), count=4, dial_1=1.5).pictures[0], expected)


def test_a_class_is_chosen_and_all_take_turns_otherwise(work, run):
    found = made(work("classes"), count=4, **{"class": 2}).pictures[0]
    np.testing.assert_array_equal(found, sheet(run("classes").sample(4, labels=[2])))
    control = next(c for c in work("classes").controls if c.name == "class")
    assert [label for label, _ in control.options] == ["all, in turn", "class 0", "class 1", "class 2"]


def test_truncation_layers_and_directions_act_on_the_styles(work, run):
    styled = work("styled")
    for psi in (0.5, 0.0):
        expected = sheet(run("styled").sample(4, truncation=psi)).astype(int)
        assert np.abs(made(styled, count=4, truncation=psi).pictures[0] - expected).max() <= 1
    other = made(styled, count=4, layer=0, other_seed=6).pictures[0]
    np.testing.assert_array_equal(other, sheet(run("styled").sample(4, seed=6)))
    plain, mixed, moved = (
        made(styled, count=4, **values).pictures[0] for values in ({}, {"layer": 2}, {"dial_0": 2.0})
    )
    assert not np.array_equal(mixed, plain)
    assert not np.array_equal(mixed, made(styled, count=4, layer=0).pictures[0])
    assert not np.array_equal(moved, plain)


def test_a_new_number_of_images_is_announced_once(work, runs):
    fresh = works.of_run(runs("plain"), work("plain")._run)
    assert [type(step) for step in steps(fresh, count=4)] == [str, Made]
    assert [type(step) for step in steps(fresh, count=4, seed=7)] == [Made]
    assert steps(fresh, count=1)[0] == "Compiling the program for 1 image ..."


@pytest.mark.parametrize("way", ["s2t", "t2s"])
def test_a_photograph_of_any_size_is_translated_as_by_the_run(work, run, uploaded, way):
    found = made(work("any"), photograph=uploaded(PHOTO), direction=way)
    np.testing.assert_array_equal(found.pictures[0], PHOTO)
    np.testing.assert_array_equal(found.pictures[1], run("any").translate([PHOTO], direction=way)[0])
    small = made(work("any"), photograph=uploaded(np.tile(PHOTO, (20, 20, 1))), max_side=256)
    assert [picture.shape for picture in small.pictures] == [(179, 256, 3)] * 2


def test_a_model_of_one_size_crops_and_its_noise_has_a_seed(work, run, uploaded):
    for seed in (0, 3):
        found = made(work("noisy"), photograph=uploaded(PHOTO), seed=seed)
        assert found.pictures[0].shape == (8, 8, 3)
        np.testing.assert_array_equal(found.pictures[1], run("noisy").translate([PHOTO], seed=seed)[0])
    edges = made(work("noisy"), photograph=uploaded(SQUARE), derive="edges")
    assert set(np.unique(edges.pictures[0])) <= {0, 255}


def test_attributes_are_asked_for_without_another_compilation(run, uploaded, monkeypatch):
    traced, model = [], type(run("asked")._run.model)
    generate = model.generate

    def counted(self, state, batch, rng):
        traced.append(1)
        return generate(self, state, batch, rng)

    monkeypatch.setattr(model, "generate", counted)
    asked = works.of_run("", run("asked")._run)
    asked.prepare()
    before = len(traced)
    pictures = [
        made(asked, photograph=uploaded(SQUARE), attributes_0=names).pictures[1]
        for names in (["Bright"], ["Dark"], ["Bright", "Dark"])
    ]
    assert len(traced) == before
    for names, picture in zip((["Bright"], ["Dark"]), pictures, strict=False):
        np.testing.assert_array_equal(picture, run("asked").translate([SQUARE], attributes=names)[0])
    assert pictures[0].mean() > pictures[2].mean() > pictures[1].mean()
    with pytest.raises(ConfigError, match="Choose one attribute or more"):
        steps(asked, photograph=uploaded(SQUARE))


@pytest.mark.long
def test_a_photograph_takes_the_style_of_a_picture(work, run, uploaded):
    for alpha in (1.0, 0.3):
        values = {"photograph": uploaded(PHOTO), "style": uploaded(STYLE, "style.png"), "alpha": alpha}
        found = made(work("adain"), **values)
        np.testing.assert_array_equal(found.pictures[0], PHOTO)
        expected = run("adain").translate([PHOTO], style=STYLE, alpha=alpha)[0]
        np.testing.assert_array_equal(found.pictures[1], expected)


def test_uploads_that_cannot_be_used_are_one_line(work, runs, uploaded, tmp_path):
    painter = works.of_run(runs("adain"), restore.load(runs("adain")))  # paints nothing here
    (tmp_path / "broken.png").write_bytes(b"\x89PNG and nothing")
    broken, good = str(tmp_path / "broken.png"), uploaded(PHOTO)
    for done in (work("any"), work("asked"), painter):
        with pytest.raises(ConfigError, match="Upload a photograph"):
            steps(done)
        with pytest.raises(DataError, match=r"^The photograph cannot be used: not an image\.$"):
            steps(done, photograph=broken, style=good)
    with pytest.raises(ConfigError, match="Upload a style"):
        steps(painter, photograph=good)
    with pytest.raises(DataError, match=r"^The style cannot be used: not an image\.$"):
        steps(painter, photograph=good, style=broken)
    with pytest.raises(DataError, match=r"^The photograph cannot be used: smaller than 8 pixels\.$"):
        steps(work("any"), photograph=uploaded(PHOTO[:7]))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"seed": None}, "seed: empty is not allowed; allowed: whole numbers from 0 to 2147483647"),
        ({"seed": -1}, "seed: -1 is not allowed"),
        ({"seed": 2**31}, "seed: 2147483648 is not allowed"),
        ({"other_seed": 0.5}, "other_seed: 0.5 is not allowed"),
        ({"count": 5}, "count: 5 is not allowed; allowed: 1, 4, 9, 16"),
        ({"share": 1.5}, "share: 1.5 is not allowed; allowed: 0 to 1"),
        ({"class": 3}, "class: 3 is not allowed"),
    ],
)
def test_values_that_are_not_allowed_are_one_line(work, values, told):
    with pytest.raises(GanJaxError) as caught:
        steps(work("classes"), **values)
    assert str(caught.value).startswith(told)


def test_a_page_tells_the_run_in_words(runs):
    assert works.facts(restore.load(runs("any"))) == {"model": "recolour", "data": "noise.npz", "step": "0"}


def test_a_run_that_makes_no_images_is_refused(runs):
    with pytest.raises(WorkdirError, match="'classifier', which predicts labels of images; --mode"):
        serving.run(runs("classifier"))


def test_an_address_that_cannot_be_used_is_refused():
    with serving.listening("127.0.0.1", 0) as door:
        port = door.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            pass  # a browser that comes early waits for the page
        with (
            pytest.raises(ConfigError, match=rf"port={port}: Address already in use; try another --port"),
            serving.listening("127.0.0.1", port),
        ):
            pass
    with pytest.raises(ConfigError, match="host='no host' is not"), serving.listening("no host", 0):
        pass


def test_a_missing_package_names_the_extra(runs, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"^--mode=demo needs gradio: pip install 'gan_jax\[demo\]'$"):
        serving.run(runs("plain"))
