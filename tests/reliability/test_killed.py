"""kill -9 at any moment, the same command again: the same bytes as if nothing had happened.

GAN_JAX_KILLS sets the number of kills (3), GAN_JAX_KILL_SEED their moments (0).
"""

import contextlib
import os
import random
import signal
import subprocess

KILLS = int(os.environ.get("GAN_JAX_KILLS", "3"))
SEED = int(os.environ.get("GAN_JAX_KILL_SEED", "0"))
STEPS = 30  # as many as the uninterrupted run has


def test_a_run_killed_at_random_moments_ends_with_the_same_bytes(launcher, uninterrupted, facts, tmp_path):
    moments = random.Random(SEED)
    workdir = tmp_path / "killed"
    # Ascending, so that each life of the run gets somewhere; several may fall on one step.
    targets = sorted(moments.randrange(1, STEPS - 3) for _ in range(KILLS))
    killed = [_kill(launcher, workdir, step, moments.uniform(0, 0.2)) for step in targets]
    assert any(killed), "every run had ended before its kill"
    launcher.run(*launcher.quick(workdir, steps=STEPS))
    found, expected = facts(workdir), facts(uninterrupted)
    assert found["params_sha256"] == expected["params_sha256"], targets
    assert found == expected, targets
    assert not list(workdir.rglob("*.tmp"))
    assert not list((workdir / "checkpoints").rglob("*orbax-checkpoint-tmp*"))


def _kill(launcher, workdir, step, delay):
    """Kills the run `delay` seconds after it recorded `step`; whether it was still running."""
    process = launcher.start(*launcher.quick(workdir, steps=STEPS))
    records = workdir / "metrics.jsonl"
    begun = f'"step": {step},'
    alive = process.until(lambda: records.exists() and begun in records.read_text())
    if alive:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.popen.wait(delay)
        alive = not process.ended()
        process.popen.send_signal(signal.SIGKILL)
    process.wait()
    return alive
