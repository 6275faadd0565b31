"""Configurations that change attributes of faces: variants, images, judges, and runs that stop and go on."""

import json
from pathlib import Path

import pytest

from gan_jax import config
from gan_jax.data import splits
from gan_jax.errors import ConfigError
from gan_jax.train import train

FOLDER = Path(__file__).parents[2] / "configs"
ONE = ["black", "blond", "brown", "young", "part", "quick"]
VARIANTS = {
    "cyclegan_celeba": [*ONE, "blond,part", "young,quick"],
    "diat": ["small", "quick"],
    "diat_celeba": [*ONE, "reverse", "blond,reverse,part", "reverse,young,quick"],
    "icgan": ["small", "quick"],
    "icgan_celeba": ["paper", "part", "quick", "part,quick"],
    "stargan": ["small", "quick"],
    "stargan_celeba": ["constant", "part", "mid", "quick", "part,quick"],
}
EVERY = [(name, variant) for name, variants in VARIANTS.items() for variant in ("", *variants)]
SIZE = 8000  # of the part; of any number that the slices of the whole set leave something of


def load(name, variant=""):
    return config.load(f"{FOLDER / name}.py:{variant}")


def rows(split):
    return {
        (name, row)
        for name, part in splits.parse(split, {"train": SIZE, "test": SIZE, "validation": SIZE}, "test")
        for row in range(part.start, part.stop)
    }


def test_the_variants_listed_here_are_those_that_a_file_knows():
    for name, listed in VARIANTS.items():
        with pytest.raises(ConfigError) as error:
            load(name, "no_such")
        known = str(error.value).partition("known: ")[2].split(", ")
        assert {part for variant in listed for part in variant.split(",")} == set(known), name


@pytest.mark.parametrize(("name", "variant"), EVERY)
def test_every_variant_builds_and_is_scored_on_images_that_no_network_learns(name, variant):
    built = config.resolved(load(name, variant))
    config.validate(built)
    learned = [*built.data.roles.values(), *built.requires.judge.data.roles.values()]
    seen = set().union(*(rows(role.split) for role in learned))
    for kind in ("test", "back"):
        if kind in built.evals:
            assert not seen & set().union(*(rows(role.split) for role in built.evals[kind].roles.values()))
    if built.model.get("decay_end"):
        assert built.model.decay_end == 2 * built.model.decay_start
        assert "quick" in variant or built.steps == built.model.decay_end


def test_models_that_are_compared_have_one_judge_and_the_same_faces():
    found = [
        config.resolved(load(name, f"{more}part")) for name, more in
        (("cyclegan_celeba", "young,"), ("diat_celeba", "blond,"), ("icgan_celeba", ""))
    ]  # fmt: skip
    first, *others = [built.requires.to_dict() for built in found]
    assert all(judge == first for judge in others)
    for built in found:
        assert built.data.size == 64
        assert {role.split for role in built.data.roles.values()} == {"train[:7000]"}
        assert built.evals.test.roles.source.split == "train[7200:]"
    assert found[0].evals.test.wanted == ("Young",) and found[1].evals.test.wanted == ("Blond_Hair",)


def test_a_domain_has_the_attribute_or_lacks_it_and_reverse_exchanges_them():
    picks = lambda role: (tuple(role.get("having", ())), tuple(role.get("lacking", ())))  # noqa: E731
    plain, turned = (load("diat_celeba", variant) for variant in ("blond", "blond,reverse"))
    blond = ("Blond_Hair",)
    assert [picks(role) for role in plain.data.roles.values()] == [((), blond), (blond, ())]
    assert [picks(role) for role in turned.data.roles.values()] == [(blond, ()), ((), blond)]
    assert picks(turned.evals.test.roles.source) == picks(turned.evals.samples.roles.source) == (blond, ())
    assert (plain.evals.test.present, turned.evals.test.present) == (True, False)
    both = load("cyclegan_celeba", "blond").evals
    assert picks(both.test.roles.source) == ((), blond) and picks(both.back.roles.target) == (blond, ())


def test_ones_own_attributes_reach_every_part():
    for name in ("diat", "icgan"):
        built = load(name)
        config.following.request(built, ("Smiling",))
        config.validate(built)
        stored = json.dumps(built.to_dict())
        assert "Smiling" in stored and "Male" not in stored
        assert built.requires.judge.model.num_classes == 1


# --- a run of each new model ---------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "players", "sheets"),
    [
        ("icgan_celeba", {"gen", "disc", "enc"}, {"final_sheet", "final_reconstructions"}),
        ("diat_celeba", {"gen", "disc"}, {"final_sheet"}),
    ],
)
def test_quick_trains_evaluates_and_goes_on_as_if_it_had_never_stopped(name, players, sheets, tmp_path):
    def run(folder, steps):
        built = load(name, "quick")
        with built.unlocked():
            built.steps, built.cache_dir = steps, str(tmp_path / "cache")
            built.data.size = built.requires.judge.data.size = 16
            built.model["size" if "size" in built.model else "d_downs"] = 16 if "size" in built.model else 2
            built.requires.judge.model.update(architecture="stages", widths=(4, 4, 4, 8))
        config.validate(built)
        return train(built, tmp_path / folder)

    run("continued", 1)  # IcGAN's first step trains the GAN, and all others train the encoders
    continued, straight = run("continued", 3), run("straight", 3)
    assert continued["params_sha256"] == straight["params_sha256"]
    assert continued["metrics"] == straight["metrics"]
    records = [tmp_path / folder / "metrics.jsonl" for folder in ("continued", "straight")]
    assert records[0].read_bytes() == records[1].read_bytes()
    lines = [json.loads(line) for line in records[0].read_text().splitlines()]
    assert players <= {key.partition("/")[0] for line in lines for key in line}
    drawn = {path.name for path in (tmp_path / "straight" / "samples").glob("*.png")}
    assert {f"{sheet}_00000003.png" for sheet in sheets} <= drawn
    assert 0 <= straight["metrics"]["error"] <= 1
