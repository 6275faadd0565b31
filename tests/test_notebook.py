"""The Colab notebook as it is committed, executed on the CPU in a folder of its own. Drive is a folder."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import levels
import nbformat
import noise_set
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "notebooks" / "dtn_colab.ipynb"
# The part of google.colab that the notebook uses. Mounting makes the folder and keeps what is there.
COLAB = """
import pathlib

class drive:
    def mount(point):
        pathlib.Path(point, "MyDrive").mkdir(parents=True, exist_ok=True)
"""
# No step, and an f of few layers. What the cells show is there all the same.
SHORTEST = (
    *("requires.f.steps=0", "requires.judge.steps=0", "steps=0", "model.adversary=none"),
    *("requires.f.model.convs_per_block=1", "requires.f.model.batch_norm=False", "model.f_convs_per_block=1"),
)


def read():
    return nbformat.read(NOTEBOOK, as_version=4)


def code():
    return {cell.id: cell for cell in read().cells if cell.cell_type == "code"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a google.colab in it. Jupyter and IPython keep their files there as well."""
    folder = tmp_path_factory.mktemp("notebook")
    colab = folder / "packages" / "google" / "colab"
    colab.mkdir(parents=True)
    (colab / "__init__.py").write_text(COLAB)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"):
            patch.setenv(name, str(folder / name.lower()))
        patch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{folder / 'packages'}")
        patch.setenv("GAN_JAX_NOTEBOOK_CONFIG", "configs/dtn_svhn_mnist.py:quick")
        fields = [*SHORTEST]
        for name, channels in (("svhn", 3), ("mnist", 1)):
            fields.append(f"data.sets.{name}.name={noise_set.write(folder / f'{name}.py', 32, channels)}")
        patch.setenv("GAN_JAX_NOTEBOOK_FLAGS", " ".join(f"--config.{field}" for field in fields))
        patch.setenv("GAN_JAX_NOTEBOOK_DRIVE", str(folder / "drive"))
        for name in [name for name in os.environ if name.startswith(("COLAB_", "TPU_"))]:
            patch.delenv(name)
        (folder / "cwd").mkdir()
        yield folder


def execute(place):
    """The code cells by name, after the whole notebook has run."""
    notebook = read()
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(place / "cwd")}}
    )
    client.execute()
    return {cell.id: cell for cell in notebook.cells if cell.cell_type == "code"}


@pytest.fixture(scope="module")
def first(place):
    """The folder of the notebook's run, and the executed cells."""
    cells = execute(place)
    return place / "drive" / "MyDrive" / "gan_jax" / "dtn_svhn_mnist_quick", cells


@pytest.fixture(scope="module")
def second(place, first):
    """The cells of a second session on the Drive of the first one."""
    del first
    return execute(place)


def printed(cell):
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def shown(cell, kind):
    """The outputs of one media type that a cell displays."""
    return [output.data[kind] for output in cell.outputs if output.output_type == "display_data"]


def ran_without_an_error(cells):
    assert [cell.execution_count for cell in cells.values()] == list(range(1, len(cells) + 1))
    assert not [o for cell in cells.values() for o in cell.outputs if o.output_type == "error"]
    assert "pip install" not in printed(cells["runtime"]) and "git clone" not in printed(cells["runtime"])
    assert f"gan_jax in {ROOT}, platform cpu" in printed(cells["runtime"])


def shows_the_accuracies(cells, folder):
    metrics = json.loads((folder / "result.json").read_text())["metrics"]
    names = ["accuracy", "untransferred_accuracy", "judge_accuracy", "f_accuracy", "chance"]
    (table,) = shown(cells["result"], "text/markdown")
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    assert [name for name, _ in rows] == names
    # There are 32 images: an accuracy is a multiple of 3.125 %, shown with two decimals.
    assert [float(value) for _, value in rows] == pytest.approx([100 * metrics[n] for n in names], abs=0.0051)


def test_all_cells_run_in_order_without_an_error(first):
    ran_without_an_error(first[1])


def test_the_accuracies_shown_are_those_of_the_result(first):
    folder, cells = first
    shows_the_accuracies(cells, folder)


def test_the_pictures_shown_are_the_runs(first):
    folder, cells = first
    (sheet,) = (folder / "samples").glob("final_*.png")
    files = {"curves": folder / "curves.png", "sheet": sheet, "confusion": folder / "confusion_test.png"}
    for name, file in files.items():
        (image,) = shown(cells[name], "image/png")
        assert base64.b64decode(image) == file.read_bytes()
    assert f"report: {folder / 'report.html'}" in printed(cells["report"])
    assert (folder / "report.html").is_file()


def test_one_f_and_one_judge_are_trained(first):
    folder, cells = first
    assert {path.name.split("-")[0] for path in (folder.parent / "cache").iterdir()} == {
        "features",
        "f_svhn",
        "judge_mnist",
    }
    assert f"source: {folder.parents[3] / 'svhn.py'}" in printed(cells["train"])


@pytest.mark.long
def test_another_session_goes_on_from_drive_and_trains_nothing_again(first, second):
    folder, _ = first
    ran_without_an_error(second)
    shows_the_accuracies(second, folder)
    assert "source: " not in printed(second["train"])
    assert f"run: {folder}" in printed(second["train"])
    assert list((folder.parents[3] / "cwd").iterdir()) == []


def test_the_committed_notebook_was_never_run():
    nbformat.validate(read())
    for cell in code().values():
        assert cell.outputs == [] and cell.execution_count is None
    assert all(name in code() for name in ("parameters", "runtime", "drive", "train", "result", "report"))


def test_the_notebook_names_files_that_are_there():
    text = " ".join(cell.source for cell in read().cells)
    assert "(../experiments/dtn_ablation.py)" in text
    for file in ("experiments/dtn_ablation.py", "configs/dtn_svhn_mnist.py"):
        assert file in text and (ROOT / file).is_file()


def install(folder, *, checkout="", **environment):
    """Runs the first cells where gan_jax cannot be imported, and jax knows a CPU. pip records its arguments.

    Args:
      folder: an empty folder.
      checkout: a folder inside `folder` that gets the look of a clone of gan_jax and of a git repository.
      **environment: environment variables in addition to this process's.
    """
    (folder / "pip").mkdir()
    (folder / "pip" / "__init__.py").write_text("")  # as a package it precedes the real pip on the path
    (folder / "pip" / "__main__.py").write_text(
        "import sys; open('pip.txt', 'w').write(' '.join(sys.argv[1:]))"
    )
    # The real jax, which takes seconds to be imported, is asked where all cells run.
    (folder / "jax.py").write_text("default_backend = lambda: 'cpu'")
    (folder / "cwd").mkdir()
    if checkout:
        for name in ("configs/x.py", "gan_jax/__init__.py", "pyproject.toml"):
            (folder / checkout / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / checkout / name).write_text("")
        git = ["git", "-C", str(folder / checkout), "-c", "user.name=x", "-c", "user.email=x@example.org"]
        for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=x"]):
            subprocess.run([*git, *command], check=True)
    hidden = "import sys; sys.modules['gan_jax'] = None\n"
    cells = code()
    return subprocess.run(
        [sys.executable, "-c", hidden + cells["parameters"].source + "\n" + cells["runtime"].source],
        cwd=folder / "cwd",
        env={**os.environ, "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_clone_without_an_address_is_refused(tmp_path):
    process = install(tmp_path)
    assert process.returncode == 1
    assert process.stderr.splitlines()[-1] == (
        "ValueError: REPOSITORY is not set: gan_jax must be cloned, give its git address in the first cell"
    )
    assert list((tmp_path / "cwd").iterdir()) == []


@levels.parametrize(
    ("environment", "extra", "platform"),
    [
        ({"COLAB_GPU": "0"}, "", "cpu"),
        ({"COLAB_GPU": "1"}, "[cuda]", "gpu"),
        ({"COLAB_TPU_1VM": "1"}, "[tpu]", "tpu"),
    ],
)
def test_a_clone_is_installed_for_the_accelerator(tmp_path, environment, extra, platform):
    process = install(
        tmp_path, checkout="origin", GAN_JAX_NOTEBOOK_REPOSITORY=str(tmp_path / "origin"), **environment
    )
    assert process.returncode == 0, process.stderr
    clone = tmp_path / "cwd" / "gan_jax"
    assert (tmp_path / "cwd" / "pip.txt").read_text() == f"install --quiet -e {clone}{extra}"
    assert process.stdout.splitlines()[-1] == f"gan_jax in {clone}, platform {platform}"


@pytest.mark.long
def test_a_checkout_that_is_there_is_not_cloned(tmp_path):
    process = install(tmp_path, checkout="cwd")
    assert process.returncode == 0, process.stderr
    assert "git clone" not in process.stdout
    assert (tmp_path / "cwd" / "pip.txt").read_text() == f"install --quiet -e {tmp_path / 'cwd'}"


@pytest.mark.long
def test_a_command_that_fails_fails_its_cell(tmp_path):
    cells = code()
    failing = "\nrun(sys.executable, '-c', 'print(3 * 14); raise SystemExit(7)')\nprint('went on')"
    source = cells["parameters"].source + "\n" + cells["runtime"].source + failing
    process = subprocess.run(
        [sys.executable, "-c", source],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert process.returncode == 1 and "42" in process.stdout and "went on" not in process.stdout
    assert "CalledProcessError" in process.stderr and "exit status 7" in process.stderr
