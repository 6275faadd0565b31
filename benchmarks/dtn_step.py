"""Seconds of one DTN training step, compared with a PyTorch twin of equal parameter counts.

    pip install -e '.[bench]'
    python benchmarks/dtn_step.py --json=step.json

`peers.py` explains how the sides take turns. A real run on the embedded digits then measures which share of
its time lies outside the step.
"""

import json
import tempfile
import time
from pathlib import Path

import peers
from absl import flags

SCALES = {
    "paper": ((512, 256, 128), (128, 256, 512)),
    "half": ((256, 128, 64), (64, 128, 256)),
    "lite": ((128, 64, 32), (32, 64, 128)),
}
# Multiplications of one step for a pair of images, in millions, by direct convolution: 2 passes of f, 6 of g
# and 13 of D. A backward pass with respect to parameters and input counts as two.
MACS = {"paper": 1380, "half": 416, "lite": 172}
F_WIDTHS = (64, 128, 256, 128)
_WARM = 5  # steps of the real run before the time is taken

_SCALE = flags.DEFINE_enum("scale", "paper", list(SCALES), "widths of g and D")
_NORM = flags.DEFINE_bool("d_batch_norm", True, "whether D has batch norm")
_LOOP_STEPS = flags.DEFINE_integer("loop_steps", 60, "steps of the real run", lower_bound=20)


def fields():
    """The model's fields of this scale."""
    g_widths, d_widths = SCALES[_SCALE.value]
    return {"g_widths": g_widths, "d_widths": d_widths, "d_batch_norm": _NORM.value}


def ours():
    """Our step on fixed random data."""
    import numpy as np

    rng = np.random.default_rng(0)
    size = (peers.BATCH.value, 32, 32)
    batch = {
        "source": rng.uniform(-1, 1, (*size, 3)).astype(np.float32),
        "target": rng.uniform(-1, 1, (*size, 1)).astype(np.float32),
        "source_features": rng.normal(size=(peers.BATCH.value, 128)).astype(np.float32),
        "target_features": rng.normal(size=(peers.BATCH.value, 128)).astype(np.float32),
    }
    return peers.ours({"name": "dtn", **fields()}, batch, frozen=("f",))


def torch():
    """The twin's step on fixed random data."""
    import torch_twin

    return torch_twin.make(*SCALES[_SCALE.value], _NORM.value, peers.BATCH.value)


def loop():
    """Prints the seconds of an iteration of a real run, and of its step alone in the same process."""
    from gan_jax import config as configuration
    from gan_jax.game import devices
    from gan_jax.runs import logs
    from gan_jax.train import train

    logs.start()
    calls: list[float] = []
    pmap_step = devices.pmap_step

    def watched(*args):
        step = pmap_step(*args)
        calls.clear()

        def timed(*args):
            calls.append(time.perf_counter())
            return step(*args)

        return timed

    config = configuration.load(str(Path(__file__).parents[1] / "configs" / "dtn_digits.py"))
    with tempfile.TemporaryDirectory() as folder:
        with config.unlocked():
            config.model.update(fields())
            config.model.f_widths = config.requires.f.model.widths = F_WIDTHS
            config.requires.f.steps = config.requires.judge.steps = 1
            config.evals = {}
            config.best = ""
            config.batch_size, config.steps = peers.BATCH.value, _LOOP_STEPS.value
            config.cache_dir = folder
        devices.pmap_step = watched
        train(config, Path(folder) / "run")
        devices.pmap_step = pmap_step
    iteration = (calls[-1] - calls[_WARM]) / (len(calls) - 1 - _WARM)
    run = ours().step
    run()
    began = time.perf_counter()
    for _ in range(len(calls)):
        run()
    step = (time.perf_counter() - began) / len(calls)
    print(json.dumps({"iteration_seconds": iteration, "step_seconds": step}))


if __name__ == "__main__":
    peers.run(
        peers.Comparison(
            ours,
            torch,
            settings=lambda: {"scale": _SCALE.value, "batch": f"{peers.BATCH.value} + {peers.BATCH.value}"},
            images=lambda: 2 * peers.BATCH.value,
            operations=lambda: 2 * MACS[_SCALE.value] * peers.BATCH.value / 1000,
            loop=loop,
        )
    )
