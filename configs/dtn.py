"""Domain Transfer Network on your own images (Taigman, Polyak, Wolf 2016).

    python -m gan_jax.main --config=configs/dtn.py --data=source=photos/,target=drawings/ --size=64

f is trained first, on the classes of the source: its folder has a sub-folder for each class. If the target's
folder has the same classes, a judge learns them and scores the transfers. Otherwise a line of the log says
that there is no score. The fields of the model are those of configs/dtn_digits.py, whose embedded images are
used without `--data`.
"""

from typing import Any

from gan_jax.config import apply, classifier, dataset, default, model, quick, role
from gan_jax.config.recipes import table_1
from gan_jax.config.recipes.dtn_small import SMALL, WIDTHS

# Training changes f's images strongly, so that f reads the target's images too.
CHANGED: dict[str, Any] = {
    "batch_norm": True,
    "learning_rate": 3e-3,
    "dropout": 0.2,
    "label_smoothing": 0.05,
    "rotation": 0.15,
    "scale": 0.15,
    "shift": 2.0,
    "contrast": 0.3,
    "brightness": 0.2,
    "negate": 0.3,
}


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "dtn"
    config.model = model("dtn", **SMALL, target_channels=3, decay_start=1000, decay_end=2000, ema=0.99)
    config.data.sets.source, config.data.sets.target = dataset("digits_street"), dataset("digits_plain")
    config.data.roles.source = role("source[train]", labels=False)
    config.data.roles.target = role("target[train]", labels=False, channels=3)
    tested = {"source": role("source[test]")}
    config.evals.test = {"kind": "transfer", "every": 0, "roles": tested}
    config.evals.samples = {"kind": "sheet", "every": 250, "num": 64, "roles": tested}
    of_source = role("source[train]"), role("source[test]")
    config.requires.f = classifier("f", *of_source, steps=1500, widths=WIDTHS, **CHANGED)
    of_target = role("target[train]", channels=3), role("target[test]", channels=3)
    config.requires.judge = classifier("judge", *of_target, steps=800, widths=(16, 32, 64, 64))
    config.batch_size = 64
    config.steps = 2000
    config.checkpoint_every = 250
    return apply(config, arg, quick, *table_1.rows())
