"""A run over a table that is killed or interrupted goes on where it was, and ends the same."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import omnisearch as om
from tests.cli.place import hear_interrupts
from tests.ingest.folder import contents, sentence

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[3]
ROWS = 1_500
_PROGRAM = """
import sys
import time
import omnisearch as om
from tests.ingest.tables.counting import Counting

class Slow(Counting):
    def embed(self, rows, asked):
        time.sleep(float(sys.argv[3]) * len(rows))
        return super().embed(rows, asked)

with om.open(sys.argv[1], encoder=om.Encoder(Slow())) as col:
    print("begun", flush=True)
    report = col.ingest_table(sys.argv[2], columns="id=id,text=text,meta=price")
    print(report.seen, report.stored, report.unchanged, flush=True)
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    lines = [f"r{at},{sentence(at)},{at}" for at in range(ROWS)]
    path.write_text("\n".join(["id,text,price", *lines]) + "\n")
    return path


def started(collection: Path, table: Path, pace_s: float = 0.0) -> subprocess.Popen[str]:
    paths = os.pathsep.join(str(ROOT / part) for part in ("", "indexes", "cli"))
    fixed = {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(collection), str(table), str(pace_s)],
        env={**os.environ, **fixed},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_interrupts,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def finished(collection: Path, table: Path, pace_s: float = 0.0) -> list[int]:
    said, faults = started(collection, table, pace_s).communicate(timeout=300)
    assert faults == "", faults
    return list(map(int, re.findall(r"\d+", said)))


def count(collection: Path) -> int:
    try:
        with om.open(collection, create=False, mode="r") as col:
            return col.count()
    except om.errors.CollectionNotFoundError:
        return 0


def test_a_run_that_is_killed_ends_as_one_that_is_not(tmp_path: Path, table: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    begun = time.monotonic()
    assert finished(whole, table, 0.002) == [ROWS, ROWS, 0]
    longest_s = time.monotonic() - begun
    draw = random.Random(3)
    for _ in range(3):
        process = started(cut, table, 0.002)
        time.sleep(draw.uniform(0, longest_s / 2))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=300)
    kept = count(cut)
    seen, stored, unchanged = finished(cut, table)
    assert (seen, stored, unchanged) == (ROWS, ROWS - kept, kept)
    assert contents(cut) == contents(whole)
    assert om.doctor(cut).ok


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_finished_is_kept(tmp_path: Path, table: Path, number: signal.Signals) -> None:
    stopped = tmp_path / "stopped"
    process = started(stopped, table, 0.005)
    until = time.monotonic() + 300
    while time.monotonic() < until and not count(stopped):
        time.sleep(0.05)
    process.send_signal(number)
    process.communicate(timeout=300)
    kept = count(stopped)
    seen, stored, unchanged = finished(stopped, table)
    assert (seen, stored, unchanged) == (ROWS, ROWS - kept, kept)
    assert 0 < kept < ROWS
