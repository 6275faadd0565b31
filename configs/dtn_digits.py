"""DTN on the embedded digits: house numbers -> handwriting, without a file or a network.

    python -m gan_jax.main --config=configs/dtn_digits.py

What `make demo` runs. Variants: every row of Table 1, and `quick`, two steps of everything with
networks of a few hundred parameters.
"""

from typing import Any

from gan_jax import config as gan_config
from gan_jax.config.recipes import table_1


def get_config(arg=""):
    """The configuration that `arg`, variants separated by commas, selects."""
    config = gan_config.default()
    config.name = "dtn_digits"
    widths = (32, 64, 128, 128)
    config.model = gan_config.model(
        "dtn",
        alpha=10.0,
        const_distance="cosine",  # asks for the digit but not for how far the features reach
        f_widths=widths,
        g_widths=(128, 64, 32),
        d_widths=(32, 64, 128),
        d_batch_norm=False,  # with it D wins at once and g never recovers
        d_init="lecun",
        g_learning_rate=1e-3,
        d_learning_rate=1e-3,  # a slower D lets g meet L_CONST by noise that f takes for a digit
        decay_start=120,
        decay_end=240,
        ema=0.98,
    )
    config.batch_size = 64
    config.steps = 240
    config.checkpoint_every = 60
    config.log_every = 10

    street = {split: gan_config.role("digits_street", split) for split in SPLITS}
    plain = {split: gan_config.role("digits_plain", split) for split in SPLITS}
    config.data.roles.source = street["train"] | {"labels": False}
    config.data.roles.target = plain["train"] | {"labels": False}
    for name, every in {"validation": 60, "test": 0}.items():
        config.evals[name] = {"kind": "transfer", "every": every, "roles": {"source": street[name]}}
    sheet = {"kind": "sheet", "every": 120, "num": 64, "roles": {"source": street["test"]}}
    config.evals.samples = sheet
    config.best = "validation/accuracy"

    config.requires.f = f(street, widths)
    config.requires.judge = gan_config.classifier(
        "judge_plain",
        plain["train"],
        plain["test"],
        steps=400,
        widths=(16, 32, 64, 64),
        rotation=0.1,
        shift=1.0,
        learning_rate=2e-3,
    )
    variants: dict[str, Any] = {**VARIANTS, "reverse": table_1.reverse, **table_1.variants()}
    return gan_config.apply(config, arg, variants)


def f(street, widths):
    """The perceptual function: house numbers alone, much changed, so that it reads handwriting too."""
    return gan_config.classifier(
        "f_street",
        street["train"],
        street["test"],
        steps=800,
        widths=widths,
        batch_norm=True,
        dropout=0.2,
        label_smoothing=0.05,
        learning_rate=3e-3,
        weight_decay=5e-3,
        rotation=0.15,
        scale=0.15,
        shear=0.15,
        shift=2.0,
        contrast=0.3,
        brightness=0.2,
        negate=0.3,
    )


SPLITS = ("train", "validation", "test")

VARIANTS = {
    "quick": {
        "model.f_widths": (4, 4, 4, 8),
        "model.g_widths": (8, 8, 4),
        "model.d_widths": (4, 8, 8),
        "requires.f.model.widths": (4, 4, 4, 8),
        "requires.f.data.roles.image.split": "validation",
        "requires.f.evals.test.roles.image.split": "validation[:32]",
        "requires.f.batch_size": 8,
        "requires.f.steps": 2,
        "requires.judge.model.widths": (4, 4, 4, 8),
        "requires.judge.data.roles.image.split": "validation",
        "requires.judge.evals.test.roles.image.split": "validation[:32]",
        "requires.judge.batch_size": 8,
        "requires.judge.steps": 2,
        "data.roles.source.split": "validation",
        "data.roles.target.split": "validation",
        "evals.validation.roles.source.split": "validation[:32]",
        "evals.validation.every": 1,
        "evals.test.roles.source.split": "validation[:32]",
        "evals.samples.roles.source.split": "validation[:16]",
        "evals.samples.num": 16,
        "evals.samples.every": 2,
        **gan_config.QUICK,
    },
}
