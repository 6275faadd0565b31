"""DTN from photographs of faces to cartoon faces, the paper's second experiment (Sec. 5.2).

    python -m gan_jax.main --config=configs/dtn_face_emoji.py

The paper's photographs, avatars and perceptual function (DeepFace) are not public. Here the photographs are
CelebA, in its official layout under GAN_JAX_DATA. The cartoons are the embedded set `emoji`. f is a
classifier of CelebA's forty attributes. It is trained once, before DTN, into `cache_dir`, on photographs that
DTN does not see. Sizes and weights are the paper's. A judge of the cartoons' attributes is trained on
cartoons alone. The score is how often the judge's answer for a transfer agrees with the photograph's label.
"""

from gan_jax.config import apply, dataset, default, model, role
from gan_jax.config.recipes import dtn_faces, slices, table_1
from gan_jax.config.recipes.dtn_faces import avatars, exported, quick
from gan_jax.config.recipes.faces import KEPT, PART, PHOTOS


def get_config(arg=""):
    """The configuration, changed by the variants that `arg` names, separated by commas."""
    config = default()
    config.name = "dtn_face_emoji"
    widths = (64, 128, 256, 256, 256, 256)
    config.model = model(
        "dtn",
        alpha=100.0,
        beta=1.0,
        gamma=0.05,
        target_channels=3,
        f_widths=widths,
        f_input_size=128,
        g_widths=(512, 256, 128, 64),
        g_pointwise=True,
        d_widths=(64, 128, 256, 512, 512, 512),
        d_first_norm=True,
    )
    config.data.sets.photos = dataset(**PHOTOS, attributes=KEPT, embedded="emoji")
    config.data.sets.cartoons = dataset("emoji", attributes=KEPT)
    config.data.size = 152
    config.data.roles.source = role("photos[train[:100000]]", labels=False)
    config.data.roles.target = role("cartoons[train]", labels=False)
    kept = {"kind": "attribute_agreement", "every": 0, "attributes": KEPT}
    seen, tested = (role(f"photos[train[{rows}]]") for rows in ("162770:164770", "182637:"))
    config.evals.validation = {**kept, "every": 1000, "roles": {"source": seen}}
    config.evals.test = {**kept, "roles": {"source": tested}}
    compared = {"target": role("cartoons[test]", labels=False)}
    compared["reference"] = role("cartoons[validation]", labels=False)
    like = {"source": role("photos[train[182637:183637]]", labels=False), **compared}
    config.evals.likeness = {"kind": "likeness", "every": 0, "roles": like}
    drawn = {"source": role("photos[train[182637:182701]]")}
    config.evals.samples = {"kind": "sheet", "every": 1000, "num": 64, "roles": drawn}
    config.best = "validation/balanced_accuracy"
    config.checkpoint_rule = "best"
    config.requires.f = dtn_faces.reader(widths)
    config.requires.judge = dtn_faces.judge()
    config.batch_size = 64
    config.steps = 20_000
    config.checkpoint_every = 1000
    return apply(config, arg, part, quick, avatars, exported, *table_1.rows())


def part(config):
    """Reads 8 000 photographs at half size and uses smaller networks.

    The scores are those of the last step.
    """
    config.data.sets.photos.update(PART)
    slices.of_set(config, "photos", train="train[:7000]", test="train[7000:]")
    config.evals.validation.roles.source.split = "train[6000:7000]"
    config.evals.samples.roles.source.split = "train[7000:7064]"
    config.evals.likeness.roles.source.split = "train[7000:]"
    config.checkpoint_rule, config.best = "last", ""
    for run in (config, config.requires.f, config.requires.judge):
        run.data.size = 64
    config.model.update(SMALL)
    f, seer = config.requires.f, config.requires.judge
    f.model.widths = config.model.f_widths
    f.model.input_size = seer.model.input_size = 0
    f.steps = f.model.schedule_steps = 2700  # 49 passes
    config.batch_size = 32
    config.steps = 2000
    config.checkpoint_every = 250
    config.evals.validation.every = config.evals.likeness.every = config.evals.samples.every = 500


SMALL = {
    # With more, g draws more coloured specks that f takes for features of the photograph. With less, the
    # person is harder to find again.
    "alpha": 4.0,
    # In a trial with 10, D's gradient outweighed L_TID. g chased D through colours that no cartoon has.
    "beta": 40.0,
    "gamma": 2.0,  # for a mean over pixels, on which a small weight has no effect
    "const_distance": "cosine",  # ignores the length of the features, which need not match
    "const_warp": 2.0,
    "f_widths": (16, 32, 64, 128, 128),
    "f_input_size": 0,
    "g_widths": (256, 128, 64, 32),
    "d_widths": (32, 64, 128, 256),
    "d_batch_norm": False,  # with batch norm D wins at once, and g never recovers
    "d_init": "lecun",
    "r1_weight": 5.0,  # beside it g keeps up with a D of these widths
    "g_learning_rate": 5e-4,
    "d_learning_rate": 2e-4,
    "decay_start": 1000,
    "decay_end": 2000,
    "ema": 0.99,
}
