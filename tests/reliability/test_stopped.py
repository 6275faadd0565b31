"""Runs that SIGTERM, Ctrl-C or kill -9 stops.

The first SIGTERM or Ctrl-C saves and exits with 128 + signal. A second one exits at once. After kill -9 at
any moment, the same command ends with the same bytes as an uninterrupted run. GAN_JAX_KILLS is the number of
kills of the long test (default 3), and GAN_JAX_KILL_SEED is the seed of their times (default 0).
"""

import contextlib
import json
import os
import random
import re
import signal
import subprocess
from pathlib import Path

import jax
import pytest

from gan_jax.errors import Interrupted
from gan_jax.runs.signals import handled

KILLS = int(os.environ.get("GAN_JAX_KILLS", "3"))
SEED = int(os.environ.get("GAN_JAX_KILL_SEED", "0"))
STEPS = 12  # the steps of the uninterrupted run
ENDLESS = 10**6  # steps that no test waits for

# `busy` stays in a native call for minutes, without the interpreter's lock, as a compilation does.
BUSY = """
import hashlib, threading
from gan_jax.runs.signals import handled
def busy():
    hashlib.pbkdf2_hmac("sha256", b"x", b"y", 2**31 - 1)
def idle():
    threading.Event().wait()
with handled():
    print("ready", file=__import__("sys").stderr, flush=True)
    {work}()
"""

# The same for a process that has nothing to save, in the middle of writing a file and a folder.
EARLY = """
import hashlib, sys
from pathlib import Path
from gan_jax.files import writing
from gan_jax.runs import signals
signals.install("before training began")
folder = Path(sys.argv[1])
with writing.aside(folder / "made") as made, writing._removed(folder / ".gan_jax-0.tmp"):
    (folder / ".gan_jax-0.tmp").touch()
    (made / "a.png").touch()
    print("ready", file=sys.stderr, flush=True)
    hashlib.pbkdf2_hmac("sha256", b"x", b"y", 2**31 - 1)
"""

# Ctrl-C at the first import of ours, before the handlers are there.
AT_ONCE = """
import os, runpy, signal, sys
class Stopping:
    def find_spec(self, name, *rest):
        if name == "gan_jax.paths":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Stopping())
runpy.run_module("gan_jax.main", run_name="__main__", alter_sys=True)
"""


# A run that kills itself at the moment when the checkpoint of step 6 is to be put in its place.
KILLED = """
import os, runpy, signal, sys
def at(event, args):
    if event == "os.rename" and os.fspath(args[1]).endswith("newest/6"):
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(at)
runpy.run_module("gan_jax.main", run_name="__main__", alter_sys=True)
"""


@pytest.mark.nightly
def test_stopped_by_each_signal_and_resumed_it_ends_with_the_same_bytes(
    launcher, uninterrupted, facts, tmp_path
):
    workdir = tmp_path / "stopped"
    command = launcher.quick(workdir, steps=STEPS, checkpoint_every=1000)
    for signum, step in ((signal.SIGTERM, 3), (signal.SIGINT, 7)):
        process = launcher.start(*command)
        assert process.until(lambda step=step: _recorded(workdir) >= step), process.stderr
        process.popen.send_signal(signum)
        assert process.wait() == 128 + signum, process.stderr
        saved = _newest(workdir)
        # Only the signal causes a checkpoint here, and no step runs twice.
        assert saved == _recorded(workdir) >= step
        assert f"stopped by signal {signum.value}; the same command resumes" in process.stderr
        assert "Traceback" not in process.stderr
    end = launcher.run(*command)
    assert f"resuming at step {saved}" in end
    assert facts(workdir) == facts(uninterrupted)


def test_a_run_killed_while_it_saves_a_checkpoint_ends_with_the_same_bytes(
    launcher, trained, facts, tmp_path
):
    command = launcher.tiny(tmp_path / "killed")
    devices = jax.local_device_count()  # those of the run that was not stopped, whose programs are compiled
    launcher.run(*command, devices=devices, python=("-c", KILLED), code=-signal.SIGKILL)
    assert _newest(tmp_path / "killed") == 4
    assert "resuming at step 4" in launcher.run(*command, devices=devices)
    assert facts(tmp_path / "killed") == facts(trained[8])
    assert not list((tmp_path / "killed").rglob("*tmp*"))


@pytest.mark.long
@pytest.mark.parametrize("kills", [1, pytest.param(KILLS, marks=pytest.mark.nightly)])
def test_a_run_killed_at_random_moments_ends_with_the_same_bytes(
    launcher, uninterrupted, facts, tmp_path, kills
):
    moments = random.Random(SEED)
    workdir = tmp_path / "killed"
    # The steps ascend, so that the run progresses between kills. Several kills may hit the same step.
    targets = sorted(moments.randrange(1, STEPS - 3) for _ in range(kills))
    command = launcher.quick(workdir, steps=STEPS)
    killed = [_kill(launcher, command, workdir, step, moments.uniform(0, 0.2)) for step in targets]
    assert any(killed), "every run had ended before its kill"
    launcher.run(*command)
    found, expected = facts(workdir), facts(uninterrupted)
    assert found["params_sha256"] == expected["params_sha256"], targets
    assert found == expected, targets
    assert not list(workdir.rglob("*.tmp"))
    assert not list((workdir / "checkpoints").rglob("*orbax-checkpoint-tmp*"))


@pytest.mark.long
def test_stopped_while_a_required_run_is_trained(launcher, tmp_path):
    workdir = tmp_path / "outer"
    cache = tmp_path / "cache"
    fields = {"cache_dir": cache, "requires.first.log_every": 1, **_longer("first", 40)}
    command = launcher.tiny(workdir, "requiring", **fields)
    process = launcher.start(*command)
    assert process.until(lambda: any(_recorded(path) >= 3 for path in cache.glob("first-*")))
    process.popen.send_signal(signal.SIGTERM)
    assert process.wait() == 143, process.stderr
    (first,) = cache.glob("first-*")
    saved = _newest(first)
    assert 3 <= saved < 40
    assert f"first: resuming at step {saved}" in launcher.run(*command)
    assert json.loads((workdir / "result.json").read_text())["step"] == 8


@pytest.mark.parametrize(("work", "second"), [("idle", signal.SIGINT), ("busy", signal.SIGTERM)])
def test_a_second_signal_ends_the_process_at_once(launcher, work, second):
    process = launcher.start(python=("-c", BUSY.format(work=work)))
    assert process.until(lambda: "ready" in process.stderr), process.stderr
    process.popen.send_signal(signal.SIGTERM)
    # The system merges two equal pending signals, so the first must be delivered before the second.
    assert process.until(lambda: not _pending(process.popen.pid, signal.SIGTERM))
    if work == "idle":
        assert process.until(lambda: "a second signal ends the process at once" in process.stderr)
    process.popen.send_signal(second)
    assert process.wait() == 128 + second
    assert ("a second signal ends the process at once" in process.stderr) == (work == "idle")


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_with_nothing_to_save_the_first_signal_ends_the_process_at_once(launcher, tmp_path, signum):
    process = launcher.start(str(tmp_path), python=("-c", EARLY))
    assert process.until(lambda: "ready" in process.stderr), process.stderr
    process.popen.send_signal(signum)
    assert process.wait() == 128 + signum
    assert process.stderr.splitlines() == ["ready", "gan_jax: stopped before training began"]
    assert not list(tmp_path.iterdir())


def test_ctrl_c_during_the_first_imports_prints_no_traceback(launcher):
    process = launcher.start(python=("-c", AT_ONCE))
    assert process.wait() == -signal.SIGINT
    assert process.stderr == ""


def test_a_signal_is_kept_until_the_next_poll_and_the_old_handlers_come_back():
    """No signal of an earlier block counts."""
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with handled():
        signal.raise_signal(signal.SIGINT)
    with handled() as interrupts:
        interrupts.poll()
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(Interrupted) as caught:
            interrupts.poll()
    assert caught.value.exit_code == 143
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_signal_after_the_last_poll_of_an_inner_run_stops_the_outer_one():
    with handled() as outer:
        with handled():
            signal.raise_signal(signal.SIGTERM)
        with pytest.raises(Interrupted):
            outer.poll()


@pytest.mark.long
def test_waiting_for_a_required_run_of_another_process_ends_with_a_signal(launcher, tmp_path):
    path = tmp_path / "outer"
    fields = {"cache_dir": tmp_path / "cache", **_longer("first", ENDLESS)}
    first = launcher.start(*launcher.tiny(path, "requiring", **fields))
    second = launcher.start(*launcher.tiny(tmp_path / "other", "requiring", **fields))
    try:
        assert second.until(lambda: "waiting for process" in second.stderr + first.stderr)
        waiting = second if "waiting for process" in second.stderr else first
        waiting.popen.send_signal(signal.SIGTERM)
        assert waiting.wait() == 143
    finally:
        first.popen.kill()
        second.popen.kill()


def _longer(name, steps):
    """Fields of a required run, whose learning rate would else be zero before the last of its steps."""
    return {f"requires.{name}.{field}": steps for field in ("steps", "model.schedule_steps")}


def _kill(launcher, command, workdir, step, delay):
    """Kills the run `delay` seconds after it recorded `step`; returns whether it was still running."""
    process = launcher.start(*command)
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


def _pending(pid, signum):
    """Whether a signal to a process is still pending."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"ShdPnd:\s*(\w+)", status)[1], 16) >> (signum - 1) & 1


def _recorded(workdir):
    """The last step in `metrics.jsonl`."""
    path = workdir / "metrics.jsonl"
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    return json.loads(lines[-1])["step"] if lines else 0


def _newest(workdir):
    steps = (path.name for path in (workdir / "checkpoints" / "newest").iterdir())
    return max(int(step) for step in steps if step.isdigit())
