"""The number of host devices and processes affects the speed but not the result."""

import json
import signal

import numpy as np
import pytest

from gan_jax.errors import WorkdirError
from gan_jax.game import devices
from gan_jax.runs import checkpoint
from gan_jax.runs.workdir import Workdir
from gan_jax.train import train

# Trains several runs, given as steps:folder, in one process, since a process takes longer than a run.
SEVERAL = """
import json, sys
from gan_jax import config
from gan_jax.game import devices
from gan_jax.train import train
path, *jobs = sys.argv[1:]
devices.start("cpu")
for job in jobs:
    steps, _, folder = job.partition(":")
    fields = config.load(path)
    fields.update_from_flattened_dict({"steps": int(steps)})
    result = train(fields, folder)
    assert result["step"] == int(steps)
"""


@pytest.fixture(scope="module")
def several(launcher):
    """`several(devices, (steps, folder), ...)` trains tiny runs on this number of host devices."""

    def run(devices, *jobs):
        config = launcher.tiny("")[0].removeprefix("--config=")
        named = [f"{steps}:{folder}" for steps, folder in jobs]
        launcher.run(config, *named, devices=devices, python=("-c", SEVERAL))

    return run


@pytest.mark.long
def test_a_checkpoint_of_four_devices_resumes_on_one_and_back(several, tmp_path):
    several(4, (4, tmp_path / "4_then_1"), (8, tmp_path / "4"))
    several(1, (8, tmp_path / "4_then_1"), (4, tmp_path / "1_then_4"), (8, tmp_path / "1"))
    started = _parameters(tmp_path / "1_then_4", step=4)
    several(4, (8, tmp_path / "1_then_4"))
    expected = _parameters(tmp_path / "1")
    assert all(np.abs(expected[name] - started[name]).max() > 1e-4 for name in expected)
    for name in ("4_then_1", "1_then_4", "4"):
        found = _parameters(tmp_path / name)
        assert set(found) == set(expected)
        for leaf, values in found.items():
            # Without batch norm and dropout, only the order of sums differs.
            np.testing.assert_allclose(values, expected[leaf], atol=1e-5, err_msg=f"{name} {leaf}")
        facts = json.loads((tmp_path / name / "result.json").read_text())["device"]
        assert facts["devices"] == int(name[-1])


@pytest.mark.long
def test_two_processes_end_where_one_with_two_devices_does_also_after_a_restart(
    launcher, tmp_path, free_port
):
    """Both processes train the required run and need the store at once; one of them writes each file.

    Neither may read files before the other has written them. The required run steps on parts of a batch. The
    run itself steps on the global batch in two processes and on parts in one; it has neither draws nor batch
    norm, so it ends alike. The second start goes on at step 4.
    """
    fields = {"cache_dir": tmp_path / "cache_1", "data.store": tmp_path / "store_1"}
    launcher.run(*launcher.tiny(tmp_path / "single", "requiring,stored", **fields), devices=2)
    fields = {"cache_dir": tmp_path / "cache_2", "data.store": tmp_path / "store_2", "distributed": True}
    for steps in (4, 8):
        pair = launcher.tiny(
            tmp_path / "pair", "requiring,stored", steps=steps, platform="cpu", global_batch=True, **fields
        )
        codes, said = _both(launcher, free_port, pair)
        assert codes == [0, 0], said
        assert "2 x cpu, 2 process(es)" in said[0]
    assert all("resuming at step 4" in text and "storing" not in text for text in said), said
    expected, found = _parameters(tmp_path / "single"), _parameters(tmp_path / "pair")
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=0, atol=1e-6, err_msg=name)
    # Only one process writes, so no line or file is there twice, and the files are those of one process.
    steps = [json.loads(line) for line in (tmp_path / "pair" / "metrics.jsonl").open()]
    trained = [record["step"] for record in steps if "eval" not in record]
    assert trained == list(range(1, 9))
    assert _files(tmp_path / "pair") == _files(tmp_path / "single")
    # One store for training and one for the test's rows, although two processes needed each.
    assert len([*(tmp_path / "store_2").glob("*/images.npy")]) == 2


@pytest.mark.long
def test_two_processes_that_fail_alike_say_so_and_end_with_the_code_of_the_failure(
    launcher, tmp_path, free_port
):
    none = tmp_path / "none"
    fields = {"data.manual_dir": none, "distributed": True, "platform": "cpu"}
    codes, said = _both(launcher, free_port, launcher.tiny(tmp_path / "run", **fields))
    assert codes == [1, 1], said
    for text in said:
        assert text.splitlines()[-1].startswith(f"gan_jax: there is no file {none / 'digits.npz'}")


@pytest.mark.nightly
def test_where_the_writer_alone_fails_it_ends_with_its_own_code_and_ends_the_other(
    launcher, tmp_path, free_port
):
    pair = launcher.tiny(tmp_path / "run", "wide", distributed=True, platform="cpu")
    # The limit holds for cached programs and byte code too, so neither is written.
    env = {"JAX_ENABLE_COMPILATION_CACHE": "false", "PYTHONDONTWRITEBYTECODE": "1"}
    codes, said = _both(launcher, free_port, pair, env, launcher.no_large_files)
    assert codes[0] == 1, said
    assert said[0].splitlines()[-1].startswith("gan_jax: checkpoint of step 2 "), said[0]
    assert codes[1] != 0
    assert "distributed service detected fatal errors" in said[1], said[1]


@pytest.mark.nightly
@pytest.mark.parametrize(("signum", "codes"), [(signal.SIGINT, [143, 130]), (signal.SIGKILL, [134, -9])])
def test_a_signal_to_one_of_two_processes_ends_both(launcher, tmp_path, free_port, signum, codes):
    """Ctrl-C stops both at the same step, which is saved. A process that has lost the other says so."""
    many = dict.fromkeys(("steps", "model.schedule_steps", "checkpoint_every"), 10**6)
    fields = {"distributed": True, "platform": "cpu", **many}
    args = launcher.tiny(tmp_path / "run", **fields)
    records = tmp_path / "run" / "metrics.jsonl"
    both = _start(launcher, free_port, args)
    try:
        assert both[0].until(lambda: records.exists() and records.read_text().count("\n") > 2)
        both[1].popen.send_signal(signum)
        assert [process.wait() for process in both] == codes, both[0].stderr
    finally:
        for process in both:
            process.popen.kill()
    last = both[0].stderr.splitlines()[-1]
    if signum == signal.SIGINT:
        assert last == "gan_jax: stopped by signal 15; the same command resumes this run"
        assert checkpoint.newest_step(tmp_path / "run" / "checkpoints") > 2
    else:
        assert last.startswith("gan_jax: another process has gone; the same commands resume")
    assert "Traceback" not in both[0].stderr


def test_processes_meet_before_they_read_what_one_of_them_writes(tiny, copied, monkeypatch):
    path = copied(4)
    newest = path / "checkpoints" / "newest"
    (newest / "4").rename(newest / "4.replaced_by_4")  # the name that a kill leaves
    met = []

    def barrier(name):
        with pytest.raises(WorkdirError, match="in use"):
            Workdir(path).open()
        result = Workdir(path, writes=False).result
        met.append((name, checkpoint.newest_step(path / "checkpoints"), result and result["step"]))

    monkeypatch.setattr(devices, "barrier", barrier)
    train(tiny(), path)
    assert met == [("opened", 2, 4), ("settled", 4, 4), ("saved", 8, 4), ("finished", 8, 8)]


def test_a_run_that_another_cluster_finished_meanwhile_is_seen_by_all_processes(tiny, tmp_path, monkeypatch):
    """One process waits for the folder. The others wait for that process before they read the result."""
    met = []

    def barrier(name):
        met.append(name)
        Workdir(tmp_path / "run").write_json("result.json", {"step": 8})

    monkeypatch.setattr(devices, "barrier", barrier)
    assert train(tiny(), tmp_path / "run", wait=True) == {"step": 8}
    assert met == ["opened"]


def _both(launcher, port, args, env=None, first=("-m", "gan_jax.main")):
    """Runs a cluster of two processes, with `first` as rank 0; returns exit codes and standard errors."""
    processes = _start(launcher, port, args, env, first)
    try:
        return [process.wait() for process in processes], [process.stderr for process in processes]
    finally:
        for process in processes:
            process.popen.kill()


def _start(launcher, port, args, env=None, first=("-m", "gan_jax.main")):
    cluster = {"JAX_COORDINATOR_ADDRESS": f"127.0.0.1:{port}", "JAX_NUM_PROCESSES": "2", **(env or {})}
    return [
        launcher.start(*args, env={**cluster, "JAX_PROCESS_ID": str(rank)}, python=python)
        for rank, python in enumerate([first, ("-m", "gan_jax.main")])
    ]


def _parameters(path, step=8):
    flat, meta = checkpoint.load(path / "checkpoints")
    assert meta["step"] == step
    return {name: leaf for name, leaf in flat.items() if ".params." in name}


def _files(path):
    """The names of a run's files, without the files inside checkpoints."""
    files = [p.relative_to(path) for p in path.rglob("*")]
    return {p for p in files if p.parts[0] != "checkpoints" or len(p.parts) < 4}
