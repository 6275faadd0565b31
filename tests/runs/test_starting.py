"""Runs that start with the parameters of others: what they take, what starts anew, and what is refused."""

import json
import logging
from pathlib import Path

import jax
import numpy as np
import optax
import pytest
from saved_runs import begun, saved

from gan_jax import config, game
from gan_jax.errors import ConfigError
from gan_jax.runs import leaves, restore, starting
from gan_jax.runs.workdir import Workdir
from gan_jax.train import train

CONFIGS = Path(__file__).parents[2] / "configs"
EXAMPLE = {"image": [[28, 28, 1], "uint8"], "image_label": [[], "int32"]}


def made(**fields):
    """A conditional GAN of digits."""
    found = config.load(f"{CONFIGS / 'cgan_mnist.py'}:quick")
    with found.unlocked():
        found.requires, found.evals, found.steps, found.cache_dir = {}, {}, 0, ""
        found.tensorboard = False
        found.update_from_flattened_dict({k.replace("__", "."): v for k, v in fields.items()})
    return found


def state(folder):
    return restore.load(folder).state


def equal(one, other):
    return {
        name: np.array_equal(leaf, leaves.named(other).get(name)) for name, leaf in leaves.named(one).items()
    }


def run_of(folder, built, seed):
    """The folder of a run at its last step, whose parameters and averages differ."""
    state = begun(built, seed)
    gen = state.players["gen"]
    averages = None if gen.ema is None else jax.tree.map(lambda leaf: leaf + 1, gen.ema)
    players = {**state.players, "gen": gen.replace(ema=averages)}
    return saved(folder, built, state.replace(step=np.int32(built.steps), players=players), EXAMPLE)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A run with averages of G's parameters, whose parameters and averages differ."""
    return run_of(tmp_path_factory.mktemp("source") / "run", made(seed=5, steps=2, model__ema=0.5), seed=5)


@pytest.mark.long
def test_all_players_or_some_start_with_the_parameters_and_averages_of_another_run(source, tmp_path):
    theirs = state(source)
    train(made(init=str(source), model__ema=0.9), tmp_path / "all")
    mine = state(tmp_path / "all")
    for name, player in mine.players.items():
        for part in ("params", "batch_stats", "ema"):
            assert all(equal(getattr(player, part), getattr(theirs.players[name], part)).values()), (
                name,
                part,
            )
    assert not all(equal(mine.players["gen"].params, mine.players["gen"].ema).values())
    assert int(mine.step) == 0 and not any(map(np.any, jax.tree.leaves(mine.players["gen"].opt_state)))
    told = json.loads((tmp_path / "all" / "init.json").read_text())
    assert [fact["player"] for fact in told["init"]] == ["disc", "gen"] and told["different"] == []
    assert told["init"][1] == {"player": "gen", "run": str(source), "step": 2}

    train(made(init=f"gen={source}"), tmp_path / "gen")
    train(made(), tmp_path / "none")
    gen, none = state(tmp_path / "gen"), state(tmp_path / "none")
    assert all(equal(gen.players["gen"].params, theirs.players["gen"].params).values())
    assert gen.players["gen"].ema is None
    assert all(equal(gen.players["disc"].params, none.players["disc"].params).values())
    assert not all(equal(gen.players["disc"].params, theirs.players["disc"].params).values())


def test_averages_of_a_run_without_them_are_its_parameters(tmp_path):
    plain = run_of(tmp_path / "plain", made(), seed=3)
    built = made(init=str(plain), model__ema=0.9)
    gen = starting.start(built, begun(built), Workdir(tmp_path)).players["gen"]
    theirs = state(plain).players["gen"].params
    assert all(equal(gen.ema, theirs).values()) and all(equal(gen.params, theirs).values())


def test_other_classes_are_named_and_their_layers_start_anew(source, tmp_path, caplog):
    noise = np.random.default_rng(0).integers(0, 256, (100, 28, 28, 1), np.uint8)
    np.savez(tmp_path / "noise.npz", image=noise, label=np.arange(100) % 10)
    built = made(init=str(source), model__num_classes=12)
    built.data.roles.image = config.inline(files={"train": str(tmp_path / "noise.npz")})
    with caplog.at_level(logging.WARNING):
        train(built, tmp_path / "run")
    lines = [record.getMessage() for record in caplog.records if record.getMessage().startswith("init: ")]
    assert f"init: model.num_classes is 10 in {source}, 12 here" in lines
    anew = [line.split()[1] for line in lines if line.endswith("here; it starts anew")]
    assert {name.split(".")[0] for name in anew} == {"gen", "disc"} and all(
        "\n" not in line for line in lines
    )
    mine, theirs = state(tmp_path / "run"), state(source)
    for player in ("gen", "disc"):
        same = equal(mine.players[player].params, theirs.players[player].params)
        assert {f"{player}.{leaf}" for leaf, taken in same.items() if not taken} == {
            name for name in anew if name.startswith(player)
        }
        assert any(same.values())
    assert json.loads((tmp_path / "run" / "init.json").read_text())["different"] == [
        line.removeprefix("init: ") for line in lines
    ]


def test_running_statistics_that_do_not_fit_are_named(tmp_path, monkeypatch, caplog):
    def with_statistics(**shapes):
        statistics = {name: np.full(shape, 3.0, np.float32) for name, shape in shapes.items()}
        variables = {"params": {"norm": {"scale": np.ones(2)}}, "batch_stats": {"norm": statistics}}
        return game.create({"gen": game.player(variables, optax.sgd(0.1))})

    theirs = restore.Run(made(), None, with_statistics(mean=2, var=4), None)
    monkeypatch.setattr(restore, "load", lambda path: theirs)
    mine = jax.tree.map(np.zeros_like, with_statistics(mean=2, var=2, u=(1, 3)))
    with caplog.at_level(logging.WARNING):
        started = starting.start(made(init="RUN"), mine, Workdir(tmp_path))
    lines = [
        "running statistic gen.norm.u is not in RUN, [1, 3] here; it starts anew",
        "running statistic gen.norm.var is [4] in RUN, [2] here; it starts anew",
    ]
    assert [record.getMessage() for record in caplog.records] == [f"init: {line}" for line in lines]
    assert json.loads((tmp_path / "init.json").read_text())["different"] == lines
    taken = started.players["gen"].batch_stats["norm"]
    assert {name: leaf.max() for name, leaf in taken.items()} == {"mean": 3, "var": 0, "u": 0}


@pytest.mark.long
def test_a_run_that_goes_on_does_not_need_the_other_run(source, tmp_path):
    source.rename(tmp_path / "moved")
    try:
        train(made(init=str(tmp_path / "moved"), steps=1), tmp_path / "run")
    finally:
        (tmp_path / "moved").rename(source)
    result = train(made(init=str(tmp_path / "moved"), steps=2), tmp_path / "run")
    assert result["step"] == 2


@pytest.mark.parametrize(
    ("init", "fields", "message"),
    [
        ("nowhere", {}, r"^init='nowhere': .*/nowhere holds no run: it has no config.json$"),
        ("critic={}", {}, r"^init='critic=.*': run .* has no player 'critic'; it has disc, gen$"),
        ("gen={},gen={}", {}, r"^init='gen=.*' is not allowed; allowed: the folder of a run, or player=f"),
        ("gen=", {}, r"^init='gen=' is not allowed"),
        (
            "{}",
            {"model__generator": "dcgan", "model__g_width": 4},
            r"^init=.*: no parameter of player 'gen' fits",
        ),
    ],
)
def test_a_run_that_cannot_start_so_is_one_line_before_any_work(source, tmp_path, init, fields, message):
    with pytest.raises(ConfigError, match=message):
        train(made(init=init.format(source, source), **fields), tmp_path / "run")
    assert not (tmp_path / "run" / "config.json").exists()


def test_the_text_names_players_or_one_run():
    assert starting.sources("") == {}
    assert starting.sources("runs/a") == {"": Path("runs/a")}
    assert starting.sources("gen=runs/a,disc=b") == {"gen": Path("runs/a"), "disc": Path("b")}
