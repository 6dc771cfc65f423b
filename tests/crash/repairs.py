"""Power cuts while a damaged collection is mended: mending can begin again and loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import omnisearch as om
from omnisearch.storage import files, maintenance
from omnisearch.storage.handle import Handle, Options
from tests.crash.invariants import History, assert_same
from tests.crash.program import Life, born
from tests.crash.recording import Operation, Recorder
from tests.crash.replay import Campaign, Result, replay
from tests.crash.states import State
from tests.crash.story import Rows, rows_of

LIFE = Life("short", seed=9, steps=10)
DAMAGED = ("HEAD", "FORMAT", "shards/*/ids.bin", "shards/*/columns.bin")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is there in the end."""

    rows: Rows


Work = Callable[[Path], bool]
Check = Callable[[Wanted, Path, State], None]


def replay_repair(folder: Path, damaged: str, cuts: int = 2) -> Result:
    """Damage one file without which nothing is lost, repair it, and cut the power on the way."""
    return _replayed(folder, damaged, cuts, (lambda root: om.repair(root).ok, check_mended))


def replay_mending(folder: Path, damaged: str, cuts: int = 2) -> Result:
    """Damage one derived file, let a writer mend it, and cut the power on the way."""
    return _replayed(folder, damaged, cuts, (_mended_by_a_writer, check_open))


def _mended_by_a_writer(root: Path) -> bool:
    handle = Handle(root, Options())
    store = handle.for_changing()
    with store.lock:
        store.begin_writing()
    done = maintenance.mend(store)
    handle.drop()
    return done


def _replayed(folder: Path, damaged: str, cuts: int, work: tuple[Work, Check]) -> Result:
    mend, check = work
    root, journal = folder / "life", folder / "journal"
    process = born(root, folder / "marks", LIFE)
    process.join()
    assert process.exitcode == 0, "the life before the damage failed"
    path = sorted(root.glob(damaged))[-1]
    path.write_bytes(b"damaged" + path.read_bytes()[7:])
    with journal.open("wb") as stream:
        recorder = Recorder(folder, stream)
        for done in _there(root, folder):
            recorder.note(done)
        files.observer = recorder
        try:
            assert mend(root)
        finally:
            files.observer = None
        recorder.mark("promise", 1)
    rows = History(LIFE.told()).rows(_last_generation())
    return replay(Campaign(journal, partial(check, Wanted(rows)), cuts))


def _last_generation() -> int:
    generation = 0
    for number, (step, _) in enumerate(LIFE.told()):
        if number == LIFE.steps:
            break
        generation = step.generation
    return generation


def _there(root: Path, base: Path) -> Iterator[Operation]:
    """Tell of a folder as if it had just been written and synced."""
    yield Operation("mkdir", root.name)
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(base))
        if path.is_dir():
            yield Operation("mkdir", name)
        else:
            yield Operation("create", name)
            yield Operation("write", name, data=path.read_bytes())
            yield Operation("sync_file", name)
    for folder in [base, root, *(path for path in root.rglob("*") if path.is_dir())]:
        yield Operation("sync_folder", str(folder.relative_to(base)))
    yield Operation("attempt", "", offset=1)


def check_mended(wanted: Wanted, folder: Path, state: State) -> None:
    """Mend again unless that was promised; then every row is there."""
    root = folder / "life"
    if not state.attempted:
        return  # the damaged collection is still being laid out
    if not state.promised:
        om.repair(root)
    report = om.doctor(root)
    assert report.ok, report.problems
    with om.open(root, mode="r") as reader:
        assert_same(rows_of(reader), wanted.rows)


def check_open(wanted: Wanted, folder: Path, state: State) -> None:
    """Find every row at every moment; once that was promised, no file is damaged."""
    root = folder / "life"
    if not state.attempted:
        return
    with om.open(root, mode="r") as reader:
        assert_same(rows_of(reader), wanted.rows)
    if state.promised:
        report = om.doctor(root)
        assert report.ok, report.problems
