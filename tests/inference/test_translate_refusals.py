"""Folders translated by a run: images that are left out, what is refused, and files that are there."""

import logging
import zipfile

import numpy as np
import pytest
from picture_files import encoded as png
from picture_files import write as photos
from translated import NOISE, close, files, pixels

from gan_jax import config as configuration
from gan_jax.errors import ConfigError, DataError, IncompleteError, WorkdirError
from gan_jax.inference import translate, translator
from gan_jax.runs.workdir import Workdir


def test_unreadable_images_are_reported_skipped_and_told_by_the_exit_code(runs_of, tmp_path, caplog):
    good = png(NOISE)
    shown = {"a.png": good, "b.jpg": b"nothing", "c.png": good[:200], "d.png": good, "notes.txt": b""}
    source, out = photos(tmp_path / "in", shown), tmp_path / "out"
    with caplog.at_level(logging.INFO), pytest.raises(IncompleteError) as error:
        translate.run(runs_of / "any", input=str(source), output=str(out))
    assert error.value.exit_code == 3
    assert str(error.value) == (
        "2 of 4 images could not be used: 1 not an image (b.jpg), 1 unreadable (c.png); "
        f"the others were translated, see {out}/index.html"
    )
    lines = [record.getMessage() for record in caplog.records if "inference" in record.name]
    assert lines == [f"1 other files of {source} are ignored", "b.jpg: not an image", "c.png: unreadable"]
    assert [name for name in files(out) if name.endswith(".png")] == ["a.png", "d.png"]
    page = (out / "index.html").read_text()
    assert "2 images could not be used" in page and "<dt>b.jpg</dt><dd>not an image</dd>" in page


def test_where_no_image_can_be_read_nothing_is_written(runs_of, tmp_path):
    source = photos(tmp_path / "in", {"a.png": b"", "b.png": b"x"})
    with pytest.raises(
        DataError, match=r"in: none of 2 images can be used: 2 not an image \(a\.png, b\.png\)$"
    ):
        translate.run(runs_of / "any", input=str(source), output=str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_images_too_large_for_the_device_are_skipped(runs_of, tmp_path, monkeypatch):
    import jax

    def full(self, *args):
        raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: out of memory")

    source = photos(tmp_path / "in", {"a.png": png(NOISE)})
    monkeypatch.setattr(translator.devices, "pmap_apply", lambda fn: full)
    with pytest.raises(DataError, match=r"too large for the memory of the device; see --max_side \(a\.png\)"):
        translate.run(runs_of / "any", input=str(source), output=str(tmp_path / "out"))


def test_members_of_a_zip_stay_inside_the_output(runs_of, tmp_path):
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        for name in ("faces/a.png", "faces/sub/b.png", "/etc/c.png"):
            archive.writestr(name, png(NOISE))
    translate.run(runs_of / "any", input=str(tmp_path / "in.zip"), output=str(tmp_path / "all"))
    translate.run(runs_of / "any", input=str(tmp_path / "in.zip" / "faces"), output=str(tmp_path / "part"))
    for folder, names in {"all": ["etc/c", "faces/a", "faces/sub/b"], "part": ["a", "sub/b"]}.items():
        assert [f for f in files(tmp_path / folder) if f.endswith(".png")] == [
            f"{name}.png" for name in names
        ]


REFUSED = {
    "no input": (
        {"input": "nowhere"},
        ConfigError,
        r"input='nowhere' does not exist; allowed: a folder, a zip",
    ),
    "unknown direction": (
        {"direction": "a2b"},
        ConfigError,
        r"direction='a2b' is not allowed; allowed: 's2t'",
    ),
    "unknown derivation": ({"derive": "lines"}, ConfigError, r"derive='lines' is not allowed; allowed: ''"),
    "one size": (
        {"workdir": "fixed", "max_side": 8},
        ConfigError,
        r"^max_side=8 is for models that take images of any size; this one brings all images",
    ),
    "no condition": (
        {"attributes": ["Male"]},
        ConfigError,
        r"attributes=Male is for conditional models; this",
    ),
    "one way": (
        {"workdir": "noisy", "direction": "t2s"},
        ConfigError,
        r"direction='t2s' is not possible with model 'recolour', which draws targets of source images$",
    ),
    "not asked": ({"workdir": "asked"}, ConfigError, r"--attributes is required: this model needs them"),
    "unknown attribute": (
        {"workdir": "asked", "attributes": ["Brigt"]},
        ConfigError,
        r"'Brigt' is not known",
    ),
    "inside": ({"output": "in/out"}, ConfigError, r"output='.*' lies in input='.*'; choose a folder outside"),
    "no run": ({"workdir": "nothing"}, WorkdirError, r"nothing holds no run"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_refused_before_anything_is_written(runs_of, tmp_path, monkeypatch, name):
    fields, error, words = REFUSED[name]
    monkeypatch.chdir(tmp_path)
    photos(tmp_path / "in", {"a.png": png(NOISE)})
    given = {"workdir": "any", "input": "in", "output": "out"} | fields
    with pytest.raises(error, match=words):
        translate.run(runs_of / given.pop("workdir"), **given)
    assert files(tmp_path) == ["in/a.png"]


@pytest.mark.parametrize(
    ("model", "what"), [("linear", "makes images from noise"), ("classifier", "predicts labels")]
)
def test_a_run_that_turns_no_images_into_images_is_named(linear_model, tmp_path, model, what):
    built = configuration.default()
    built.name, built.model = "other", configuration.model(model)
    Workdir(tmp_path / "run").open().write_json("config.json", built.to_dict())
    with pytest.raises(
        WorkdirError, match=rf"run 'other' of model '{model}', which {what}.*; --mode=translate"
    ):
        translate.run(tmp_path / "run", input=str(tmp_path), output=str(tmp_path / "out"))


def test_files_of_an_earlier_translation_are_replaced_on_request_alone(runs_of, tmp_path):
    source = photos(tmp_path / "in", {"a.png": png(NOISE)})
    given = {"input": str(source), "output": str(tmp_path / "out")}
    translate.run(runs_of / "any", **given)
    (tmp_path / "out" / "letter.txt").write_text("keep me")
    photos(source, {"a.png": png(255 - NOISE)})
    with pytest.raises(ConfigError, match=r"a\.png and 3 more already"):
        translate.run(runs_of / "any", **given)
    close(pixels(tmp_path / "out" / "a.png"), 255 - NOISE)
    translate.run(runs_of / "any", **given, overwrite=True)
    close(pixels(tmp_path / "out" / "a.png"), NOISE)
    assert (tmp_path / "out" / "letter.txt").read_text() == "keep me"


@pytest.mark.parametrize("given", ["in", "in/a.png"])
def test_an_image_is_never_replaced_by_its_translation(runs_of, tmp_path, given):
    photos(tmp_path / "in", {"a.png": png(NOISE)})
    before = (tmp_path / "in" / "a.png").read_bytes()
    with pytest.raises(ConfigError, match=r"a\.png is one of the images to translate$|lies in input="):
        output = str(tmp_path / "in")
        translate.run(runs_of / "any", input=str(tmp_path / given), output=output, overwrite=True)
    assert (tmp_path / "in" / "a.png").read_bytes() == before


# Images that cost only themselves.


def test_an_image_too_thin_for_the_model_is_left_out(runs_of, tmp_path, monkeypatch):
    """Such as one of 800 x 8 pixels that `max_side` makes one pixel high."""
    mapped = translator.devices.pmap_apply

    def pmap_apply(function):
        call = mapped(function)

        def apply(state, batch, *args):
            if min(batch["source"].shape[1:3]) < 8:
                raise ValueError("cannot pad by reflection")
            return call(state, batch, *args)

        return apply

    monkeypatch.setattr(translator.devices, "pmap_apply", pmap_apply)
    shown = {"a.png": png(NOISE), "thin.png": png(np.zeros((8, 800, 3), np.uint8)), "z.png": png(NOISE)}
    out = tmp_path / "out"
    message = r"^1 of 3 images could not be used: 1 too thin for the model at 40 x 4 pixels \(thin\.png\)"
    with pytest.raises(IncompleteError, match=message):
        translate.run(
            runs_of / "any", input=str(photos(tmp_path / "in", shown)), output=str(out), max_side=40
        )
    assert {"a.png", "z.png", "index.html"} < {*files(out)}


def test_names_as_long_as_file_systems_allow_are_translated(runs_of, tmp_path):
    shown = ["x" * 247 + ".png", "鉄" * 83 + ".png", "y" * 251 + ".jpg", "y" * 251 + ".png"]
    out = tmp_path / "out"
    source = photos(tmp_path / "in", {name: png(NOISE[:8, :8]) for name in shown})
    assert translate.run(runs_of / "any", input=str(source), output=str(out))["images"] == len(shown)
    found = files(out)
    assert len(found) == 3 * len(shown) + 1 and {*shown[:2]} < {*found}


def test_a_folder_in_the_place_of_an_output_costs_that_image(runs_of, tmp_path):
    source = photos(tmp_path / "in", {name: png(NOISE[:8, :8]) for name in ("a.png", "b.png", "c.png")})
    out = tmp_path / "out"
    (out / "a.png").mkdir(parents=True)
    (out / "index_files" / "b.after.webp").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"has a\.png and 1 more already"):
        translate.run(runs_of / "any", input=str(source), output=str(out))
    message = "2 of 3 images could not be used: 2 its output cannot be written: Is a directory"
    with pytest.raises(IncompleteError, match=message):
        translate.run(runs_of / "any", input=str(source), output=str(out), overwrite=True)
    assert "c.png" in (out / "index.html").read_text()


def test_the_page_is_written_also_if_the_disk_fills_up_half_way(runs_of, tmp_path, monkeypatch):
    write = Workdir.write

    def fills_up(self, name, content):
        if name == "b.png":
            raise WorkdirError("no space") from OSError(28, "No space left on device")
        write(self, name, content)

    monkeypatch.setattr(Workdir, "write", fills_up)
    source = photos(tmp_path / "in", {name: png(NOISE[:8, :8]) for name in ("a.png", "b.png")})
    with pytest.raises(WorkdirError, match="no space"):
        translate.run(runs_of / "any", input=str(source), output=str(tmp_path / "out"))
    assert "a.png" in (tmp_path / "out" / "index.html").read_text()
