"""DTN from the embedded house numbers to the embedded handwriting. It needs no files and no internet.

    python -m gan_jax.main --config=configs/dtn_digits.py

`make demo` runs this configuration.
"""

from gan_jax.config import apply, classifier, dataset, default, model, quick, role
from gan_jax.config.recipes import table_1
from gan_jax.config.recipes.dtn_small import SMALL, WIDTHS
from gan_jax.config.recipes.table_1 import reverse


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "dtn_digits"
    config.model = model("dtn", **SMALL, decay_start=120, decay_end=240, ema=0.98)
    config.data.sets.street, config.data.sets.plain = dataset("digits_street"), dataset("digits_plain")
    config.data.roles.source = role("street[train]", labels=False)
    config.data.roles.target = role("plain[train]", labels=False)
    for name, every in {"validation": 60, "test": 0}.items():
        config.evals[name] = {
            "kind": "transfer",
            "every": every,
            "roles": {"source": role(f"street[{name}]")},
        }
    config.evals.samples = {
        "kind": "sheet",
        "every": 120,
        "num": 64,
        "roles": {"source": role("street[test]")},
    }
    config.best = "validation/accuracy"
    config.requires.f = f()
    config.requires.judge = classifier(
        "judge_plain",
        role("plain[train]"),
        role("plain[test]"),
        steps=400,
        widths=(16, 32, 64, 64),
        rotation=0.1,
        shift=1.0,
        learning_rate=2e-3,
    )
    config.batch_size = 64
    config.steps = 240
    config.checkpoint_every = 60
    config.log_every = 10
    return apply(config, arg, quick, reverse, *table_1.rows())


def f():
    """The run of the perceptual function f, which learns from house numbers alone.

    The house numbers are changed strongly, so that f reads handwriting too.
    """
    return classifier(
        "f_street",
        role("street[train]"),
        role("street[test]"),
        steps=800,
        widths=WIDTHS,
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
