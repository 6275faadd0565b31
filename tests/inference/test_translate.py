"""Folders translated by a run: which pixels and names they have, what is skipped, and what is refused."""

import io
import logging
import zipfile

import numpy as np
import pytest
from PIL import Image

import gan_jax
from gan_jax import config as configuration
from gan_jax.data.pixels import views
from gan_jax.errors import ConfigError, DataError, IncompleteError, WorkdirError
from gan_jax.inference import translate, translator
from gan_jax.runs.workdir import Workdir
from gan_jax.train import train

NOISE = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
COARSE = np.kron(NOISE[:10, :10], np.ones((4, 4, 1), np.uint8))


def png(pixels, kind="PNG", **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def photos(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def runs_of(tmp_path_factory, linear_model):
    """Folders of untrained runs: any size; one size only; one direction with noise; conditional."""
    folder = tmp_path_factory.mktemp("translating")
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), np.uint8)
    np.savez(folder / "noise.npz", image=images)
    kinds = {
        "any": ("recolour", {}, ("source", "target")),
        "fixed": ("recolour", {"sides": 0}, ("source", "target")),
        "noisy": ("recolour", {"two_way": False, "noise": 0.3}, ("source", "target")),
        "asked": ("asked", {}, ("a",)),
    }
    for name, (model, fields, roles) in kinds.items():
        built = configuration.default()
        built.name, built.model = name, configuration.model(model, **fields)
        built.data.size, built.data.manual_dir = 8, str(folder)
        for role in roles:
            built.data.roles[role] = configuration.inline(files={"train": "noise.npz"})
        if name == "fixed":
            built.data.roles.source["resize"] = "squeeze"
        if name == "asked":
            built.data.roles.a["channels"] = 1
        built.batch_size, built.steps, built.tensorboard = 8, 0, False
        train(built, folder / name)
    return folder


def pixels(path):
    return np.asarray(Image.open(path)).astype(int)


def close(found, expected):
    assert found.shape == expected.shape
    assert np.abs(found - expected.astype(int)).max() <= 1  # rounding of floats in [-1, 1]


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


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
