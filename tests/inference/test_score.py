"""Scores of pictures against others are the published formulas, written again here."""

import inception_weights
import jax
import numpy as np
import pytest
import scipy.linalg
from PIL import Image
from scipy.spatial.distance import cdist
from scored import folder, noise

from gan_jax.inference import describing, score
from gan_jax.metrics import features as from_files
from gan_jax.networks.recognition import inception
from gan_jax.ops.pixels import to_float
from gan_jax.runs import restore


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
