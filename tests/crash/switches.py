"""Power cuts while another space is built, takes the place of the old one, and gives it back."""

from __future__ import annotations

import errno
import os
import shutil
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import omnisearch as om
from omnisearch.storage import files, layout, switching
from omnisearch.storage.ledger import LeftOut
from tests.crash.durability import Replays
from tests.crash.faults import Faults
from tests.crash.invariants import _check_files, unlisted, writing_refused
from tests.crash.recording import Recorder
from tests.crash.replay import Campaign, Result, ablate, replay
from tests.crash.states import State
from tests.storage.switching.toys import NEW, OLD, Told, begin, fill, made, store_of, told

COUNT, ONLY_OLD = 7, "only in the old space"
# What a life comes to, in this order: made; the other space filled; switched to; gone back from.
MADE, FILLED, SWITCHED, BACK = range(1, 5)
_oracles: dict[str, Told] = {}


@dataclass(frozen=True, slots=True)
class Rows:
    """What a collection of either space has."""

    old: Told
    new: Told


def live(root: Path, journal: Path) -> None:
    """Change the space, there and back."""
    with journal.open("wb") as stream:
        recorder = Recorder(root.parent, stream)
        files.observer = recorder
        recorder.mark("attempt", MADE)
        _made_old(root)
        recorder.mark("promise", MADE)
        with om.open(root, encoder=OLD) as col:
            recorder.mark("attempt", FILLED)
            fill(begin(store_of(col)), COUNT)
            _remember(root / layout.NEXT)
            recorder.mark("promise", FILLED)
            recorder.mark("attempt", SWITCHED)
            switching.switch(store_of(col))
            recorder.mark("promise", SWITCHED)
        with om.open(root) as col:
            recorder.mark("attempt", BACK)
            switching.rollback(store_of(col))
            recorder.mark("promise", BACK)
        files.observer = None


def _made_old(path: Path) -> Path:
    """Make a collection of the old space, with an item that the new one goes without."""
    made(path, OLD, COUNT)
    with om.open(path, encoder=OLD) as col:
        col.add([om.Item(ONLY_OLD, text="a lantern that nobody lights")])
    return path


def _remember(scratch: Path) -> None:
    """Say that the new space goes without it."""
    with om.open(scratch, encoder=NEW) as col:
        store, line = store_of(col), LeftOut(ONLY_OLD, str(NEW.space), None, "nobody lights it")
        store.write_ledger(replace(store.read_ledger(), left_out=(line,)))


def record(folder: Path) -> Path:
    """Live in a process of its own."""
    journal = folder / "journal"
    process = get_context("spawn").Process(target=live, args=(folder / "life", journal))
    process.start()
    process.join()
    assert process.exitcode == 0, "the recorded life failed"
    _made_old(folder / "old")
    made(folder / "new", NEW, COUNT)
    return journal


def campaign(journal: Path, cuts: int, of: int = 1) -> Campaign:
    """Check one state in `of`."""
    return Campaign(journal, _Check(journal.parent), cuts, of=of)


@dataclass(frozen=True, slots=True)
class _Check:
    """Looks at a state; `folder` has the collections that it is compared with."""

    folder: Path

    def __call__(self, left: Path, state: State) -> None:
        check(left / "life", state, self.rows())

    def rows(self) -> Rows:
        for name in ("old", "new"):
            if name not in _oracles:
                _oracles[name] = told(self.folder / name)
        return Rows(_oracles["old"], _oracles["new"])


def check(root: Path, state: State, rows: Rows) -> None:
    """It is wholly of one space, and goes on from there to the end."""
    if state.promised < MADE:
        return
    with writing_refused():
        found = told(root)
        with om.open(root, mode="r") as reader:
            space, left_out = reader.stats()["space"], reader.stats()["left_out"]
            _check_files(reader, torn=True)
    new = space == str(NEW.space)
    assert found == (rows.new if new else rows.old), f"not all of {space}"
    assert left_out == new, f"{left_out} items were left out of {space}"
    allowed = {{MADE: OLD, FILLED: OLD, SWITCHED: NEW, BACK: OLD}[at] for at in _between(state)}
    assert space in {str(one.space) for one in allowed}, f"{space} after {state.promised}"
    if state.digest[1] % 4 == 0:
        _go_on(root, rows)


def _between(state: State) -> range:
    return range(state.promised, max(state.promised, state.attempted) + 1)


def _go_on(root: Path, rows: Rows) -> None:
    """Whatever was left, the switch can be made again, and taken back."""
    with om.open(root) as col:
        store = store_of(col)
        if col.stats()["space"] == str(NEW.space):
            switching.rollback(store)
        assert told(root) == rows.old
        fill(begin(store), COUNT)
        switching.switch(store)
        assert told(root) == rows.new
        switching.rollback(store)
        assert told(root) == rows.old
        _check_files(col, torn=False)
    om.reclaim(root)
    beside = {*layout.SPACES} & {one.name for one in root.iterdir()}
    assert beside == {layout.PREVIOUS}, beside
    left = [name for name in unlisted(root) if not name.startswith("previous/")]
    assert not left, f"nobody lists {left}"


def replay_switches(folder: Path, cuts: int, of: int = 1, workers: int = 2) -> Replays:
    """Record a life and look at what each power cut in it could leave."""
    whole = campaign(record(folder), cuts, of)
    result: Result = ablate(whole) if workers == 1 else replay(whole, workers)
    failures = [f"after {one.prefix} ({one.operation}): {one.fault}" for one in result.failures]
    return Replays(result.checked, failures)


class _Refusal:
    """Refuses one change of the disk, counted from 1."""

    def __init__(self, number: int, code: int) -> None:
        self.count, self._number, self._code = 0, number, code

    def __call__(self, kind: str, path: Path, detail: object = None) -> None:
        self.count += 1
        if self.count == self._number:
            raise OSError(self._code, os.strerror(self._code), str(path))


def refuse_switches(folder: Path, stride: int = 1) -> Faults:
    """Let each change of the disk fail in a switch, full or broken, and make it again then."""
    _made_old(folder / "old")
    made(folder / "new", NEW, COUNT)
    ready = _made_old(folder / "ready")
    with om.open(ready, encoder=OLD) as col:
        fill(begin(store_of(col)), COUNT)
    rows, total = Rows(told(folder / "old"), told(folder / "new")), Faults()
    for code in (errno.ENOSPC, errno.EIO):
        number = 1
        while _endure(folder / "c", ready, rows, _Refusal(number, code), total):
            number += stride
    return total


def _endure(root: Path, ready: Path, rows: Rows, refusal: _Refusal, total: Faults) -> bool:
    """Tell whether the switch got as far as that operation."""
    shutil.copytree(ready, root)
    try:
        fault = _refused(root, rows, refusal)
    except Exception as error:  # whatever escapes is the finding
        fault = f"{type(error).__name__}: {error}"
    shutil.rmtree(root)
    met = refusal.count >= refusal._number
    total.met += met
    if fault:
        total.failures.append(f"operation {refusal._number}: {fault}")
    return met


def _refused(root: Path, rows: Rows, refusal: _Refusal) -> str:
    with om.open(root, encoder=OLD) as col:
        files.observer = refusal
        try:
            switching.switch(store_of(col))
            done = True
        except om.errors.StorageError:
            done = False
        finally:
            files.observer = None
        found = {row.id for row in col.iterate()}
        if found not in (rows.old.keys(), rows.new.keys()):
            return f"{len(found)} rows are seen"
    whole = told(root)
    if whole not in ([rows.new] if done else [rows.old, rows.new]):
        return "it is neither the old nor the new"
    with om.open(root) as col:
        if whole == rows.old:
            switching.switch(store_of(col))
        if told(root) != rows.new or col.verify().problems:
            return "the switch cannot be made again"
        switching.rollback(store_of(col))
        return "" if told(root) == rows.old else "it cannot be taken back"
