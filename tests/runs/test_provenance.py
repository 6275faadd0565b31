"""The origin of a result: facts by which another person can reproduce it."""

import hashlib
import importlib.metadata
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import types

import numpy as np
import pytest

import gan_jax
from gan_jax import config
from gan_jax.runs import provenance, result


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A git checkout with a package that `provenance` takes for its own."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    package = tmp_path / "checkout" / "gan_jax"
    package.mkdir(parents=True)
    (package / "module.py").write_text("")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GAN_JAX_COMMIT"):
        monkeypatch.delenv(name, raising=False)
    git(package.parent, "init", "-q")
    git(package.parent, "add", ".")
    monkeypatch.setattr(provenance, "_FOLDER", package)
    return package.parent


def git(folder, *args):
    identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *args], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_commit_is_the_head_of_the_checkout_and_says_if_the_package_was_changed(checkout):
    assert provenance.commit() is None  # no commit yet
    git(checkout, "commit", "-q", "-m", "one")
    head = git(checkout, "rev-parse", "HEAD")
    assert len(head) == 40
    assert provenance.commit() == head
    (checkout / "gan_jax" / "untracked.py").write_text("")
    (checkout / "notes.txt").write_text("")
    assert provenance.commit() == head
    (checkout / "gan_jax" / "module.py").write_text("changed = True\n")
    assert provenance.commit() == f"{head}-dirty"


def test_the_environment_tells_the_commit_of_copied_files(checkout, monkeypatch):
    git(checkout, "commit", "-q", "-m", "of the copy")
    monkeypatch.setenv("GAN_JAX_COMMIT", "abc")
    assert provenance.commit() == "abc"
    monkeypatch.setenv("GAN_JAX_COMMIT", "")
    assert provenance.commit() == git(checkout, "rev-parse", "HEAD")


def test_there_is_no_commit_outside_a_checkout_or_without_git(checkout, monkeypatch):
    git(checkout, "commit", "-q", "-m", "one")
    with monkeypatch.context() as without_git:
        without_git.setattr(shutil, "which", lambda name: None)
        assert provenance.commit() is None
    # The package is installed inside another checkout, whose commit does not describe the package.
    site = checkout / "venv" / "gan_jax"
    site.mkdir(parents=True)
    monkeypatch.setattr(provenance, "_FOLDER", site)
    assert provenance.commit() is None


@pytest.mark.parametrize(
    ("script", "start"),
    [
        ("/some/where/gan_jax/main.py", "python -m gan_jax.main"),
        ("/some/where/bin/gan_jax", "gan_jax"),
        ("/elsewhere/script.py", "python /elsewhere/script.py"),
    ],
    ids=["module", "console script", "other"],
)
def test_command_is_what_a_shell_takes(monkeypatch, script, start):
    arguments = ["--config=configs/a b.py:x", "--workdir=it's here"]
    monkeypatch.setattr(sys, "argv", [script, *arguments])
    command = provenance.command()
    assert command.startswith(f"{start} ")
    assert shlex.split(command)[-2:] == arguments


def test_a_script_of_the_checkout_is_named_relative_to_it(checkout, monkeypatch):
    monkeypatch.setattr(sys, "argv", [str(checkout / "experiments" / "table.py"), "--quick"])
    assert provenance.command() == f"python {os.path.join('experiments', 'table.py')} --quick"


def test_versions_are_those_installed():
    versions = provenance.versions()
    assert versions.pop("python") == platform.python_version()
    assert versions.pop("gan_jax") == gan_jax.__version__
    assert set(versions) == {"jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy"}
    for name, version in versions.items():
        assert version == importlib.metadata.version(name)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux binds processes to cores")
def test_hardware_counts_the_cores_this_process_may_use():
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
    code += "from gan_jax.runs import provenance; print(provenance.hardware()['cores'])"
    one = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert one.stdout.split() == ["1"]
    assert provenance.hardware()["cores"] == len(os.sched_getaffinity(0))


def test_facts_are_json():
    facts = provenance.facts()
    assert set(facts) == {"command", "commit", "versions", "hardware"}
    assert json.loads(json.dumps(facts)) == facts


def test_sha256_is_over_names_dtypes_shapes_and_bytes_in_the_order_of_names():
    kernel, bias = np.arange(6, dtype=np.float32).reshape(2, 3), np.int32(1)
    text = b"a int32 ()\n" + b"\1\0\0\0" + b"b float32 (2, 3)\n" + kernel.tobytes()
    found = provenance.sha256({"b": kernel, "a": np.asarray(bias)})
    assert found == hashlib.sha256(text).hexdigest()
    assert found == provenance.sha256({"a": np.asarray(bias), "b": np.asfortranarray(kernel)})
    for other in (kernel.T, kernel.astype(np.int32), kernel.reshape(3, 2), kernel + 1e-7):
        assert provenance.sha256({"b": other.copy(), "a": np.asarray(bias)}) != found
    assert provenance.sha256({"c": kernel, "a": np.asarray(bias)}) != found


@pytest.mark.parametrize("changed", ["params", "batch_stats", "ema", "opt_state"])
def test_a_results_hash_is_over_all_that_a_network_computes_with(changed):
    def built(**fields):
        fields = {"params": 0, "batch_stats": 0, "ema": 0, "opt_state": 0, **fields}
        player = types.SimpleNamespace(**{name: {"norm": np.float32(x)} for name, x in fields.items()})
        state = types.SimpleNamespace(players={"gen": player})
        return result.build(config.default(), state, {}, judged_step=1, seconds=1, origin={})["params_sha256"]

    assert (built() == built(**{changed: 1})) == (changed == "opt_state")
