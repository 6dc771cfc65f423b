"""Words and names that the project does without."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNFINISHED = re.compile(r"\b(TO" + "DO|FIX" + "ME|HA" + "CK|XX" + r"X)\b")
UNSAFE = re.compile(
    r"^\s*(import|from) (pickle|cloudpickle|joblib)\b|allow_pickle=[T]rue|trust_remote_code=[T]rue",
    re.MULTILINE,
)
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "base"}


def tracked() -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("not a clone")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def texts(*suffixes: str) -> dict[Path, str]:
    return {path: path.read_text("utf-8") for path in tracked() if path.suffix in suffixes}


def test_nothing_is_left_for_later() -> None:
    found = [
        path.name for path, text in texts(".py", ".md", ".toml").items() if UNFINISHED.search(text)
    ]
    assert found == []


def test_no_file_can_unpickle() -> None:
    assert [path.name for path, text in texts(".py").items() if UNSAFE.search(text)] == []


def test_files_are_named_for_what_they_hold() -> None:
    assert [path.name for path in tracked() if path.stem in EMPTY_NAMES] == []


def test_files_are_small() -> None:
    source = {
        path: text
        for path, text in texts(".py").items()
        if path.relative_to(ROOT).parts[0] in ("omnisearch", "indexes", "cli")
    }
    assert source
    assert [path.name for path, text in source.items() if text.count("\n") > 300] == []
