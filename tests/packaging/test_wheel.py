"""The wheel of a clean clone: what is in it, and that it works outside the source tree."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("omnisearch", "omnisearch_indexes", "omnisearch_cli")
USE = """
import numpy as np, omnisearch as om
x = np.random.default_rng(0).normal(size=(100, 8)).astype("f4")
with om.open("c") as col:
    col.add_vectors([f"a{i}" for i in range(100)], x, metadata={"n": np.arange(100)})
    print([hit.id for hit in col.search(x[7], k=1, where="n < 50")], om.__file__)
"""


def run(*command: str | Path, cwd: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "OMNI"))}
    environment["HOME"] = str(cwd)
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    folder = tmp_path_factory.mktemp("build")
    run("git", "clone", "--quiet", ROOT, "clone", cwd=folder)
    build = (sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", "dist")
    run(*build, "clone", cwd=folder)
    (built,) = (folder / "dist").iterdir()
    return built


@pytest.mark.slow
def test_the_wheel_holds_three_packages_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)
    for package in PACKAGES:
        assert f"{package}/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    weights = "omnisearch/weights/omni-mini/"
    assert {f"{weights}model.json", f"{weights}NOTICE", f"{weights}mel.npy"} <= set(names)
    others = [name for name in names if not name.startswith(weights)]
    assert not [name for name in others if name.endswith((".pyc", ".npy"))]


@pytest.mark.slow
def test_the_wheel_works_outside_the_source_tree(wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", "--without-pip", "fresh", cwd=tmp_path)
    python = tmp_path / "fresh" / "bin" / "python"
    quiet = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-index")
    run(sys.executable, "-m", "pip", "--python", python, "install", *quiet, wheel, cwd=tmp_path)
    # The dependencies are those of this environment, so that no test needs a network.
    site = next((tmp_path / "fresh").glob("lib/python*/site-packages"))
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    shown = run(python, "-W", "error", "-c", USE, cwd=tmp_path)
    assert shown.startswith("['a7'] ")
    assert str(tmp_path / "fresh") in shown
    command = python.with_name("omnisearch")
    assert '"items": 100' in run(command, "status", "--index", "c", cwd=tmp_path)
    assert '"ok": true' in run(command, "doctor", "--index", "c", cwd=tmp_path)
    assert run(command, "--version", cwd=tmp_path).startswith("omnisearch 0.")
