"""The installed package: only the wheel, in an empty folder, outside the checkout."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    pytest.importorskip("hatchling", reason="builds the wheel; part of the dev extra")
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_the_package_and_the_configurations_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"gan_jax"}
    configs = {p.name for p in (ROOT / "configs").glob("*.py")}
    assert {f"gan_jax/configs/{name}" for name in configs} | {"gan_jax/py.typed"} <= set(names)
    packaged = [p for ending in ("py", "html", "css") for p in (ROOT / "gan_jax").rglob(f"*.{ending}")]
    assert {p.suffix for p in packaged} == {".py", ".html", ".css"}
    assert {p.relative_to(ROOT).as_posix() for p in packaged} <= set(names)
    assert not [name for name in names if "__pycache__" in name or "/tests/" in name]


@pytest.mark.long
def test_installed_in_an_empty_folder_it_trains_and_reports(launcher, wheel, tmp_path):
    target, empty = tmp_path / "target", tmp_path / "empty"
    empty.mkdir()
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet"]
    subprocess.run([*pip, "--target", str(target), str(wheel)], check=True, capture_output=True)
    # The installed package must be imported, not the checkout.
    (empty / "where.py").write_text("import gan_jax, sys; sys.exit(gan_jax.__file__)")
    environment = {"PYTHONPATH": str(target)}
    where = launcher.run(code=1, python=("where.py",), cwd=empty, env=environment)
    assert where.strip() == str(target / "gan_jax" / "__init__.py")
    (empty / "where.py").unlink()

    command = ["--config=configs/dtn_digits.py:quick"]
    launcher.run(*command, cwd=empty, env=environment)
    run = empty / "runs" / "dtn_digits_quick"
    assert json.loads((run / "result.json").read_text())["step"] == 2
    assert json.loads((run / "result.json").read_text())["commit"] is None
    cached = {p.name.split("-")[0] for p in (empty / "runs" / "cache").iterdir()}
    assert cached == {"features", "f_street", "judge_plain"}
    launcher.run(run, python=("-m", "gan_jax.report"), cwd=empty, env=environment)
    assert "<h1>dtn_digits_quick</h1>" in (run / "report.html").read_text()
