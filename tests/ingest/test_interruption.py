import os
import re
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import omnisearch as om
from tests.ingest.folder import contents, write_mixed, write_texts
from tests.ingest.killing import Runs, killed

pytestmark = pytest.mark.slow


def runs(tmp_path: Path, name: str) -> Runs:
    return Runs(tmp_path / name, tmp_path / "files", tmp_path / f"cache-{name}")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    write_mixed(folder, texts=60, pictures=6, sounds=2)
    past = (datetime.now(UTC) - timedelta(days=3)).timestamp()
    for path in folder.rglob("*"):
        os.utime(path, (past, past), follow_symlinks=False)
    return folder


def test_a_run_that_is_killed_ends_as_one_that_is_not(tmp_path: Path, files: Path) -> None:
    whole, cut = runs(tmp_path, "whole"), runs(tmp_path, "cut")
    begun = time.monotonic()
    whole.finish()
    longest_s = time.monotonic() - begun
    killed(cut, 5, longest_s, seed=7)
    expected = contents(whole.collection)
    assert len(expected) == 60 + 6 + 2
    assert contents(cut.collection) == expected
    assert om.doctor(cut.collection).ok


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_keeps_what_is_finished(
    tmp_path: Path, number: signal.Signals
) -> None:
    write_texts(tmp_path / "files", 400)
    stopped = runs(tmp_path, "stopped")
    process = stopped.start()
    assert process.stdout is not None
    process.stdout.readline()
    until = time.monotonic() + 300
    while time.monotonic() < until and not _count(stopped.collection):
        time.sleep(0.2)
    kept = _count(stopped.collection)
    process.send_signal(number)
    process.communicate(timeout=300)
    assert 0 < kept <= _count(stopped.collection) <= 400
    said = stopped.finish()
    seen, stored, unchanged = map(int, re.findall(r"\d+", said))
    assert (seen, stored + unchanged) == (400, 400)
    assert unchanged >= kept
    assert _count(stopped.collection) == 400


def _count(collection: Path) -> int:
    try:
        with om.open(collection, create=False, mode="r") as col:
            return col.count()
    except om.errors.CollectionNotFoundError:
        return 0
