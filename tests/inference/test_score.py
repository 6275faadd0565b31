"""Scores of pictures against others: independent figures, runs, the cache, and what is refused."""

import io
import logging
import zipfile

import inception_weights
import jax
import numpy as np
import pytest
import scipy.linalg
from PIL import Image
from scipy.spatial.distance import cdist

from gan_jax.errors import ConfigError, DataError, WorkdirError
from gan_jax.inference import describing, sample, score
from gan_jax.metrics import features as from_files
from gan_jax.networks.recognition import inception
from gan_jax.ops.pixels import to_float
from gan_jax.runs import restore


def noise(count, seed, high=256, shape=(8, 8, 3)):
    return np.random.default_rng(seed).integers(0, high, (count, *shape)).astype(np.uint8)


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def folder(place, images):
    """PNGs named by their place, in a folder or a zip; returns the path as text."""
    if place.suffix == ".zip":
        with zipfile.ZipFile(place, "w") as archive:
            for number, image in enumerate(images):
                archive.writestr(f"{number:03d}.png", png(image))
    else:
        place.mkdir()
        for number, image in enumerate(images):
            (place / f"{number:03d}.png").write_bytes(png(image))
    return str(place)


@pytest.fixture(scope="module")
def judge(runs_folder):
    """The folder of a finished classifier of images of 8 pixels, whose features are 8 numbers."""
    return str(next((runs_folder / "cache").glob("judge-*")))


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """A folder of 30 pictures and a zip of 24 darker ones, and their pixels."""
    place = tmp_path_factory.mktemp("sets")
    ours, real = noise(30, 0), noise(24, 1, 200)
    return (folder(place / "ours", ours), folder(place / "real.zip", real)), (ours, real)


# --- the published formulas, written again ------------------------------------------------------------


def frechet(x, y):
    """clean-fid's `frechet_distance`, with scipy's root of the product."""
    root = scipy.linalg.sqrtm(np.cov(x, rowvar=False) @ np.cov(y, rowvar=False)).real
    traces = np.trace(np.cov(x, rowvar=False)) + np.trace(np.cov(y, rowvar=False))
    return np.square(x.mean(0) - y.mean(0)).sum() + traces - 2 * np.trace(root)


def kernel(x, y):
    """The unbiased estimate of torch-fidelity for one subset that holds all rows of two equal sets."""
    m, d = x.shape
    xx, yy, xy = ((a @ b.T / d + 1) ** 3 for a, b in ((x, x), (y, y), (x, y)))
    within = xx.sum() - np.trace(xx) + yy.sum() - np.trace(yy)
    return within / (m * (m - 1)) - 2 * xy.mean()


def neighbours(real, fake):
    """Precision and recall as torch-fidelity has them, density and coverage as Naeem et al. publish them."""

    def radii(x, k):
        return np.sort(cdist(x, x), 1)[:, k]  # column 0 is the distance to itself

    apart = cdist(real, fake)
    return {
        "precision": (apart <= radii(real, 3)[:, None]).any(0).mean(),
        "recall": (apart <= radii(fake, 3)[None]).any(1).mean(),
        "density": (apart < radii(real, 5)[:, None]).sum(0).mean() / 5,
        "coverage": (apart.min(1) < radii(real, 5)).mean(),
    }


def inception_score(logits, splits=10):
    logits = logits[np.random.default_rng(0).permutation(len(logits))].astype(np.float64)
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    parts = [part * (np.log(part) - np.log(part.mean(0))) for part in np.array_split(p, splits)]
    return np.mean([np.exp(part.sum(1).mean()) for part in parts])


def close(found, wanted):
    assert {name: found[name] for name in wanted} == {
        name: pytest.approx(value, rel=1e-3, abs=1e-9) for name, value in wanted.items()
    }


# --- agreement ------------------------------------------------------------------------------------


def by_run(folder, images):
    """Features and logits of a classifier's run, by its model alone."""
    run = restore.load(folder)
    batch = {"image": to_float(images)}
    return np.asarray(run.model.embed(run.state, batch)), np.asarray(run.model.predict(run.state, batch))


@pytest.mark.long
def test_by_a_classifier_s_run_every_score_is_the_published_formula(judge, sets):
    (ours, real), pixels = sets
    found = score.run(input=ours, reference=real, features=judge, cache="")
    (x, logits), (y, _) = (by_run(judge, images) for images in pixels)
    wanted = {"frechet": frechet(y, x), **neighbours(y, x), "is": inception_score(logits)}
    close(found, {f"judge_{name}": value for name, value in wanted.items()})
    assert (found["n_input"], found["n_reference"]) == (30, 24)
    assert not [name for name in found if "fid" in name or "kid" in name]
    equal = score.run(input=real, reference=real, features=judge, cache="")
    assert equal["judge_frechet"] == pytest.approx(0, abs=1e-6)
    assert equal["judge_precision"] == equal["judge_recall"] == equal["judge_coverage"] == 1


def by_pillow(pixels):
    """clean-fid's resizing and its input of the network."""
    channels = [Image.fromarray(channel.astype(np.float32)) for channel in np.moveaxis(pixels, -1, 0)]
    resized = [np.asarray(channel.resize((299, 299), Image.Resampling.BICUBIC)) for channel in channels]
    return (np.clip(np.stack(resized, -1), 0, 255) - 128) / 128


def blocks(prepared):
    """Nine columns of each prepared image, in place of the network."""
    image = prepared[:, :297, :297].reshape(-1, 3, 99, 3, 99, 3)
    return image.mean((2, 4, 5)).reshape(-1, 9), (image**2).mean((2, 4)).reshape(-1, 27)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Random weights of FID's Inception in the shared file's names and shapes."""
    path = tmp_path_factory.mktemp("weights") / "inception.npz"
    np.savez(path, **inception_weights.draw(inception.shapes()))
    return str(path)


@pytest.mark.long
def test_pictures_of_any_size_reach_inception_as_clean_fid_prepares_them(
    weights, tmp_path, monkeypatch, caplog
):
    def describe(variables, pictures):
        features, logits = blocks(inception.prepare(pictures))
        return {"features": features + variables["params"]["fc"]["kernel"][0, 0], "logits": 5 * logits}

    replaced = from_files.NETWORKS["inception"]._replace(describe=describe)
    monkeypatch.setitem(from_files.NETWORKS, "inception", replaced)
    from_files._load.cache_clear()
    ours = [noise(1, i, shape=(9 + i, 30, 3))[0] for i in range(20)]
    real = [noise(1, 90 + i, 220, (299 + i % 3, 320, 3))[0] for i in range(20)]
    places = [folder(tmp_path / "a", ours), folder(tmp_path / "b", real)]
    found = score.run(input=places[0], reference=places[1], weights=weights.split(","), cache="")
    from_files._load.cache_clear()
    (x, logits), (y, _) = (blocks(np.stack([by_pillow(image) for image in of])) for of in (ours, real))
    wanted = {
        "fid": frechet(y, x),
        "kid": kernel(x, y),
        **neighbours(y, x),
        "is": inception_score(5 * logits),
    }
    assert wanted["fid"] > 0.01
    close(found, {f"{name}_inception_clean": value for name, value in wanted.items() if name != "kid"})
    # The kernel of features of this size is near its constant, so its difference loses digits.
    assert found["kid_inception_clean"] == pytest.approx(wanted["kid"], rel=0.02)
    assert "differ in size: the first one of input has 30 x 9 pixels" in caplog.text


@pytest.mark.nightly
def test_by_random_weights_of_inception_itself(weights, tmp_path):
    ours, real = noise(7, 0, shape=(40, 28, 3)), noise(6, 1, 160, (30, 30, 3))
    places = [folder(tmp_path / "a", ours), folder(tmp_path / "b", real)]
    found = score.run(input=places[0], reference=places[1], weights=weights, cache="")
    variables, _ = from_files.read("inception", weights)
    network = jax.jit(inception.Inception().apply)
    x, y = (
        np.asarray(network(variables, np.stack([by_pillow(image) for image in of]))[0], np.float64)
        for of in (ours, real)
    )
    a, b = ((z - z.mean(0)) / np.sqrt(len(z) - 1) for z in (x, y))
    # The non-zero eigenvalues of the product of the covariances are those of this small matrix.
    roots = np.sqrt(np.maximum(np.linalg.eigvals(a @ b.T @ b @ a.T).real, 0))
    fid = np.square(x.mean(0) - y.mean(0)).sum() + (a**2).sum() + (b**2).sum() - 2 * roots.sum()
    close(found, {"fid_inception_clean": fid, "precision_inception_clean": neighbours(y, x)["precision"]})


@pytest.mark.long
def test_random_features_are_the_same_on_every_machine(sets):
    network = from_files.untrained()
    assert network.sha256.startswith("d7d15dff60f26eb")
    found = network.apply("embed", {"image": sets[1][0][:2]})
    assert describing.checked("random", "")().name == "random"
    assert found.shape == (2, 512)
    prepared = np.stack([describing.resized(image, network.side) for image in sets[1][0][:2]])
    np.testing.assert_allclose(network.apply("embed", {"pixels": prepared}), found, rtol=1e-3, atol=1e-4)
    assert np.abs(found[0] - found[1]).max() > 0.01


# --- runs, cache ----------------------------------------------------------------------------------


def test_a_run_stands_for_its_samples_and_gives_the_reference_their_form(runs_folder, judge, tmp_path):
    plain = runs_folder / "plain"
    sample.run(plain, out=str(tmp_path / "drawn.npz"), num=20, seed=4)
    wide = noise(20, 3, shape=(16, 24, 3))
    square = np.stack([np.asarray(Image.fromarray(x[:, 4:20]).resize((8, 8), 2)) for x in wide])
    np.savez(tmp_path / "square.npz", image=square)
    options = {"features": judge, "cache": ""}
    by_files = score.run(input=str(tmp_path / "drawn.npz"), reference=str(tmp_path / "square.npz"), **options)
    reference = folder(tmp_path / "wide", wide)
    assert score.run(input=str(plain), reference=reference, seed=4, **options) == by_files
    fewer = score.run(input=reference, reference=str(plain), seed=4, num=10, **options)
    assert (fewer["n_input"], fewer["n_reference"]) == (20, 10)


def test_the_reference_is_described_once_for_each_content(judge, tmp_path, monkeypatch):
    described, whole = [], describing.Describer.__call__

    def noted(self, pictures):
        described.append(pictures.flag)
        return whole(self, pictures)

    monkeypatch.setattr(describing.Describer, "__call__", noted)
    ours, real = folder(tmp_path / "a", noise(8, 0)), folder(tmp_path / "b", noise(8, 1))
    options = {"input": ours, "reference": real, "features": judge, "cache": str(tmp_path / "cache")}
    first = score.run(**options)
    assert score.run(**options) == first
    assert described == ["reference", "input", "input"]
    (tmp_path / "b" / "000.png").write_bytes(png(noise(1, 2)[0]))
    assert score.run(**options) != first
    assert described[3:] == ["reference", "input"]


def test_a_file_keeps_the_scores_and_what_they_are_of(judge, sets, tmp_path):
    ours, real = sets[0]
    found = score.run(input=ours, reference=real, features=judge, cache="", out=str(tmp_path / "s.json"))
    kept = score.Workdir(tmp_path).read_json("s.json")
    assert found.pop("scores") == tmp_path / "s.json"
    assert {name: kept[name] for name in found} == found
    assert (kept["input"], kept["reference"], kept["features"]) == (ours, real, judge)
    assert kept["features_sha256"] == restore.load(judge).result["params_sha256"]
    assert "seed" not in kept


# --- what is refused ------------------------------------------------------------------------------


def test_pictures_that_cannot_be_read_are_left_out_and_counted(judge, sets, tmp_path, caplog):
    place = tmp_path / "some"
    folder(place, noise(8, 0))
    (place / "damaged.png").write_bytes(b"no picture")
    with caplog.at_level(logging.WARNING):
        found = score.run(input=str(place), reference=sets[0][1], features=judge, cache="")
    assert found["n_input"] == 8
    assert "input: 1 of 9 pictures are left out: 1 not an image (damaged.png)" in caplog.text
    for number in range(3):
        (place / f"00{number}.png").write_bytes(b"no picture")
    message = r"^input: 5 of 9 pictures of \S+some can be used; 6 or more are needed: 4 not an image \("
    with pytest.raises(DataError, match=message):
        score.run(input=str(place), reference=sets[0][1], features=judge, cache="")


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        (
            {"features": "inceptoin"},
            ConfigError,
            r"^features='inceptoin' is not known; did you mean 'inception'",
        ),
        ({"features": "inception"}, ConfigError, r"^weights='' is not allowed with features='inception'"),
        (
            {"features": "inception", "weights": "/none.pth"},
            ConfigError,
            r"^weights='/none.pth' cannot be read: No such file",
        ),
        (
            {"weights": "w.pth"},
            ConfigError,
            r"^weights='w.pth' is for features='inception', 'vgg16', 'vgg19'$",
        ),
        ({"features": "{plain}"}, WorkdirError, r"model 'linear'; --features needs the run of a classifier$"),
        ({"input": "{here}/none"}, ConfigError, r"^input='\S+none' does not exist; allowed: a folder, a zip"),
        ({"reference": "{here}/few"}, DataError, r"^reference: \S+few has 5 pictures; 6 or more are needed$"),
        (
            {"input": "{here}/w.npz"},
            DataError,
            r"w.npz: holds x; expected image and, optionally, label or x_all and",
        ),
        ({"num": 9}, ConfigError, r"^num=9 is for the samples of a run; input and reference are none$"),
        ({"input": "{plain}", "num": 5}, ConfigError, r"^num=5 is not allowed; allowed: 6 or more$"),
        ({"input": "{judge}"}, WorkdirError, r"model 'classifier', which predicts labels"),
        (
            {"out": "scores.txt"},
            ConfigError,
            r"^out='scores.txt' is not allowed; allowed: a file ending in .json",
        ),
    ],
)
def test_bad_input_is_refused_before_any_network_is_loaded(
    fields, error, message, runs_folder, judge, sets, tmp_path, monkeypatch
):
    monkeypatch.setattr(describing, "_of_run", None)
    folder(tmp_path / "few", noise(5, 0))
    np.savez(tmp_path / "w.npz", x=np.zeros(3))
    places = {"plain": runs_folder / "plain", "judge": judge, "here": tmp_path}
    given = {"input": sets[0][0], "reference": sets[0][1], "features": judge, "cache": "", **fields}
    given = {name: v.format(**places) if isinstance(v, str) else v for name, v in given.items()}
    with pytest.raises(error, match=message) as caught:
        score.run(**given)
    assert "\n" not in str(caught.value)
