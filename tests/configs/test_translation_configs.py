"""Configurations of image translation: their variants, their images, and that `quick` runs and resumes."""

import json
import re
from pathlib import Path

import pytest

from gan_jax import config, models
from gan_jax.data import roles
from gan_jax.train import train

FOLDER = Path(__file__).parents[2] / "configs"
VARIANTS = {
    "cyclegan_digit_pairs": ["part", "quick", "usps_mnist", "svhn_mnist,part", "mnist_mnist_m,part"],
    "cyclegan_facades": ["part", "cycle_alone,part", "gan_alone", "forward", "backward", "gan_alone,quick"],
    "cyclegan_horse2deer": ["cat2dog", "part", "quick", "cat2dog,part", "cat2dog,quick"],
    "cyclegan_horse2zebra": ["folders", "part", "quick", "part,quick"],
    "cyclegan_monet": ["part", "no_identity", "no_identity,part", "quick", "part,quick"],
    "cyclegan_svhn_mnist": ["part", "yunjey", "quick", "yunjey,part", "yunjey,quick"],
    "cyclegan_scenes": ["folders", "labels", "quick", "folders,labels", "labels,quick", "folders,quick"],
    "discogan_celeba_gender": ["paper", "part", "quick", "paper,part"],
    "discogan_svhn_mnist": ["paper", "part", "quick", "paper,part"],
    "discogan_horse2deer": ["cat2dog", "paper", "part", "quick", "cat2dog,part,paper"],
    "pix2pix_celeba": ["colour", "part", "quick", "colour,part", "colour,quick"],
    "pix2pix_facades": ["photo2labels", "part", "mid", "l1,part", "cgan", "encoder,quick", "quick"],
    "pix2pix_scenes": ["folders", "l1", "cgan", "quick", "l1,quick", "folders,quick"],
}
EVERY = [(name, variant) for name, variants in VARIANTS.items() for variant in ("", *variants)]


def load(name, variant=""):
    return config.load(f"{FOLDER / name}.py:{variant}")


def resolved(name, variant=""):
    return config.resolved(load(name, variant))


@pytest.mark.parametrize(("name", "variant"), EVERY)
def test_every_variant_builds_and_validates(name, variant):
    built = load(name, variant)
    config.validate(built)
    assert built.name.startswith(name)
    assert set(built.data.roles) == {"source", "target"}
    assert [role.labels for role in built.data.roles.values()] == [False, False]
    assert (built.data.kind == "paired") == name.startswith("pix2pix")
    # Rates reach zero at the end of the run, after decay in its second half.
    if built.model.get("decay_end"):
        assert built.model.decay_end == 2 * built.model.decay_start
        assert "quick" in variant or built.steps == built.model.decay_end


@pytest.mark.parametrize("name", VARIANTS)
def test_quick_asks_for_no_file_and_no_network(name):
    built = resolved(name, "quick")
    roles = [*built.data.roles.values(), *(r for e in built.evals.values() for r in e.roles.values())]
    assert {role.name for role in roles} <= {
        *("digits_street", "digits_plain", "emoji", "scenes_game", "scenes_real")
    }
    assert all(not role.files for role in roles)


@pytest.mark.parametrize("name", VARIANTS)
def test_no_tested_image_is_trained_on(name):
    for variant in ["", *VARIANTS[name]]:
        if "quick" in variant:
            continue
        built = resolved(name, variant)
        for role, test in built.evals.test.roles.items():
            learned = built.data.roles[role]
            begin = re.fullmatch(r"(train\w?)\[:(\d+)(%?)\]", learned.split)
            end = re.fullmatch(r"(train\w?)\[(\d+)(%?):.*\]", test.split)
            if begin and end:
                assert (begin[1], begin[3]) == (end[1], end[3]) and int(begin[2]) <= int(end[2])
            elif "+" in learned.split:
                assert (learned.split, test.split) == ("test[:8000]+train", "test[8000:]")
            else:
                assert learned.split.startswith("train")
                assert test.split.startswith("test")


def test_the_papers_sizes_are_the_papers():
    zebra, facades = load("cyclegan_horse2zebra"), load("pix2pix_facades")
    assert models.create(zebra.model) == models.model_class("cyclegan")(
        identity=0.5, decay_start=133_400, decay_end=266_800
    )
    assert models.create(facades.model) == models.model_class("pix2pix")()
    for built in (zebra, facades):
        assert (built.data.size, built.data.load_size, built.data.flip) == (256, 286, True)
        assert built.batch_size == 1
    assert zebra.steps == 200 * 1334
    assert facades.steps == 200 * 400


@pytest.mark.parametrize("name", [name for name in VARIANTS if name.startswith("discogan")])
def test_the_equation_as_printed_is_not_undone_by_a_smaller_scale(name):
    for variant in ("paper", "paper,part", "paper,quick"):
        built = load(name, variant).model
        assert (built.gan_weight, built.fm_weight, built.curriculum) == (1, 0, 0)


def test_house_numbers_and_handwriting_are_read_both_ways_by_judges_of_where_they_come_to():
    cyclegan, discogan = (resolved(f"{name}_svhn_mnist", "part") for name in ("cyclegan", "discogan"))
    assert cyclegan.evals == discogan.evals
    assert cyclegan.requires == discogan.requires
    assert cyclegan.data.roles == discogan.data.roles
    learned = {name: judge.data.roles.image for name, judge in cyclegan.requires.items()}
    assert [learned[name].files["train"].partition("/")[0] for name in ("judge", "judge_source")] == [
        "mnist",
        "svhn",
    ]
    for name, given, judge in (("test", "source", "judge"), ("backward", "target", "judge_source")):
        spec = cyclegan.evals[name]
        assert (spec.get("given", "source"), spec.get("judge", "judge")) == (given, judge)
        (role,) = spec.roles
        assert role == given
        tested = {"source": "test[8000:]", "target": "test"}[given]
        assert spec.roles[role].split == tested
    # Each judge is scored on images that no network learns from.
    assert cyclegan.requires.judge_source.evals.test.roles.image.split == "test[8000:]"


def test_colour_replaces_the_edges_everywhere_and_directions_change_sides():
    colour = resolved("pix2pix_celeba", "colour")
    places = [colour.data, *colour.evals.values()]
    assert {place.roles.source.derive for place in places} == {"grey"}
    assert {place.roles.target.get("derive", "") for place in places} == {""}
    for variant, sides in (("", ("right", "left")), ("photo2labels", ("left", "right"))):
        built = resolved("pix2pix_facades", variant)
        for place in (built.data, *built.evals.values()):
            assert (place.roles.source.side, place.roles.target.side) == sides


def test_small_runs_have_the_papers_blocks_for_128_pixels():
    for name in ("cyclegan_facades", "cyclegan_horse2zebra", "cyclegan_monet"):
        built, size = load(name, "part").model, load(name, "part").data.size
        assert (size, built.blocks, built.g_width, built.d_width) == (128, 6, 32, 32)
    assert [load("cyclegan_monet", variant).model.identity for variant in ("part", "no_identity")] == [0.5, 0]


def test_the_ablation_has_the_papers_rows():
    found = {}
    for variant in ("", "cycle_alone", "gan_alone", "forward", "backward"):
        built = load("cyclegan_facades", variant).model
        found[variant] = built.gan_weight, built.cycle_forward, built.cycle_backward
    assert found == {
        **{"": (1, 10, 10), "cycle_alone": (0, 10, 10), "gan_alone": (1, 0, 0)},
        **{"forward": (1, 10, 0), "backward": (1, 0, 10)},
    }


def test_label_maps_of_facades_are_read_where_labels_are():
    for name in ("pix2pix_facades", "cyclegan_facades"):
        for variant in ("", "part"):
            built = resolved(name, variant)
            for role in (*built.data.roles.values(), *built.evals.test.roles.values()):
                assert (role.label_maps, role.label_side) == (role.files, "right")
                assert len(role.label_colours) == len(role.class_names) == role.label_classes == 12
                assert not roles.reading(roles.complete(role.to_dict()))["label_maps"]
    judge, translated = config.resolved(config.load(str(FOLDER / "fcn_facades.py:part"))), built
    for place, images in ((judge.evals.test, translated.evals.test), (judge.data, translated.data)):
        assert place.roles.image.to_dict() == {**images.roles.target.to_dict(), "labels": True}
    assert (judge.data.size, judge.data.load_size, judge.data.flip) == (128, 143, True)


SHRUNK = {
    "cyclegan_horse2deer": {"data.size": 16},
    "cyclegan_svhn_mnist": {},
    "discogan_celeba_gender": {"data.size": 16, "model.levels": 2},
    "pix2pix_celeba": {"data.size": 16, "data.load_size": 18},
}


@pytest.mark.long
@pytest.mark.parametrize(
    "name",
    [
        "cyclegan_horse2deer",
        "pix2pix_celeba",
        pytest.param("cyclegan_svhn_mnist", marks=pytest.mark.nightly),
        pytest.param("discogan_celeba_gender", marks=pytest.mark.nightly),
    ],
)
def test_quick_trains_evaluates_and_goes_on_as_if_it_had_never_stopped(name, tmp_path):
    def run(folder, steps):
        built = load(name, "quick")
        with built.unlocked():
            built.update_from_flattened_dict(SHRUNK[name])
            built.steps, built.cache_dir = steps, str(tmp_path / "cache")
        config.validate(built)
        return train(built, tmp_path / folder)

    run("continued", 1)
    continued, straight = run("continued", 3), run("straight", 3)
    assert continued["params_sha256"] == straight["params_sha256"]
    assert continued["metrics"] == straight["metrics"]
    records = [tmp_path / folder / "metrics.jsonl" for folder in ("continued", "straight")]
    assert records[0].read_bytes() == records[1].read_bytes()
    players = {
        key.partition("/")[0] for line in records[0].read_text().splitlines() for key in json.loads(line)
    }
    assert {"gen", "disc"} <= players
    drawn = {path.name for path in (tmp_path / "straight" / "samples").glob("*.png")}
    kind = "pairs" if name.startswith("pix2pix") else "cycles"
    assert {f"final_{kind}_00000003.png", "final_sheet_00000003.png"} <= drawn
