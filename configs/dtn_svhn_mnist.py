"""DTN on SVHN -> MNIST, the paper's main experiment.

    python -m gan_jax.main --config=configs/dtn_svhn_mnist.py

The paper reports an accuracy of 90.66 % on SVHN's test set. The run requires f, trained on SVHN, and a judge,
trained on MNIST. If `cache_dir` does not have them, they are trained first, once.
"""

from gan_jax.config import apply, classifier, default, model, quick, role
from gan_jax.config.recipes import digits, slices, table_1
from gan_jax.config.recipes.dtn_beside import BESIDE, RECIPES
from gan_jax.config.recipes.table_1 import reverse


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "dtn_svhn_mnist"
    config.model = model(
        "dtn",
        alpha=10.0,
        const_distance="cosine",  # ignores the length of the features, which need not match
        f_convs_per_block=2,
        g_widths=(256, 128, 64),
        d_widths=(32, 64, 128),
        d_batch_norm=False,  # with batch norm and this f, D wins at once, and g never recovers
        d_init="lecun",
        g_learning_rate=4e-4,
        d_learning_rate=1e-3,  # with a slower D, g lowers L_CONST by strokes that only f takes for the digit
        decay_start=1000,
        decay_end=2000,
        ema=0.99,
    )
    config.data.sets.svhn, config.data.sets.mnist = digits.SVHN, digits.MNIST
    # The paper's t are MNIST's *test* images. No score of Table 1 uses these images, but Table 2 would be
    # transductive. Here t is therefore the training set.
    config.data.roles.source = role("svhn[extra]", labels=False)
    config.data.roles.target = role("mnist[train]", labels=False)
    transfer, test = {"kind": "transfer", "every": 0}, {"source": role("svhn[test]")}
    config.evals.validation = {**transfer, "every": 250, "roles": {"source": role("svhn[train[-5000:]]")}}
    config.evals.test = {**transfer, "roles": test}
    config.evals.samples = {"kind": "sheet", "every": 500, "num": 64, "roles": test}
    config.best = "validation/accuracy"
    config.checkpoint_rule = "best"  # accuracy may peak early and fall while the losses still fall
    learned = role("svhn[extra+train[:-5000]]")
    config.requires.f = classifier("f_svhn", learned, test["source"], steps=40_000, **digits.STRONG_F)
    config.requires.judge = digits.mnist_judge()
    config.batch_size = 64
    config.steps = 2000
    config.checkpoint_every = 250
    return apply(config, arg, part, paper, quick, *RECIPES, *BESIDE, reverse, *table_1.rows())


def part(config):
    """A part of SVHN, 9 083 images for training and 2 000 for scores, and all of MNIST, from files.

    The checkpoint is chosen by transfers of 1 083 training images. The choice uses no test image.
    """
    config.data.sets.svhn, config.data.sets.mnist = digits.SVHN_FILES, digits.MNIST_FILES
    slices.of_set(config, "svhn", digits.PART_LEARNED, digits.PART_TESTED)
    config.evals.validation.roles.source.split = "train"
    config.model.f_widths = digits.PART_WIDTHS
    config.model.decay_start, config.model.decay_end = 150, 300
    config.model.ema = 0.98  # with so few steps, a longer average would still contain the first ones
    config.steps = 300
    config.checkpoint_every = config.evals.validation.every = 50
    config.evals.samples.every = 100
    digits.shorten(config.requires.f, digits.PART_STEPS["svhn"])
    digits.shorten(config.requires.judge, digits.PART_STEPS["mnist"])


def paper(config):
    """The paper's settings, to compare with them.

    L_CONST compares raw features. The networks, rates, plain f and t are the paper's. g is not averaged.
    """
    config.model.alpha, config.model.const_distance = 15.0, "mse"
    config.model.g_learning_rate = config.model.d_learning_rate = 2e-4
    config.model.g_widths, config.model.d_widths = (512, 256, 128), (128, 256, 512)
    config.model.d_batch_norm, config.model.d_activation, config.model.d_init = True, "relu", "normal"
    config.model.ema = 0.0
    config.model.f_convs_per_block = 1
    plain = model("classifier")
    config.requires.f.model.update({name: plain[name] for name in digits.STRONG_F})
    config.data.roles.target.split = "test"
