"""configs/vae_mnist.py: what its variants change, that `quick` runs to its scores, and an epoch of MNIST."""

from pathlib import Path

import pytest

from gan_jax import config
from gan_jax.errors import ConfigError
from gan_jax.train import evaluate_run, train

FILE = Path(__file__).parents[2] / "configs" / "vae_mnist.py"
VARIANTS = ["z2", "aevb", "conv", "binary", "gaussian", "seed", "fashion", "part", "quick"]


def load(arg):
    return config.load(f"{FILE}:{arg}")


def roles(built):
    built = config.resolved(built)
    yield from built.data.roles.values()
    yield from (role for spec in built.evals.values() for role in spec.roles.values())
    yield from (role for required in built.requires.values() for role in roles(required))


def test_the_variants_listed_here_are_those_that_the_file_knows():
    with pytest.raises(ConfigError) as error:
        load("no_such")
    assert str(error.value).partition("known: ")[2].split(", ") == VARIANTS


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_validates_alone_and_beside_quick(variant):
    for arg in {variant, f"{variant},quick"}:
        built = load(arg)
        config.validate(built)
        assert built.model.size == built.data.size == built.requires.judge.data.size
        expected = {"part": {""}, "fashion": {"fashion_mnist"}}.get(variant, {"mnist"})
        assert {role.name for role in roles(built)} == ({"digits_plain"} if "quick" in arg else expected)


@pytest.mark.parametrize("variant", ["z2", "aevb"])
def test_only_planes_are_mapped(variant):
    built = load(variant)
    assert {built.evals[name].kind for name in ("map", "means")} == {"latent_map", "latent_scatter"}
    built.model.z_dim = 3
    with pytest.raises(ConfigError, match=r"^evals\.(map|means)\.kind=.* model\.z_dim=3 is not allowed"):
        config.validate(built)


def quick(folder, steps):
    built = load("z2,quick")
    built.steps, built.cache_dir = steps, str(folder / "cache")
    return built


@pytest.mark.nightly
def test_quick_trains_draws_and_scores_and_continues_to_the_straight_run(tmp_path):
    two = train(quick(tmp_path, 2), tmp_path / "continued")
    continued = train(quick(tmp_path, 4), tmp_path / "continued")
    straight = train(quick(tmp_path, 4), tmp_path / "straight")
    assert continued["params_sha256"] == straight["params_sha256"] != two["params_sha256"]
    assert continued["metrics"] == straight["metrics"]
    assert evaluate_run(tmp_path / "straight")["metrics"] == straight["metrics"]
    drawn = {
        "samples_sheet": "sheet",
        "reconstructions": "reconstructions",
        "map": "map",
        "means_scatter": "scatter",
    }
    assert {p.name for p in (tmp_path / "straight" / "samples").glob("*.png")} == {
        *(f"{name}_0000000{step}.png" for name in drawn for step in (2, 4)),
        *(f"final_{name}_00000004.png" for name in drawn.values()),
    }
    metrics = straight["metrics"]
    assert metrics["examples"] == 32
    assert metrics["loss"] == pytest.approx(metrics["recon"] + metrics["kl"], rel=1e-6)
    assert metrics["elbo"] == pytest.approx(-metrics["loss"], rel=1e-6)
    scores = metrics["generation"]
    assert scores["n_real"] == scores["n_fake"] == 32
    assert scores["digit_fid"] > 0 < scores["untrained"]["digit_fid"]


@pytest.mark.nightly
@pytest.mark.real_data
def test_an_epoch_of_mnist_reaches_the_measured_bound(tmp_path):
    built = load("part")
    built.steps, built.requires, built.tensorboard = 469, {}, False
    built.evals = {"test": built.evals.test.to_dict()}
    found = train(built, tmp_path / "run")["metrics"]
    assert found["loss"] == pytest.approx(121.7, abs=2.5)
    assert found["kl"] == pytest.approx(24, abs=3)
