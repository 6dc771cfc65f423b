"""A disk that refuses: the n-th operation fails, for every n, and life must go on behind it."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import omnisearch as om
from omnisearch.collection import Collection
from omnisearch.storage import files
from tests.crash.invariants import History, assert_rows, check
from tests.crash.program import Life, do, marks
from tests.crash.recording import Recorder, read
from tests.crash.replay import WORKERS, folder_in_memory, place
from tests.crash.states import bare_states
from tests.crash.story import UPKEEP, Step

CODES = {"full": errno.ENOSPC, "full for good": errno.ENOSPC, "failing": errno.EIO}
GENTLE = ("interrupted", "short")  # must not be noticed at all
MODES = (*CODES, *GENTLE)
SYNCS = ("sync_file", "sync_data")
TRIES = 4


@dataclass(frozen=True, slots=True)
class Case:
    """Which operation fails, counted from 1, and how."""

    number: int
    mode: str
    life: Life


class Fault:
    """An observer that records, and refuses one operation or all that follow it."""

    def __init__(self, case: Case, recorder: Recorder) -> None:
        self._case, self._recorder = case, recorder
        self._calm = False
        self.count = 0
        self.hit = ""

    def __call__(self, kind: str, path: Path, detail: object = None) -> int | None:
        self.count += 1
        case = self._case
        later = case.mode == "full for good" and not self._calm and kind not in ("unlink", "rmdir")
        if self.count == case.number or (self.count > case.number and later):
            self.hit = self.hit or f"{kind} {path.name}"
            if case.mode not in GENTLE:
                self._refuse(kind, path)
            elif kind == "write":
                return self._disturb(path, detail)
        self._recorder(kind, path, detail)
        return None

    def relent(self) -> None:
        """Let everything pass from now on."""
        self._calm = True

    def _refuse(self, kind: str, path: Path) -> None:
        if kind in SYNCS:
            self._recorder("failed_sync", path)
        code = CODES[self._case.mode]
        raise OSError(code, os.strerror(code), str(path))

    def _disturb(self, path: Path, detail: object) -> int:
        if self._case.mode == "interrupted":
            raise InterruptedError(errno.EINTR, os.strerror(errno.EINTR))
        assert isinstance(detail, tuple)
        offset, data = detail
        limit = max(1, len(data) // 2)
        self._recorder("write", path, (offset, data[:limit]))
        return limit


@dataclass(slots=True)
class Faults:
    """How many faults were met, and what was wrong after which."""

    met: int = 0
    failures: list[str] = field(default_factory=list)


def refuse_each(life: Life, modes: tuple[str, ...] = MODES, stride: int = 1) -> Faults:
    """Live once per operation and mode; every `stride`-th operation is refused."""
    numbers = range(1, count_operations(life) + 1, stride)
    cases = [Case(number, mode, life) for mode in modes for number in numbers]
    total = Faults()
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        for met, failure in pool.map(endure, cases, chunksize=8):
            total.met += met
            total.failures += [failure] if failure else []
    return total


def count_operations(life: Life) -> int:
    """Count what an undisturbed life does."""
    with tempfile.TemporaryDirectory(dir=folder_in_memory()) as name:
        return _live(Path(name), Case(0, "failing", life)).count


def endure(case: Case) -> tuple[bool, str]:
    """Tell whether the fault was met, and what was wrong afterwards."""
    with tempfile.TemporaryDirectory(dir=folder_in_memory()) as name:
        try:
            fault = _live(Path(name), case)
        except Exception as error:  # whatever escapes is the finding
            return True, f"{case.mode} at {case.number}: {type(error).__name__}: {error}"
        return bool(fault.hit), ""


def _live(folder: Path, case: Case) -> Fault:
    root, history = folder / "life", History(case.life.told())
    with (folder / "journal").open("wb") as stream:
        recorder = Recorder(folder, stream)
        fault = Fault(case, recorder)
        files.observer = fault
        try:
            last = _live_on(root, case, fault, recorder, history)
        finally:
            files.observer = None
    promised, _ = marks(folder / "journal")
    check(_after_power_cut(folder), promised, last, history)
    check(root, last, last, history)
    return fault


def _live_on(root: Path, case: Case, fault: Fault, recorder: Recorder, history: History) -> int:
    collection: Collection | None = None
    step = None
    for step, _ in _first(case.life):
        for attempt in range(TRIES):
            try:
                collection = collection or om.open(root, metric="l2")
                if step.kind in UPKEEP or collection.generation < step.generation:
                    collection = do(step, collection, root, recorder.mark)
                break
            except om.errors.StorageError:
                assert case.mode not in GENTLE, f"{case.mode} was not overcome"
                fault.relent()
                collection = _after_error(collection, step, history, attempt)
        else:
            raise AssertionError(f"{step.kind} never works again")
    assert collection is not None and step is not None
    collection.close()
    return step.generation


def _first(life: Life) -> Iterator[tuple[Step, object]]:
    return islice(iter(life.told()), life.steps)


def _after_error(
    collection: Collection | None, step: Step, history: History, attempt: int
) -> Collection | None:
    """What was there is still there; a second error asks for opening again."""
    if collection is None:
        return None
    if step.kind in UPKEEP or attempt:
        collection.close()
        return None
    assert_rows(collection, step.generation - 1, step.generation, history)
    return collection


def _after_power_cut(folder: Path) -> Path:
    """Make what is left when only synced bytes and names are."""
    left = folder / "left"
    *_, last = bare_states(read(folder / "journal"))
    place(left, last.tree)
    return left / "life"
