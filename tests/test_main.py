"""The command line: what it refuses, its messages, and what it prints.

Python and jax start once. One process forks a child for every command line, each in its own folder, and
reports exit codes, output and the files that were made.
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import forking
import numpy as np
import pytest

from gan_jax import main
from gan_jax.train import evaluate_run, train

ROOT = Path(__file__).parents[1]
DIGITS = f"--config={ROOT / 'configs' / 'dtn_digits.py'}"
TINY = ROOT / "tests" / "reliability" / "tiny.py"

FORKS = """
import json, os, pathlib, sys, traceback, warnings
warnings.simplefilter("ignore")
import jax, gan_jax.config, gan_jax.main, gan_jax.train, gan_jax.models.dtn, gan_jax.models.classifier

def child(folder, args):
    os.chdir(folder)
    os.dup2(os.open("../out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
    os.dup2(os.open("../err", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    sys.argv = ["main.py", *args]
    code = 0
    try:
        gan_jax.main.run()
    except SystemExit as exit:
        code = exit.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

for number, args in enumerate(json.load(sys.stdin)):
    folder = pathlib.Path(sys.argv[1], str(number), "cwd")
    folder.mkdir(parents=True)
    pid = os.fork()
    if not pid:
        child(folder, args)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    out, err = ((folder.parent / name).read_text() for name in ("out", "err"))
    made = [str(p.relative_to(folder)) for p in folder.rglob("*")]
    print(json.dumps({"code": code, "out": out, "err": err, "made": made}), flush=True)
"""

# Arguments, and what the only line of the message must contain.
REFUSED = {
    "no config": (["--mode=train"], ["--config is required"]),
    "fields of nothing": (["--mode=fields"], ["--config is required with --mode=fields"]),
    "fields and a flag": (["--mode=fields", DIGITS, "--num=3"], ["--num is not a flag of --mode=fields"]),
    "missing file": (["--config=nowhere.py"], ["nowhere.py"]),
    "unknown variant": ([f"{DIGITS}:no_tidd"], ["'no_tidd'", "did you mean 'no_tid'"]),
    "unknown field": ([DIGITS, "--config.bach_size=3"], ["bach_size", "batch_size"]),
    "unknown model field": ([DIGITS, "--config.model.alpa=3"], ["alpa", "alpha"]),
    "unknown role": ([DIGITS, "--config.data.roles.sorce.split=test"], ["sorce", "source"]),
    "ill-typed": ([DIGITS, "--config.batch_size=many"], ["batch_size", "many"]),
    "nan": ([DIGITS, "--config.model.alpha=nan"], ["model.alpha", "nan", "finite"]),
    "inf": ([DIGITS, "--config.requires.f.model.learning_rate=inf"], ["requires.f.", "inf"]),
    "out of range": ([DIGITS, "--config.steps=-1"], ["steps=-1", "0 to"]),
    "model out of range": ([DIGITS, "--config.model.b1=1.5"], ["model.b1=1.5", "0 to"]),
    "not a choice": ([DIGITS, "--config.model.encoder=f2"], ["encoder", "'f2'", "identity"]),
    "indivisible": ([DIGITS, "--config.batch_size=3"], ["batch_size=3", "2 devices"]),
    "no accelerator": ([DIGITS, "--config.platform=tpu"], ["'tpu'", "no device here"]),
    "unknown platform": ([DIGITS, "--config.platform=abacus"], ["'abacus'", "'cpu'", "'tpu'"]),
    "unknown mode": ([DIGITS, "--mode=evaluate"], ["--mode=evaluate", "train|eval|sample|interpolate"]),
    "unknown flag": ([DIGITS, "--wordir=x"], ["wordir", "workdir"]),
    "stray": ([DIGITS, "stray"], ["'stray'"]),
    "translate without input": (["--mode=translate", "--output=x"], ["--input is required"]),
    "flag of sampling": (
        ["--mode=translate", "--input=x", "--output=y", "--num=3"],
        ["--num is not a flag of --mode=translate", "--input", "--attributes"],
    ),
    "unknown direction": (["--mode=translate", "--direction=a2b"], ["direction", "s2t", "t2s"]),
    "eval of nothing": (["--mode=eval"], ["--workdir is required"]),
    "eval of a configuration": (
        ["--mode=eval", DIGITS, "--workdir=x"],
        ["--config is not a flag of --mode=eval"],
    ),
    "sample of nothing": (["--mode=sample", "--out=a.png"], ["--workdir is required with --mode=sample"]),
    "sample to nowhere": (["--mode=sample", "--workdir=x"], ["--out is required with --mode=sample"]),
    "flag of another mode": (["--mode=interpolate", "--num=3"], ["--num", "--mode=interpolate", "--pairs"]),
    "flag of no training": ([DIGITS, "--seed=3"], ["--seed is not a flag of --mode=train"]),
    "no images": (["--mode=sample", "--num=0"], ["--num=0"]),
    "score of nothing": (["--mode=score", "--input=a"], ["--reference is required with --mode=score"]),
    "score in a folder": (
        ["--mode=score", "--input=a", "--reference=b", "--workdir=x"],
        ["--workdir is not a flag of --mode=score"],
    ),
    "score by nothing": (
        ["--mode=score", "--input=a", "--reference=b"],
        ["weights=''", "features='inception'", "--features=random"],
    ),
    "unknown path": (["--mode=interpolate", "--path=round"], ["--path=round", "spherical|linear"]),
}


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """A finished run of the tiny classifier, and the data on which it was trained."""
    folder = tmp_path_factory.mktemp("finished")
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (96, 32, 32, 1)).astype(np.uint8)
    np.savez(folder / "digits.npz", image=images, label=np.arange(96) % 10)
    config = _module(TINY).get_config("")
    config.data.manual_dir = str(folder)
    config.steps, config.tensorboard = 2, False
    train(config, folder / "run")
    return folder


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory, run_folder):
    """Exit code, output and files of every command line, by name."""
    finished = [f"--config={TINY}", f"--config.data.manual_dir={run_folder}", "--config.steps=2"]
    workdir = f"--workdir={run_folder / 'run'}"
    lines = {name: args for name, (args, _) in REFUSED.items()}
    misspelt = "--config.data.sets.street.name=digits_stret"
    lines["misspelt data set"] = [f"{DIGITS}:quick", misspelt]
    lines["finished"] = [*finished, workdir]
    lines["nothing"] = []
    lines["list"] = ["--mode=list", DIGITS]
    lines["fields"] = ["--mode=fields", DIGITS, "--config.batch_size=16"]
    lists = "--config.requires.f.model.widths=4,8"
    lines["a space before the file"] = ["--mode=fields", *DIGITS.split("="), lists]
    lines["eval"] = ["--mode=eval", workdir]
    lines["eval of an empty folder"] = ["--mode=eval", f"--workdir={run_folder / 'empty'}"]
    lines["sample of a classifier"] = ["--mode=sample", workdir, "--out=a.png"]
    commands = json.dumps(list(lines.values()))
    done = forking.run("-c", FORKS, tmp_path_factory.mktemp("commands"), text=commands)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return dict(zip(lines, found, strict=True))


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_command_is_one_line_exit_code_2_and_no_folder(outcomes, name):
    found = outcomes[name]
    assert found["code"] == 2, found["err"]
    # A line with the devices may come before the message.
    lines = [line for line in found["err"].splitlines() if " process(es)" not in line]
    assert len(lines) == 1, found["err"]
    assert lines[0].startswith("gan_jax: ")
    assert "Traceback" not in lines[0]
    assert "\\n" not in lines[0]
    assert len(lines[0]) < 400
    for part in REFUSED[name][1]:
        assert part in lines[0]
    assert found["made"] == []
    assert found["out"] == ""


def test_without_flags_all_there_is_is_listed(outcomes):
    assert (outcomes["nothing"]["code"], outcomes["nothing"]["err"]) == (0, "")
    assert f"  {ROOT / 'configs' / 'dtn_digits.py'} " in outcomes["nothing"]["out"]
    assert "\nEvaluators (kind):\n" in outcomes["nothing"]["out"]


def test_variants_and_fields_of_a_configuration_are_listed(outcomes):
    assert outcomes["list"]["code"] == outcomes["fields"]["code"] == 0
    assert "\n  quick " in outcomes["list"]["out"]
    assert "\nModels (" not in outcomes["list"]["out"]
    assert "\n--config.batch_size=16  # " in outcomes["fields"]["out"]
    assert outcomes["fields"]["made"] == outcomes["list"]["made"] == []


def test_a_space_before_the_file_is_as_good_as_an_equals_sign(outcomes):
    found = outcomes["a space before the file"]
    assert found["code"] == 0, found["err"]
    assert "\n--config.requires.f.model.widths=(4, 8)  # " in found["out"]


def test_a_misspelt_data_set_is_named_before_anything_is_trained_or_recorded(outcomes):
    """Otherwise another configuration would hold the folder, and the corrected command would be refused."""
    found = outcomes["misspelt data set"]
    last = found["err"].splitlines()[-1]
    assert found["code"] in (1, 2)
    assert last.startswith("gan_jax: ")
    assert "'digits_stret'" in last
    assert "digits_street" in last
    assert not [name for name in found["made"] if name.endswith(("config.json", "result.json"))]


def test_the_first_line_names_platform_kind_and_count(outcomes):
    first = outcomes["finished"]["err"].splitlines()[0]
    assert first.split(" ", 1)[1] == "cpu: 2 x cpu, 1 process(es)"


def test_a_finished_run_prints_its_result_again(outcomes, run_folder):
    found = outcomes["finished"]
    accuracy = _result(run_folder)["metrics"]["accuracy"]
    assert found["code"] == 0
    assert "is finished at step 2" in found["err"]
    assert f"accuracy {accuracy:.4f}\n" in found["out"]
    assert found["out"].endswith(f"run: {run_folder / 'run'}\n")
    assert found["made"] == []


def test_eval_needs_the_folder_alone_and_repeats_the_metrics(outcomes, run_folder):
    before = {p: p.stat().st_mtime_ns for p in (run_folder / "run").rglob("*")}
    again = evaluate_run(run_folder / "run")
    assert json.loads(json.dumps(again["metrics"])) == _result(run_folder)["metrics"]
    assert {p: p.stat().st_mtime_ns for p in (run_folder / "run").rglob("*")} == before
    assert outcomes["eval"]["code"] == 0
    assert outcomes["eval"]["out"] == outcomes["finished"]["out"]


def test_eval_of_an_empty_folder_is_refused(outcomes, run_folder):
    found = outcomes["eval of an empty folder"]
    assert found["code"] == 1
    assert found["err"] == f"gan_jax: {run_folder / 'empty'} holds no run: it has no config.json\n"
    assert not (run_folder / "empty").exists()


def test_samples_of_a_classifier_are_refused_in_one_line(outcomes, run_folder):
    found = outcomes["sample of a classifier"]
    assert found["code"] == 1
    last = found["err"].splitlines()[-1]
    assert last.startswith(f"gan_jax: {run_folder / 'run'} holds the run 'tiny' of model 'classifier', which")
    assert "Traceback" not in found["err"]
    assert found["made"] == []


def test_imports_are_lazy():
    code = """
import sys, gan_jax
assert not {"jax", "flax", "tensorflow", "clu"} & set(sys.modules), "import gan_jax"
import gan_jax.main
assert not {"tensorflow", "clu", "tensorflow_datasets"} & set(sys.modules), "import gan_jax.main"
sys.argv = ["main.py", "--help"]
try:
    gan_jax.main.run()
except SystemExit as exit:
    print("code", exit.code)
assert not {"tensorflow", "clu", "tensorflow_datasets", "jax"} & set(sys.modules), "--help"
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "--workdir" in done.stdout
    assert "code 0" in done.stdout or "code 1" in done.stdout  # absl's exit code for --help is 1


# --- every field, with every kind of wrong value ---------------------------------------------

# Values that a field accepts although they look wrong.


def _module(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _result(folder):
    return json.loads((folder / "run" / "result.json").read_text())


@pytest.mark.parametrize("given", [None, "0"])
def test_tensorflow_and_xla_start_in_silence_unless_the_user_wants_their_lines(monkeypatch, given):
    found = []
    monkeypatch.setattr(main.app, "run", lambda *_, **__: found.append(os.environ["TF_CPP_MIN_LOG_LEVEL"]))
    monkeypatch.setattr(main.signals, "install", lambda words: None)
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    if given is not None:
        monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", given)
    main.run()
    assert found == [given or "3"]
    os.environ.pop("TF_CPP_MIN_LOG_LEVEL")
