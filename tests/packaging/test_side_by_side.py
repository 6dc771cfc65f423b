"""Tests of one file run in one process, so that what they share is made once."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("xdist")

TESTS = Path(__file__).parents[1]
FILE = """
import pytest

@pytest.mark.parametrize("number", range(12))
def test_nothing(number):
    pass
"""


@pytest.mark.slow
def test_files_stay_together(tmp_path: Path) -> None:
    folder = tmp_path / "tests" / "some"
    folder.mkdir(parents=True)
    shutil.copy(TESTS / "conftest.py", tmp_path / "tests" / "conftest.py")
    for name in ("one", "two"):
        (folder / f"test_{name}.py").write_text(FILE)
    command = [sys.executable, "-m", "pytest", "-v", "-n", "2", "--dist", "loadgroup"]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", "tests"],
        cwd=tmp_path,
        env=plain,
        capture_output=True,
        text=True,
        check=True,
    )
    ran = re.findall(r"\[(gw\d)\].*PASSED \S*test_(one|two)\.py", done.stdout)
    assert len(ran) == 24
    assert len({(process, name) for process, name in ran}) == 2
