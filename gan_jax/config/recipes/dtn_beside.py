"""DTN's best recipe for digits, and what was tried beside it, as variants of configs/dtn_svhn_mnist.py."""

from typing import Any

import ml_collections

from gan_jax.config.defaults import model
from gan_jax.config.recipes.digits import STRONG_F
from gan_jax.config.variants import Variant

# Labelled images bent as hands bend strokes, and changed more in size and slant, for longer.
BENT = {
    "dropout": 0.15,
    "weight_decay": 2e-3,
    "scale": 0.25,
    "shear": 0.25,
    "elastic": 0.8,
    "ink": 0.2,
}
LONGER = (14, 5)  # 84 passes for 30


def moved(config: ml_collections.ConfigDict) -> None:
    """Moves and bends what f looks at, so that no mark in one place that f alone reads meets L_CONST."""
    config.model.alpha, config.model.const_warp = 20.0, 2.5


def best(config: ml_collections.ConfigDict) -> None:
    """`moved`, and a longer trained f of bent images, which then trains itself on t, without its labels.

    At a low rate f would hold on to its first answers: twos with a loop would stay eights.
    """
    moved(config)
    plain = config.requires.f.name
    start = config.requires.f.copy_and_resolve_references()
    start.name = f"{plain}_bent"
    start.model.update(BENT)
    start.steps = start.model.schedule_steps = start.steps * LONGER[0] // LONGER[1]
    f = start.copy_and_resolve_references()
    f.name = f"{plain}_self"
    f.requires.start = start
    f.model.update(pseudo_weight=1.0, pseudo_threshold=0.95, learning_rate=2e-3)
    f.steps = f.model.schedule_steps = min(1000, start.steps)
    f.data.roles.unlabelled = config.data.roles.target.to_dict()
    config.requires.f = f


def one_domain_f(config: ml_collections.ConfigDict) -> None:
    """`best` with an f that does not train itself on t."""
    if "start" in config.requires.f.requires:
        config.requires.f = config.requires.f.requires.start.to_dict()


def unbent_f(config: ml_collections.ConfigDict) -> None:
    """`best` with the images of the plain f, and the regularisation that is meant for these."""
    f = config.requires.f
    if "start" not in f.requires:
        return  # without `best` f is the plain one
    plain = model("classifier", **STRONG_F)
    for run in (f, f.requires.start):
        run.model.update({name: plain[name] for name in BENT})
    f.requires.start.name = f.requires.start.name.replace("bent", "long")


def short_f(config: ml_collections.ConfigDict) -> None:
    """`best` with an f that has only the passes of the plain one before it trains itself on t."""
    start = config.requires.f.requires.get("start")
    if start is not None:
        start.steps = start.model.schedule_steps = round(start.steps * LONGER[1] / LONGER[0])


# Each changes one thing of `best`, for experiments/dtn_ablation.py --best.
TRIED: dict[str, dict[str, Any]] = {
    # An ingredient taken away ...
    "plain_const": {"model.const_warp": 0.0},
    "mse": {"model.const_distance": "mse", "model.alpha": 15.0},
    "slow_d": {"model.d_learning_rate": 2e-4},
    "normalised_d": {"model.d_batch_norm": True, "model.d_init": "normal"},
    "no_average": {"model.ema": 0.0},
    "constant_rates": {"model.decay_start": 0, "model.decay_end": 0},
    "last_checkpoint": {"checkpoint_rule": "last"},
    # ... or something else that was tried.
    "wide_d": {"model.d_widths": (64, 128, 256)},
    "fast_g": {"model.g_learning_rate": 1e-3},
    "double_weights": {"model.alpha": 40.0, "model.beta": 30.0},
    "half_weights": {"model.alpha": 10.0, "model.beta": 7.5},
    "scaled_mse": {"model.const_distance": "mse", "model.const_normalise": "std", "model.alpha": 5.0},
}


def _tried(name: str, change: dict[str, Any]) -> Variant:
    def variant(config: ml_collections.ConfigDict) -> None:
        config.update_from_flattened_dict(change)

    variant.__name__ = name
    return variant


BESIDE = [one_domain_f, unbent_f, short_f, *(_tried(name, change) for name, change in TRIED.items())]
