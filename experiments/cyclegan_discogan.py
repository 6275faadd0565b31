"""CycleGAN and DiscoGAN on the same images: one idea, two architectures and purposes.

    python experiments/cyclegan_discogan.py --out=results/cyclegan_discogan_horse2deer
    python experiments/cyclegan_discogan.py --discogan=configs/discogan_celeba_gender.py:part
    python experiments/cyclegan_discogan.py --quick

Both models are trained on the images of the DiscoGAN configuration and scored on its test images. Each has
its own networks, losses and number of steps. Missing runs are trained; the same command resumes an
interrupted one. Output: `OUT.json`, `OUT.md` and `OUT.png`. The picture has rows of images, translations and
returned images; for photographs of persons, do not publish it.
"""

import numpy as np
import tables
from absl import flags

from gan_jax import config as configuration
from gan_jax.drawing.sheets import panels
from gan_jax.ops.pixels import to_uint8
from gan_jax.runs import functions, inputs, restore

_CYCLEGAN = flags.DEFINE_string(
    "cyclegan",
    "configs/cyclegan_horse2deer.py:part",
    "configuration of a CycleGAN, with variants after a colon",
)
_DISCOGAN = flags.DEFINE_string(
    "discogan",
    "configs/discogan_horse2deer.py:part",
    "configuration of a DiscoGAN, with variants after a colon; both models use its images",
)
_COLUMNS = 12
LABELS = {"cyclegan": "CycleGAN", "discogan": "DiscoGAN"}
MEASURES = ("cycle_source", "cycle_target", "change_source", "change_target")

TEXT = """\
Data: {data}. Seed: {seed}.

Both minimise an adversarial loss in each domain and the distance of every image to its translation there and
back. CycleGAN has residual blocks at a quarter of the size, discriminators of patches, least squares and L1.
It changes colour and texture and keeps the layout. DiscoGAN has a bottleneck of a 4x4 map, discriminators of
whole images, cross-entropy, squared errors and, in its code, mostly feature matching. It finds relations
between domains, and shapes may change.

`cycle` is the mean absolute difference between an image and its translation there and back, `change` that
between an image and its translation, in grey levels of 255. A model that changes nothing has a cycle of 0.

| model | parameters of both G | of both D | steps x batch | cycle, source | cycle, target | change, source \
| change, target |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
"""


def load(name, seed):
    """The checked configuration of one of the models.

    Raises:
      ConfigError: naming what is wrong.
    """
    argument = {"cyclegan": _CYCLEGAN, "discogan": _DISCOGAN}[name].value
    if tables.QUICK.value:
        return tables.load("quick", seed, path=argument.partition(":")[0], known=[name], flag=name)
    return tables.load(seed=seed, path=argument, known=[name], flag=name)


def pair(seed):
    """Both configurations, with the images and evaluations of the DiscoGAN's."""
    cyclegan, discogan = load("cyclegan", seed), load("discogan", seed)
    with cyclegan.unlocked():
        cyclegan.name = f"cyclegan_on_{discogan.name}"
        cyclegan.data.roles, cyclegan.data.size = discogan.data.roles, discogan.data.size
        cyclegan.evals, cyclegan.requires = discogan.evals, discogan.requires
    found = {"cyclegan": cyclegan, "discogan": discogan}
    for config in found.values():
        configuration.validate(config)
    return found


def sheets(name, run, given):
    """A model's translations of the first images of each domain, there and back, by title."""
    there = functions.generate(run, given)
    back = functions.generate(run, there)
    return {
        f"{LABELS[name]}: {domain}, translated and back": to_uint8(
            np.concatenate([there[other], back[domain]])
        )
        for domain, other in (("source", "target"), ("target", "source"))
    }


def main():
    """Trains what is missing, and puts both models' figures and pictures side by side."""
    seed = tables.only_seed()
    configs = pair(seed)
    test = configs["discogan"].evals.test.roles
    given = {
        role: inputs.load_role(configs["discogan"], spec).columns["image"][:_COLUMNS]
        for role, spec in test.items()
    }
    rows, drawn = [], {}
    for name, config in configs.items():
        folder, result = tables.run(config)
        run = restore.load(folder)
        kept = ("seconds", "params_sha256", "commit")
        scale = {
            "steps": config.steps,
            "batch_size": config.batch_size,
            "parameters": tables.parameters(run.state),
        }
        measured = {measure: round(result["metrics"][measure], 3) for measure in MEASURES}
        rows.append(
            {"name": name, **scale, **measured, **{k: result[k] for k in kept}, "config": config.to_dict()}
        )
        drawn[name] = sheets(name, run, given)
    described = [tables.describe(role, spec) for role, spec in configs["discogan"].data.roles.items()]
    content = {
        "data": f"{', '.join(described)}, at {configs['discogan'].data.size} pixels",
        "seed": seed,
        "examples": result["metrics"]["examples"],
        "device": result["device"],
        **tables.origin(),
        "rows": rows,
    }
    print(tables.write(content, markdown(content), picture(given, drawn)))


def markdown(content):
    """The table as Markdown."""
    lines = [TEXT.format(**content).rstrip("\n")]
    for row in content["rows"]:
        counts = row["parameters"]
        cells = [f"{counts['gen']:,}", f"{counts['disc']:,}", f"{row['steps']:,} x {row['batch_size']}"]
        cells += [f"{row[measure]:.1f}" for measure in MEASURES]
        lines.append(f"| {LABELS[row['name']]} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", f"Test images of the first domain: {content['examples']}.", ""])


def picture(given, drawn):
    """Images of each domain above both models' translations, PNG."""
    shown = {}
    for domain, pixels in given.items():
        shown[f"{domain} images"] = pixels
        for made in drawn.values():
            shown |= {title: grid for title, grid in made.items() if f": {domain}," in title}
    columns = min(len(pixels) for pixels in given.values())
    return panels(shown, columns=columns)


if __name__ == "__main__":
    tables.start(main)
