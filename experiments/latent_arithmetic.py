"""Vector arithmetic on faces: man with glasses - man without glasses + woman without glasses.

    python experiments/latent_arithmetic.py --out=results/latent_arithmetic_part
    python experiments/latent_arithmetic.py --run=runs/dcgan_celeba_part
    python experiments/latent_arithmetic.py --quick

In Radford et al. 2016, Fig. 7, people chose the images of each concept by eye and looked at the result. Here
a classifier of attributes, trained on labelled photographs, chooses them among many samples and judges the
results. The generator and the classifier are trained if needed. The same command resumes an interrupted one.
Output: `OUT.json`, `OUT.md` and `OUT.png`, a sheet of generated faces.
"""

from typing import Any

import numpy as np
import tables
from absl import flags

from gan_jax import config as configuration
from gan_jax import models
from gan_jax.drawing import sheets
from gan_jax.errors import ConfigError
from gan_jax.inference import generators
from gan_jax.ops import latents
from gan_jax.ops.pixels import to_uint8
from gan_jax.runs import functions, required, restore

GLASSES, MALE = "Eyeglasses", "Male"
CONCEPTS = {  # (glasses, male)
    "man with glasses": (True, True),
    "man without glasses": (False, True),
    "woman without glasses": (False, False),
}
WANTED = (True, False)
RESULT = "man with glasses - man without glasses + woman without glasses"
SCALED = "the same, scaled to the length of a sample"
CHANCE = "woman without glasses + a random difference"
DRAWN = "samples as drawn"
ROWS = (RESULT, SCALED, *CONCEPTS, CHANCE)

_CONFIG = "configs/dcgan_celeba.py"
_CLASSIFIER = "configs/dtn_face_emoji.py"
_CONTENT = ("name", "files", "split", "exclude", "labels", "classes", "attributes", "attributes_file",
            "features")  # fmt: skip
flags.FLAGS.set_default("config", f"{_CONFIG}:part")
_RUN = flags.DEFINE_string("run", "", "folder of a trained run to use instead of --config")
_DRAWS = flags.DEFINE_integer(
    "draws", 10_000, "number of samples that the concepts are chosen from", 100, 10**6
)
_TRIALS = flags.DEFINE_integer("trials", 64, "number of vectors computed for each row", 2, 10**4)
_JUDGE = flags.DEFINE_string(
    "classifier",
    f"{_CLASSIFIER}:part",
    "configuration that requires a classifier of these images' attributes",
)

TEXT = """\
Data: {data}. Scale: {scale}. Seed: {seed}.

The classifier ({classifier}) chooses the samples and judges the results. Its balanced accuracy on photographs
that it has not seen is {glasses} for Eyeglasses and {male} for Male; on generated images it is not known.
Its shares of {draws} samples: {shares}.
The {pool} surest samples of each concept are kept. The share that it classifies as the concept: {kept}.
Each of {trials} trials averages n of them, drawn at random. The result is shown with 8 others around it, with
U(-0.25, 0.25) added in every dimension: {images} images a row.
"A random difference" is the difference of two averages of n samples drawn at random.

| n | latent | glasses | woman | woman with glasses |
| ---: | --- | ---: | ---: | ---: |
"""


class Judged:
    """A generator and the classifier that judges its images."""

    def __init__(self, run, network, names):
        """Prepares both; `names` are the attributes of the classifier's logits, in order."""
        self.decode, self._network = functions.decoder(run), network
        self._columns = [list(names).index(name) for name in (GLASSES, MALE)]

    def logits(self, z):
        """Logits [..., 2] of glasses and male, positive for yes, for latents [..., d]."""
        flat = z.reshape(-1, z.shape[-1]).astype(np.float32)
        parts = [self.look(flat[i : i + 1024]) for i in range(0, len(flat), 1024)]
        return np.concatenate(parts).reshape(*z.shape[:-1], 2)

    def look(self, z):
        """The logits of a part that fits into memory."""
        return self._network.apply("predict", {"image": to_uint8(self.decode(z))})[:, self._columns]


def base_config():
    """The generator's configuration; with --quick, two steps of everything on embedded faces."""
    if tables.QUICK.value:
        flags.FLAGS["config"].value = f"{_CONFIG}:quick"
        flags.FLAGS["classifier"].value = f"{_CLASSIFIER}:quick"
    return tables.load(seed=tables.only_seed())


def trained():
    """The generator's run. Its configuration and its classifier are checked before it is trained.

    Raises:
      ConfigError: the model does not make images from noise only, or there is no classifier for them.
    """
    config = restore.load_config(_RUN.value) if _RUN.value else base_config()
    model: Any = models.create(config.model)
    if not model.draws_from_noise or model.num_classes:
        given = f"run={_RUN.value!r}" if _RUN.value else f"config={tables.CONFIG.value!r}"
        found = f"{given} is of model {config.model.name!r}"
        raise ConfigError(f"{found}; a run is needed that makes images from noise only")
    classifier_config(config)
    return restore.load(_RUN.value or tables.run(config)[0])


def classifier_config(config):
    """A classifier of the attributes of the generator's own data, at the size and crop of its images.

    Raises:
      ConfigError: there is no classifier of these images, or it does not tell both attributes.
    """
    found = configuration.resolved(configuration.load(_JUDGE.value)).requires
    alike = [judge for judge in found.values() if source(judge) == source(config)]
    if not alike:
        raise ConfigError(f"classifier={_JUDGE.value!r} has none of {source(config)}; it has those of "
                          f"{', '.join(map(source, found.values()))}")  # fmt: skip
    told = [tuple(judge.evals.get("test", {}).get("attributes", ())) for judge in alike]
    able = [judge for judge, names in zip(alike, told, strict=True) if {GLASSES, MALE} <= set(names)]
    if not able:
        found = f"classifier={_JUDGE.value!r} tells {', '.join(told[0]) or 'no attributes'}"
        raise ConfigError(f"{found}; needed: {GLASSES}, {MALE}")
    judge = able[0].copy_and_resolve_references()
    with judge.unlocked():
        judge.data.size, judge.model.input_size = config.data.size, 0
        shown = {k: v for k, v in config.data.roles.image.items() if k not in _CONTENT}
        for role in (judge.data.roles.image, judge.evals.test.roles.image):
            role.update(shown)
    return judge


def source(config):
    """The name or files of a run's training images."""
    role = config.data.roles.image
    return role.name or ", ".join(role.files.values())


def surest(logits, concept, n):
    """Rows of the n samples with the highest probability of a concept, the product of both attributes'."""
    signs = np.where(concept, 1, -1)
    return np.argsort(np.logaddexp(0, -signs * logits).sum(-1), kind="stable")[:n]


def called(logits, concept):
    """The share of images, by their logits [n, 2], that the classifier assigns to the concept."""
    return float(((logits > 0) == concept).all(-1).mean())


def terms(z, pools, n, rng):
    """The averages that one trial needs, [d] each: of n samples of every concept, and of two random draws."""
    chosen = {name: z[rng.choice(rows, n, replace=False)] for name, rows in pools.items()}
    a, b, c = chosen.values()
    result = latents.arithmetic(a, b, c)
    length = np.linalg.norm(z, axis=-1).mean()
    x, y = rng.choice(len(z), (2, n), replace=False)
    return {
        RESULT: result,
        SCALED: result * length / np.linalg.norm(result),
        **{name: part.mean(0) for name, part in chosen.items()},
        CHANCE: latents.arithmetic(z[x], z[y], c),
    }


def shares(logits):
    """The classifier's shares in images [trials, per trial, 2]; the standard error is over trials."""
    found = logits > 0
    seen = {"glasses": found[..., 0], "woman": ~found[..., 1], "both": (found == WANTED).all(-1)}
    values = {name: float(share.mean()) for name, share in seen.items()}
    error = seen["both"].mean(1).std(ddof=1) / np.sqrt(len(found)) if len(found) > 1 else 0.0
    return {**values, "both_standard_error": float(error), "images": found[..., 0].size}


def measure(judged, z, pools, sizes, rng):
    """Rows of the table: the classifier's shares for every n and latent."""
    rows = []
    for n in sizes:
        trials = [terms(z, pools, n, rng) for _ in range(_TRIALS.value)]
        for name in ROWS:
            around = latents.neighbourhood(np.stack([trial[name] for trial in trials]), rng)
            rows.append({"n": n, "latent": name, **shares(judged.logits(around))})
    return rows


def sheet(judged, z, pools, sizes, rng):
    """The surest samples of each concept, their means, the results and their neighbours, PNG."""
    small, large = sizes
    made = {}
    for name, rows in pools.items():
        shown = [*z[rows[:small]], z[rows[:small]].mean(0), z[rows[:large]].mean(0)]
        made[f"{name}: the {small} surest; their mean; the mean of {large}"] = np.stack(shown)
    for n in sizes:
        result = latents.arithmetic(*(z[rows[:n]] for rows in pools.values()))
        made[f"first - second + third, of {n} each; 8 around it"] = latents.neighbourhood(result, rng)
    pictures = {name: to_uint8(judged.decode(part.astype(np.float32))) for name, part in made.items()}
    return sheets.panels(pictures, columns=9, zoom=1)


def markdown(table):
    """The figures as Markdown."""
    drawn, kept = (
        ", ".join(f"{percent(share)} {name}" for name, share in table[key].items())
        for key in ("concepts", "kept")
    )
    known = {name: percent(table["balanced_accuracy"][name]) for name in (GLASSES, MALE)}
    lines = TEXT.format(
        **{k: table[k] for k in ("data", "scale", "seed", "draws", "pool", "trials", "classifier")},
        images=table["rows"][-1]["images"],
        shares=drawn,
        kept=kept,
        glasses=known[GLASSES],
        male=known[MALE],
    ).splitlines()
    for row in table["rows"]:
        both = f"{percent(row['both'])} ± {100 * row['both_standard_error']:.1f}"
        seen = " | ".join(percent(row[name]) for name in ("glasses", "woman"))
        lines.append(f"| {row['n'] or '-'} | {row['latent']} | {seen} | {both} |")
    return "\n".join(lines) + "\n"


def percent(share):
    """A share in per cent, or a dash if it is not known."""
    return "-" if share is None else f"{100 * share:.1f} %"


def experiment():
    """Trains what is missing, measures, and writes the three files."""
    run = trained()
    config = run.config.copy_and_resolve_references()
    with config.unlocked():
        config.cache_dir, config.requires = flags.FLAGS["cache_dir"].value, {}
        config.requires.attributes = judge = classifier_config(config)
    network = required.ensure(config, tables.train)["attributes"]
    pool, sizes = (8, (3, 6)) if tables.QUICK.value else (100, (3, 30))
    judged = Judged(run, network, judge.evals.test.attributes)
    z = generators.latents(run.model, config.seed, np.arange(_DRAWS.value))
    drawn = judged.logits(z)
    pools = {name: surest(drawn, concept, pool) for name, concept in CONCEPTS.items()}
    rng = np.random.default_rng(config.seed)
    role, per_attribute = config.data.roles.image, network.metrics["per_attribute"]
    concepts = {**CONCEPTS, "woman with glasses": WANTED}
    table = {
        "data": f"{source(config)} [{role.split}], at {config.data.size} pixels",
        "scale": f"{config.steps} steps of batch {config.batch_size}",
        "seed": config.seed,
        "draws": len(z),
        "pool": pool,
        "trials": _TRIALS.value,
        "classifier": judge.name,
        "balanced_accuracy": {name: per_attribute[name]["balanced_accuracy"] for name in (GLASSES, MALE)},
        "concepts": {name: called(drawn, concept) for name, concept in concepts.items()},
        "kept": {name: called(drawn[rows], CONCEPTS[name]) for name, rows in pools.items()},
        "surest": {name: rows[: sizes[0]].tolist() for name, rows in pools.items()},
        "rows": [
            {"n": 0, "latent": DRAWN, **shares(drawn[:, None])},
            *measure(judged, z, pools, sizes, rng),
        ],
        **tables.origin(),
        "config": config.to_dict(),
    }
    print(tables.write(table, markdown(table), sheet(judged, z, pools, sizes, rng)))


if __name__ == "__main__":
    tables.start(experiment)
