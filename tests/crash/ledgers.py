"""A life in which ledgers and rows are written in turn, and what a power cut may leave of it."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np

from omnisearch.errors import CollectionNotFoundError, StorageError
from omnisearch.locations import Root
from omnisearch.storage import changes, files, gc, maintenance
from omnisearch.storage.batch import Segments
from omnisearch.storage.handle import Handle, Options
from omnisearch.storage.ledger import Failure, Ledger
from omnisearch.storage.origin import Origin
from omnisearch.storage.store import Store
from tests.crash.recording import Recorder
from tests.crash.replay import Campaign
from tests.crash.states import State

LIFE = "ledger rows ledger seal ledger rows reclaim purge ledger".split()
THOROUGH = 8  # one state in so many is written to as well
ORIGIN = Origin("toy 0 4", 4, dict)


@dataclass(frozen=True, slots=True)
class Known:
    """What a collection holds after a step."""

    ledger: Ledger
    rows: frozenset[str]


def ledger_of(step: int) -> Ledger:
    """Make a ledger that no other step has."""
    at = datetime(2026, 5, 1, tzinfo=UTC)
    names = [f"0:f/{number}%20x" for number in range(step)]
    failures = {name: Failure(name, "decode", f"is cut {step}", None, 7, 8, at) for name in names}
    roots = (Root(0, b"/home/m\xfc", 2049, "folder"), Root(step, b"/b", 1, "file"))
    return Ledger(roots[: 2 - (step == 0)], frozenset(names[::2]), failures)


def rows_of(step: int) -> Segments:
    """Make two rows of one item."""
    ids, metadata = [f"{step}#0", f"{step}#0~words"], {"segment.words": f"step {step}"}
    kinds = ["content", "words"], ["image", "image"]
    return Segments(ids, [str(step)] * 2, *kinds, np.ones((2, 4), "f4"), [metadata] * 2)  # type: ignore[arg-type]


def told() -> list[Known]:
    """Say what is there after each step, nothing of omnisearch's storage asked."""
    known = [Known(Ledger(), frozenset())]
    for step, kind in enumerate(LIFE, 1):
        before = known[-1]
        match kind:
            case "ledger":
                known.append(Known(ledger_of(step), before.rows))
            case "rows":
                known.append(Known(before.ledger, before.rows | set(rows_of(step).ids)))
            case "purge":
                gone = min(before.rows, key=lambda name: int(name.split("#")[0]))
                kept = {name for name in before.rows if name.split("#")[0] != gone.split("#")[0]}
                known.append(Known(before.ledger, frozenset(kept)))
            case _:
                known.append(before)
    return known


def do(store: Store, step: int) -> None:
    """Do one step."""
    match LIFE[step - 1]:
        case "ledger":
            store.write_ledger(ledger_of(step))
        case "rows":
            store.write(changes.keeping(rows_of(step)))
        case "seal":
            maintenance.seal(store)
        case "reclaim":
            gc.collect(store.root, store.identity)
        case "purge":
            gone = min(store.reading().items, key=int)
            named = list(store.reading().items[gone].rows)
            maintenance.delete(store, lambda _: named, purge=True)


def record(folder: Path) -> Path:
    """Live once, undisturbed."""
    journal = folder / "journal"
    with journal.open("wb") as stream:
        recorder = Recorder(folder, stream)
        files.observer = recorder
        try:
            handle = Handle(folder / "life", Options())
            store = handle.for_encoding(ORIGIN)
            for step in range(1, len(LIFE) + 1):
                recorder.mark("attempt", step)
                do(store, step)
                recorder.mark("promise", step)
            handle.drop()
        finally:
            files.observer = None
    return journal


def campaign(journal: Path, cuts: int) -> Campaign:
    """Check every state that a power cut may leave."""
    return Campaign(journal, partial(check, told()), cuts)


def check(known: list[Known], folder: Path, state: State) -> None:
    """What is found is what was known after one step, not before the promise."""
    try:
        found = found_in(folder / "life")
    except CollectionNotFoundError:
        assert not state.promised
        return
    assert found in known[state.promised : max(state.attempted, 1) + 1], found
    if state.digest[1] % THOROUGH:
        return
    handle = Handle(folder / "life", Options())
    handle.for_encoding(ORIGIN).write_ledger(ledger_of(99))
    handle.drop()
    assert found_in(folder / "life") == Known(ledger_of(99), found.rows)


def found_in(root: Path) -> Known:
    """Read what is there, as a reader."""
    handle = Handle(root, Options(create=False, writable=False))
    try:
        return known_to(handle.need())
    finally:
        handle.drop()


def known_to(store: Store) -> Known:
    """Read what a store holds."""
    items = store.reading().items
    return Known(store.read_ledger(), frozenset(row for item in items for row in items[item].rows))


def refuse(root: Path, number: int, code: int) -> bool:
    """Let the n-th operation of a new ledger fail; False where there is no n-th."""
    handle = Handle(root, Options())
    store = handle.for_encoding(ORIGIN)
    store.write_ledger(ledger_of(1))
    count = 0

    def failing(kind: str, path: Path, detail: object = None) -> int | None:
        nonlocal count
        count += 1
        if count == number:
            raise OSError(code, os.strerror(code), str(path))
        return None

    files.observer = failing
    try:
        store.write_ledger(ledger_of(2))
        refused = False
    except StorageError:
        refused = True
    finally:
        files.observer = None
    assert known_to(store).ledger in ([ledger_of(1), ledger_of(2)][not refused :])
    store.write_ledger(ledger_of(3))
    assert known_to(store).ledger == ledger_of(3)
    handle.drop()
    assert found_in(root).ledger == ledger_of(3)
    return count >= number


CODES = (errno.ENOSPC, errno.EIO)
