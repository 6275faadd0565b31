"""DTN's best recipe for digits and alternatives to it, as variants of configs/dtn_svhn_mnist.py."""

from typing import Any

import ml_collections

from gan_jax.config.defaults import model
from gan_jax.config.recipes.digits import STRONG_F
from gan_jax.config.variants import Variant

# Fields of f. Labelled images are bent as handwriting bends strokes, and vary more in size and slant.
# Training takes longer.
BENT = {
    "dropout": 0.15,
    "weight_decay": 2e-3,
    "scale": 0.25,
    "shear": 0.25,
    "elastic": 0.8,
    "ink": 0.2,
}
LONGER = (14, 5)  # numerator and denominator: 84 epochs instead of 30


def moved(config: ml_collections.ConfigDict) -> None:
    """Moves and bends the images that f sees in L_CONST.

    A mark in one place that only f reads can then not lower L_CONST.
    """
    config.model.alpha, config.model.const_warp = 20.0, 2.5


def best(config: ml_collections.ConfigDict) -> None:
    """`moved` with a better f, the best recipe that was found.

    f trains longer on bent images. It then trains itself on t without t's labels. The learning rate of
    self-training is high: at a low rate f would keep its first answers, and read twos with a loop as eights.
    """
    moved(config)
    if "start" in config.requires.f.requires:
        return  # another variant has applied it
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


def steady(config: ml_collections.ConfigDict) -> None:
    """`best` with batch norm in D and a longer average of g, judged after the last step.

    D without batch norm goes on asking for strokes of the target after g has the shapes. g then finds some
    that f takes for the digit. With batch norm in D, the accuracy still dips for some steps. An average over
    about a hundred steps, whose rates already fall, evens out these dips.
    """
    best(config)
    config.update_from_flattened_dict(TRIED["normalised_d"])
    config.model.ema, config.model.decay_start = 0.99, config.model.decay_end // 3
    config.checkpoint_rule = "last"


def patient(config: ml_collections.ConfigDict) -> None:
    """Four times the steps, a slower D, and batch norm in e: G without f learns too.

    With the usual steps and D, g draws one image for every input of an encoder that starts without f.
    """
    model, evals = config.model, config.evals
    model.e_batch_norm, model.d_learning_rate = True, TRIED["slow_d"]["model.d_learning_rate"]
    model.decay_start, model.decay_end = 4 * model.decay_start, 4 * model.decay_end
    config.steps, config.checkpoint_every = 4 * config.steps, 4 * config.checkpoint_every
    evals.validation.every, evals.samples.every = 4 * evals.validation.every, 4 * evals.samples.every


def short_average(config: ml_collections.ConfigDict) -> None:
    """`steady` with the average and the rates of `best`, to measure what a longer average adds."""
    config.model.ema, config.model.decay_start = 0.98, config.model.decay_end // 2


def one_domain_f(config: ml_collections.ConfigDict) -> None:
    """`best` without the self-training of f on t, to measure what self-training adds."""
    if "start" in config.requires.f.requires:
        config.requires.f = config.requires.f.requires.start.to_dict()


def unbent_f(config: ml_collections.ConfigDict) -> None:
    """`best` with the plain f's augmentation and regularisation, to measure what bent images add."""
    f = config.requires.f
    if "start" not in f.requires:
        return  # without `best`, f is the plain one
    plain = model("classifier", **STRONG_F)
    for run in (f, f.requires.start):
        run.model.update({name: plain[name] for name in BENT})
    f.requires.start.name = f.requires.start.name.replace("bent", "long")


def short_f(config: ml_collections.ConfigDict) -> None:
    """`best` with only the plain f's epochs before self-training, to measure what longer training adds."""
    start = config.requires.f.requires.get("start")
    if start is not None:
        start.steps = start.model.schedule_steps = round(start.steps * LONGER[1] / LONGER[0])


# Each variant changes one thing of `best`, or of `steady`. experiments/dtn_ablation.py compares the variants.
TRIED: dict[str, dict[str, Any]] = {
    # These variants remove an ingredient.
    "plain_const": {"model.const_warp": 0.0},
    "mse": {"model.const_distance": "mse", "model.alpha": 15.0},
    "slow_d": {"model.d_learning_rate": 2e-4},
    "normalised_d": {"model.d_batch_norm": True, "model.d_init": "normal"},
    "no_average": {"model.ema": 0.0},
    "constant_rates": {"model.decay_start": 0, "model.decay_end": 0},
    "last_checkpoint": {"checkpoint_rule": "last"},
    # These variants try an alternative.
    "wide_d": {"model.d_widths": (64, 128, 256)},
    "fast_g": {"model.g_learning_rate": 1e-3},
    "double_weights": {"model.alpha": 40.0, "model.beta": 30.0},
    "half_weights": {"model.alpha": 10.0, "model.beta": 7.5},
    "scaled_mse": {"model.const_distance": "mse", "model.const_normalise": "std", "model.alpha": 5.0},
    # This variant changes only `steady`.
    "plain_d": {"model.d_batch_norm": False, "model.d_init": "lecun"},
}


def _tried(name: str, change: dict[str, Any]) -> Variant:
    def variant(config: ml_collections.ConfigDict) -> None:
        config.update_from_flattened_dict(change)

    variant.__name__ = name
    return variant


RECIPES = [moved, best, steady, patient]
_OF_FIELDS = [_tried(name, change) for name, change in TRIED.items()]
BESIDE = [short_average, one_domain_f, unbent_f, short_f, *_OF_FIELDS]
