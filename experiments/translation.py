"""Image-to-image models on their data sets: CycleGAN, DiscoGAN, pix2pix and StarGAN in one table.

    python experiments/translation.py --out=results/translation
    python experiments/translation.py --out=results/translation --rows=pix2pix_edges,pix2pix_colour
    python experiments/translation.py --quick

Each row is a run of a configuration with the variant `--variant`. The same command resumes an interrupted
one. Rows of `OUT.json` that are not asked for are kept if their configuration has not changed; otherwise they
are dropped, and the file says so. Output, written again after every row: `OUT.json`, `OUT.md`, and
`OUT_<row>.png`, with at most six inputs that show persons.

Runs of StarGAN are shared with experiments/stargan_errors.py: with the same `--workdir`, no run is trained
twice.
"""

from typing import Any

import ml_collections
import tables
import translation_rows
from absl import flags
from earlier import rows as kept_rows
from earlier import what_it_is
from translation_text import markdown

from gan_jax.errors import ConfigError, nearest
from gan_jax.runs import restore

ROWS = {  # name of the row -> family, model, task, configuration
    "cyclegan_horse2deer": ("unpaired", "CycleGAN", "horses, deer", "configs/cyclegan_horse2deer.py"),
    "discogan_horse2deer": ("unpaired", "DiscoGAN", "horses, deer", "configs/discogan_horse2deer.py"),
    "cyclegan_cat2dog": ("unpaired", "CycleGAN", "cats, dogs", "configs/cyclegan_horse2deer.py:cat2dog"),
    "discogan_cat2dog": ("unpaired", "DiscoGAN", "cats, dogs", "configs/discogan_horse2deer.py:cat2dog"),
    "cyclegan_svhn_mnist": ("unpaired", "CycleGAN", "SVHN, MNIST", "configs/cyclegan_svhn_mnist.py"),
    "discogan_svhn_mnist": ("unpaired", "DiscoGAN", "SVHN, MNIST", "configs/discogan_svhn_mnist.py"),
    "pix2pix_edges": ("paired", "pix2pix", "edges to faces", "configs/pix2pix_celeba.py"),
    "pix2pix_colour": ("paired", "pix2pix", "grey to colour", "configs/pix2pix_celeba.py:colour"),
    "stargan_celeba": ("stargan", "StarGAN", "attributes of CelebA", "configs/stargan_celeba.py"),
    "stargan_single": ("stargan", "StarGAN", "expressions alone", "configs/stargan_joint.py:single"),
    "stargan_joint": ("stargan", "StarGAN", "expressions, with CelebA", "configs/stargan_joint.py"),
}

_ROWS = flags.DEFINE_list("rows", list(ROWS), "rows to train")
_VARIANT = flags.DEFINE_string(
    "variant", "part", "variant of every row's configuration; 'quick' with --quick"
)


def plan() -> dict[str, ml_collections.ConfigDict]:
    """The configuration of every wanted row. All are checked before anything is trained.

    Raises:
      ConfigError: a row is unknown, or flags contradict each other.
    """
    if not _ROWS.value:
        raise ConfigError(f"rows: none is given; known: {', '.join(ROWS)}")
    for name in _ROWS.value:
        if name not in ROWS:
            raise ConfigError(f"rows: {name!r} {nearest(name, ROWS)}")
    if flags.FLAGS["config"].present:
        message = f"config={tables.CONFIG.value!r} is not allowed: each row has its own; "
        raise ConfigError(message + "--variant changes all")
    if tables.QUICK.value and flags.FLAGS["variant"].present:
        raise ConfigError(f"variant={_VARIANT.value!r} is not allowed beside --quick, which is one")
    return {name: load(name) for name in ROWS if name in _ROWS.value}


def load(name: str) -> ml_collections.ConfigDict:
    """The configuration of a row."""
    variant = "quick" if tables.QUICK.value else _VARIANT.value
    return tables.load(variant, tables.only_seed(), path=ROWS[name][3])


def earlier() -> tuple[dict[str, Any], dict[str, str]]:
    """Rows of OUT.json with an unchanged configuration, and the reason for each row that is dropped.

    Raises:
      WorkdirError: OUT.json is not a file of this experiment.
    """

    def changed(name: str, config: Any) -> str:
        if what_it_is(config) == what_it_is(load(name).to_dict()):
            return ""
        return f"it was {config['name']}, with another configuration than now"

    return kept_rows("rows", ROWS, changed)


def row(name: str, config: ml_collections.ConfigDict, result: dict[str, Any], run: restore.Run) -> Any:
    """One run's scale and measures, and their origin."""
    family, model, task, _ = ROWS[name]
    measure, _ = translation_rows.FAMILIES[family]
    learned = [tables.describe(role, spec) for role, spec in config.data.roles.items()]
    ends = [spec.roles for spec in config.evals.values() if not spec.every]
    scored = dict.fromkeys(tables.describe(role, spec) for roles in ends for role, spec in roles.items())
    kept = ("seed", "seconds", "judged_step", "params_sha256", "device", "command", "commit", "hardware")
    return {
        "name": name,
        "family": family,
        "model": model,
        "task": task,
        "data": f"{', '.join(learned)}; scored on {', '.join(scored)}; {config.data.size} pixels",
        "steps": config.steps,
        "batch": config.batch_size,
        "parameters": tables.parameters(run.state),
        **measure(config, run, result["metrics"]),
        "runs": [{field: result[field] for field in kept}],
        "config": config.to_dict(),
    }


def write(rows: dict[str, Any], dropped: dict[str, str], **sheets: bytes) -> str:
    """Writes what is known so far, with rows in their order."""
    known = [rows[name] for name in ROWS if name in rows]
    content = {
        "data": {found["name"]: found["data"] for found in known},
        "scale": {found["name"]: f"{found['steps']} steps of batch {found['batch']}" for found in known},
        **tables.origin(),
        "rows": known,
        "dropped": dropped,
    }
    return tables.write(content, markdown(content), None, **sheets)


def main() -> None:
    """Trains what is missing and writes the tables after every row."""
    configs = plan()
    rows, dropped = earlier()
    dropped = {name: why for name, why in dropped.items() if name not in configs}
    for name in dropped:
        # The picture of a dropped row would belong to no row of the table.
        tables.out().with_name(f"{tables.out().name}_{name}.png").unlink(missing_ok=True)
    for name, config in configs.items():
        folder, result = tables.run(config)
        run = restore.load(folder)
        rows[name] = row(name, config, result, run)
        _, draw = translation_rows.FAMILIES[ROWS[name][0]]
        written = write(rows, dropped, **{name: draw(config, run)})
    print(written)


if __name__ == "__main__":
    tables.start(main)
