"""kill -9: at each kind of operation once, and at random moments of a long life."""

from __future__ import annotations

import random
import shutil
import signal
import tempfile
import time
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.crash.invariants import History, check
from tests.crash.program import Life, born, marks
from tests.crash.recording import MARKS, Operation, read
from tests.crash.replay import folder_in_memory, place_kind

ROUNDS_PER_LIFE = 10
ENOUGH = 10  # failures after which going on tells nothing new


@dataclass(slots=True)
class Kills:
    """How many processes were killed, and what was wrong after which."""

    count: int = 0
    failures: list[str] = field(default_factory=list)


def failpoints(operations: list[Operation]) -> dict[tuple[str, str], int]:
    """Number the last operation of each kind at each kind of place, counted from 1."""
    done = [operation for operation in operations if operation.kind not in MARKS]
    return {(one.kind, place_kind(one)): number for number, one in enumerate(done, 1)}


def record_whole(folder: Path, life: Life) -> list[Operation]:
    """Live once undisturbed and note every operation."""
    journal = folder / "whole.journal"
    process = born(folder / "whole", journal, life, record=True)
    process.join()
    assert process.exitcode == 0, "the undisturbed life failed"
    return read(journal)


def kill_at_failpoints(limit: int, life: Life) -> Kills:
    """Kill before the operations at which something can be half done."""
    kills = Kills()
    with tempfile.TemporaryDirectory(dir=folder_in_memory()) as name:
        folder = Path(name)
        points = list(failpoints(record_whole(folder, life)).items())
        for (kind, place), number in points[:: max(1, -(-len(points) // limit))]:
            root, journal = folder / f"at-{number}", folder / f"at-{number}.journal"
            process = born(root, journal, life, die=number)
            process.join()
            if process.exitcode == 0:
                continue  # in this life the operation came earlier or never
            _count(kills, process)
            _examine(kills, root, journal, life, f"{kind} {place}")
    return kills


def kill_at_random(count: int, seed: int, longest_s: float = 0.3) -> Kills:
    """Kill a living process again and again; each goes on where the last one ended."""
    kills, chance = Kills(), random.Random(seed)
    while kills.count < count and len(kills.failures) < ENOUGH:
        life = Life(seed=seed + kills.count)
        with tempfile.TemporaryDirectory(dir=folder_in_memory()) as name:
            for _ in range(min(ROUNDS_PER_LIFE, count - kills.count)):
                _kill_once(kills, Path(name), life, chance.random() * longest_s)
    return kills


def _kill_once(kills: Kills, folder: Path, life: Life, delay_s: float) -> None:
    journal = folder / "journal"
    size = journal.stat().st_size if journal.exists() else 0
    process = born(folder / "life", journal, life)
    wait_for_life(journal, size)
    time.sleep(delay_s)
    process.kill()
    process.join()
    _count(kills, process)
    _examine(kills, folder / "life", journal, life, f"{delay_s:.3f} s")


def _count(kills: Kills, process: BaseProcess) -> None:
    if process.exitcode == -signal.SIGKILL:
        kills.count += 1
    else:
        kills.failures.append(f"it died by itself, with {process.exitcode}")


def wait_for_life(journal: Path, size: int) -> None:
    """Wait until the process has marked something behind `size`."""
    deadline = time.monotonic() + 300
    while not journal.exists() or journal.stat().st_size <= size:
        assert time.monotonic() < deadline, "the process does not begin"
        time.sleep(0.002)


def _examine(kills: Kills, root: Path, journal: Path, life: Life, moment: str) -> None:
    """Check a copy, so that the life can go on."""
    copy = root.with_name(f"copy of {root.name}")
    if root.exists():
        shutil.copytree(root, copy)
    try:
        check(copy, *marks(journal), History(life.told()))
    except Exception as error:  # whatever a damaged collection raises is the finding
        kills.failures.append(f"killed at {moment}: {type(error).__name__}: {error}")
    finally:
        shutil.rmtree(copy, ignore_errors=True)
