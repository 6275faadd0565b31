"""Images in the styles of others: pairs, mixtures, sheets, regions, colours, tiles, and what is refused."""

import numpy as np
import pytest
import small_adain
from PIL import Image

import gan_jax
from gan_jax.errors import ConfigError, DataError, IncompleteError
from gan_jax.inference import translate
from gan_jax.inference.styling import stylist
from gan_jax.inference.styling.wishes import Wishes
from gan_jax.ops import style
from gan_jax.runs import restore

RNG = np.random.default_rng(0)
PHOTO = RNG.integers(0, 256, (22, 31, 3), np.uint8)
SQUARE = RNG.integers(0, 256, (16, 16, 3), np.uint8)


def saved(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, pixels in files.items():
        Image.fromarray(pixels).save(folder / name)
    return str(folder)


def pixels(path):
    return np.asarray(Image.open(path)).astype(int)


def png_names(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*.png"))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of an untrained run of a small AdaIN."""
    return small_adain.untrained(tmp_path_factory.mktemp("stylish"))


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A folder of one photo and a folder of four styles."""
    folder = tmp_path_factory.mktemp("pictures")
    paintings = {
        f"{name}.png": RNG.integers(0, 256, (18, 20, 3), np.uint8) // k for k, name in enumerate("abcd", 1)
    }
    return {
        "photo": saved(folder / "photos", {"p.png": PHOTO}),
        "styles": saved(folder / "styles", paintings),
        "one": str(folder / "styles" / "a.png"),
        "paintings": paintings,
    }


@pytest.fixture
def use(run, places, tmp_path):
    """Translates the photo, with every style unless another is named."""

    def call(folder="out", **flags):
        flags = {"style": places["styles"], "input": places["photo"], **flags}
        told = translate.run(run, output=str(tmp_path / folder), **flags)
        return told, tmp_path / folder

    return call


def test_every_photo_gets_every_style_and_keeps_its_size(use):
    told, out = use()
    assert told["images"] == 4
    assert png_names(out) == [f"p/{name}.png" for name in "abcd"]
    made = [pixels(out / name) for name in png_names(out)]
    assert all(image.shape == PHOTO.shape for image in made)
    assert all(np.abs(a - made[0]).mean() > 1 for a in made[1:])
    page = (out / "index.html").read_text()
    assert "p.png, a.png" in page and "alpha" in page


def test_one_style_gives_one_picture_named_like_the_photo(use, places):
    _, out = use(style=places["one"])
    assert png_names(out) == ["p.png"]


@pytest.fixture(scope="module")
def artist(run):
    return stylist.Stylist(restore.load(run), 0)


def test_alpha_zero_is_the_decoder_of_the_contents_maps_and_alpha_one_the_styles(use, places, artist):
    padded = np.pad(PHOTO, ((0, 0), (0, 1), (0, 0)), mode="reflect")
    maps = artist.encode(padded)
    _, zero = use("zero", style=places["one"], alpha=0.0)
    np.testing.assert_array_equal(pixels(zero / "p.png"), artist.decode(maps)[:, :-1])
    moments = artist.moments(places["paintings"]["a.png"])
    styled = np.asarray(style.adain(maps[None], *moments)[0])
    _, one = use("one", style=places["one"])
    assert np.abs(pixels(one / "p.png") - artist.decode(styled)[:, :-1]).max() <= 1


@pytest.mark.long
def test_tiles_show_no_seam(use, places):
    _, whole = use("whole", style=places["one"], tile=0)
    _, tiles = use("tiles", style=places["one"], tile=6)
    assert np.abs(pixels(whole / "p.png") - pixels(tiles / "p.png")).max() <= 1


@pytest.mark.long
def test_a_tile_takes_only_what_its_pixels_need(artist, run):
    small = stylist.Stylist(restore.load(run), 6)
    np.testing.assert_allclose(small.encode(SQUARE), artist.encode(SQUARE), atol=1e-4)
    blind = stylist.Stylist(restore.load(run), 6)
    blind._reach -= blind.multiple
    assert np.abs(blind.encode(SQUARE) - artist.encode(SQUARE)).max() > 1e-3


@pytest.mark.long
def test_all_weight_on_one_style_is_that_style(use):
    _, pairs = use("pairs")
    _, mixture = use("mixture", weights=["0", "3", "0", "0"])
    np.testing.assert_array_equal(pixels(mixture / "p.png"), pixels(pairs / "p" / "b.png"))


@pytest.mark.long
def test_a_run_in_python_gives_arrays_the_style_that_the_mode_gives_files(run, use, places):
    _, whole = use("whole", style=places["one"])
    _, half = use("half", style=places["one"], alpha=0.5)
    loaded, painting = gan_jax.load(run), places["paintings"]["a.png"]
    for alpha, folder in ((1.0, whole), (0.5, half)):
        (made,) = loaded.translate([PHOTO], style=painting, alpha=alpha)
        assert (made.shape, made.dtype) == (PHOTO.shape, np.uint8)
        np.testing.assert_allclose(made.astype(int), pixels(folder / "p.png"), atol=1)
    together = loaded.translate(np.stack([PHOTO, PHOTO]), style=painting)
    assert together.shape == (2, *PHOTO.shape)
    for options, message in {
        (): "style is required",
        (("style", 0), ("alpha", 2.0)): "alpha=2 is not allowed; allowed: 0 to 1",
        (("style", 0), ("direction", "t2s")): "direction and attributes are for models that do not take",
    }.items():
        given = {name: painting if name == "style" else value for name, value in options}
        with pytest.raises(ConfigError, match=f"^{message}"):
            loaded.translate([PHOTO], **given)
    with pytest.raises(DataError, match=r"^image 1: "):
        loaded.translate([PHOTO, PHOTO[:1, :1]], style=painting)


@pytest.mark.long
def test_sheets_begin_and_end_with_the_styles_they_interpolate(use, places):
    _, pairs = use("pairs")
    tall, wide = PHOTO.shape[:2]
    _, mix = use("mix", sheet="mix")
    sheet = pixels(mix / "p.png")
    assert sheet.shape == (5 * tall + 8, 5 * wide + 8, 3)
    corners = {"a": (0, 0), "b": (0, 1), "c": (1, 0), "d": (1, 1)}
    for name, (y, x) in corners.items():
        top, left = y * 4 * (tall + 2), x * 4 * (wide + 2)
        part = sheet[top : top + tall, left : left + wide]
        np.testing.assert_array_equal(part, pixels(pairs / "p" / f"{name}.png"))
    _, alpha = use("alpha", sheet="alpha", style=places["one"])
    sheet = pixels(alpha / "p.png")
    assert sheet.shape == (tall, 5 * wide + 8, 3)
    np.testing.assert_array_equal(sheet[:, -wide:], pixels(pairs / "p" / "a.png"))


@pytest.mark.long
def test_a_mask_of_one_number_is_that_style_and_two_regions_are_normalised_apart(
    use, tmp_path, artist, places
):
    _, pairs = use("pairs")
    whole = saved(tmp_path / "mask_whole", {"p.png": np.full(PHOTO.shape[:2], 1, np.uint8)})
    _, one = use("one", mask=whole)
    assert np.abs(pixels(one / "p.png") - pixels(pairs / "p" / "b.png")).max() <= 1
    halves = np.zeros(PHOTO.shape[:2], np.uint8)
    halves[:, 16:] = 2
    _, two = use("two", mask=saved(tmp_path / "mask_two", {"p.png": halves}))
    padded = np.pad(PHOTO, ((0, 0), (0, 1), (0, 0)), mode="reflect")
    maps = artist.encode(padded)
    a, c = (artist.moments(places["paintings"][f"{name}.png"]) for name in "ac")
    left, right = style.adain(maps[None, :, :8], *a), style.adain(maps[None, :, 8:], *c)
    wanted = artist.decode(np.concatenate([left[0], right[0]], 1))[:, :-1]
    assert np.abs(pixels(two / "p.png") - wanted).max() <= 1


def test_luminance_keeps_the_differences_of_colours(use, places):
    _, out = use(style=places["one"], colour="luminance", alpha=0.0)
    weights = np.array([0.299, 0.587, 0.114])

    def differences(image):
        return image - (image @ weights)[..., None]

    made = pixels(out / "p.png")
    inside = ((made > 0) & (made < 255)).all(-1)  # other pixels are cut at the limits of a byte
    assert inside.sum() > 30
    apart = np.abs(differences(made) - differences(PHOTO))[inside]
    assert apart.max() < 2


@pytest.mark.long
def test_matched_colours_change_the_style_and_grey_contents_get_grey_styles(use, places, tmp_path):
    dark = places["one"].replace("a.png", "d.png")  # a quarter as bright as the photo
    _, plain = use("plain", style=dark)
    _, out = use("matched", style=dark, colour="match")
    assert np.abs(pixels(plain / "p.png") - pixels(out / "p.png")).mean() > 0.5


def refused(use, error, *parts, **flags):
    with pytest.raises(error) as raised:
        use("refused", **flags)
    message = str(raised.value)
    assert "\n" not in message
    assert all(part in message for part in parts), message


@pytest.mark.parametrize(
    ("flags", "part"),
    [
        ({"alpha": 1.5}, "alpha=1.5 is not allowed; allowed: 0 to 1"),
        ({"alpha": 0.5, "sheet": "alpha"}, "alpha=0.5 is not allowed; allowed: 1, since sheet='alpha' has"),
        ({"weights": ["1", "x"]}, "weights=1,x is not allowed; allowed: numbers"),
        ({"weights": ["1", "1"]}, "one for each of the 4 styles"),
        ({"weights": ["0", "0", "0", "0"]}, "with a sum above 0"),
        ({"weights": ["1", "1", "1", "1"], "sheet": "alpha"}, "--weights and --sheet exclude each other"),
        ({"style": ""}, "--style is required"),
        ({"style": "nowhere"}, "style='nowhere' does not exist"),
        ({"direction": "t2s"}, "--direction is for models that do not take styles"),
        ({"colour": "grey"}, "colour='grey' is not allowed"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_refusals(use, tmp_path, flags, part):
    refused(use, ConfigError, part, **flags)
    assert not (tmp_path / "refused").exists()


def test_pictures_of_two_pairs_never_have_one_name(use, tmp_path):
    """Such as the photo a/b in the style c and the photo a in the style b/c."""
    small = {"a.png": SQUARE}
    photos, paintings = tmp_path / "some", tmp_path / "paintings"
    saved(photos, small), saved(photos / "a", {"b.png": SQUARE})
    saved(paintings, {"c.png": SQUARE}), saved(paintings / "b", {"c.png": SQUARE})
    words = "two pictures would be a/b/c.png; rename one of the images"
    refused(use, ConfigError, words, input=str(photos), style=str(paintings))
    assert not (tmp_path / "refused").exists()


def test_a_sheet_of_mixtures_needs_four_styles(use, places):
    refused(use, ConfigError, "sheet='mix' needs 4 styles", "has 1", sheet="mix", style=places["one"])


def test_masks_of_another_size_or_with_unknown_styles_are_refused(use, tmp_path):
    small = saved(tmp_path / "small", {"p.png": np.zeros((22, 30), np.uint8)})
    refused(use, DataError, "p.png has 30 x 22 pixels; allowed: 31 x 22", mask=small)
    high = saved(tmp_path / "high", {"p.png": np.full((22, 31), 4, np.uint8)})
    refused(use, DataError, "p.png has the number 4; allowed: 0 to 3", mask=high)
    other = saved(tmp_path / "other", {"q.png": np.zeros((22, 31), np.uint8)})
    saved(tmp_path / "other", {"r.png": np.zeros((22, 31), np.uint8)})
    refused(use, DataError, "has no mask p.png for p.png", mask=other)
    coloured = saved(tmp_path / "coloured", {"p.png": PHOTO})
    refused(use, DataError, "p.png cannot be used: mode RGB", mask=coloured)


def test_a_style_that_cannot_be_read_is_refused_and_such_a_photo_is_left_out(use, places, tmp_path):
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(b"no picture")
    refused(use, DataError, "damaged.png cannot be used: not an image", style=str(damaged))
    photos = tmp_path / "photos"
    saved(photos, {"p.png": PHOTO})
    (photos / "q.png").write_bytes(b"no picture")
    refused(use, IncompleteError, "1 of 2 images could not be used", input=str(photos), style=places["one"])
    assert (tmp_path / "refused" / "p.png").exists()


def test_the_default_of_every_wish_is_that_of_the_flag():
    import dataclasses
    import inspect

    flags = inspect.signature(translate.run).parameters
    for field in dataclasses.fields(Wishes):
        assert flags[field.name].default == field.default, field.name
