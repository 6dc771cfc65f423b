"""What must hold after every fault: nothing promised is lost, nothing unasked is there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

import omnisearch as om
from omnisearch.collection import Collection
from omnisearch.storage import files, ledger
from tests.crash.story import DIM, Rows, Story, rows_of

WINDOW = 1000
# What an append or a new log file leaves that the power cut short: nothing was promised in it.
TORN = ("behind its last record", "its header does not read")
FIXED = {"FORMAT", "HEAD", "LOCK", ".gitignore"}


class History:
    """The rows after each generation of a story; of a long one, the last thousand."""

    def __init__(self, story: Story) -> None:
        self._steps = iter(story)
        self._rows: dict[int, Rows] = {0: {}}
        self._last = 0

    def rows(self, generation: int) -> Rows:
        while self._last < generation:
            step, rows = next(self._steps)
            if step.generation > self._last:
                self._last = step.generation
                self._rows[self._last] = rows
                self._rows.pop(self._last - WINDOW, None)
        return self._rows[generation]


def check(root: Path, promised: int, attempted: int, history: History) -> int:
    """Check a collection after a fault, as a reader, then as a writer; give its generation."""
    if promised == 0 and not _is_collection(root):
        _check_writable(root, 0, {})
        return 0
    with writing_refused(), om.open(root, mode="r") as reader:
        found = assert_rows(reader, promised, attempted, history)
        _check_files(reader, torn=True)
    _check_writable(root, found, history.rows(found))
    return found


def check_quickly(root: Path, promised: int, attempted: int, history: History) -> None:
    """Check the rows only."""
    if promised or _is_collection(root):
        with writing_refused(), om.open(root, mode="r") as reader:
            assert_rows(reader, promised, attempted, history)


def _check_files(collection: Collection, *, torn: bool) -> None:
    """Every file passes; but a torn append, never promised, may be there until the next one."""
    problems = [f"{one.path}: {one.fault}" for one in collection.verify().problems]
    left = [one for one in problems if not (torn and _is_torn(one))]
    assert not left, f"verify: {left}"


def _is_torn(problem: str) -> bool:
    return any(sign in problem for sign in TORN)


def assert_rows(collection: Collection, promised: int, attempted: int, history: History) -> int:
    """The rows are those of one generation, not before the promise, not after the attempt."""
    found = collection.generation
    assert promised <= found <= attempted, f"generation {found}, promised {promised}"
    assert_same(rows_of(collection), history.rows(found))
    return found


def assert_same(rows: Rows, wanted: Rows) -> None:
    lost, phantoms = wanted.keys() - rows.keys(), rows.keys() - wanted.keys()
    assert not lost, f"lost {sorted(lost)}"
    assert not phantoms, f"came from nowhere {sorted(phantoms)}"
    changed = [name for name, row in wanted.items() if rows[name] != row]
    assert not changed, f"changed {changed}: {rows[changed[0]]} is not {wanted[changed[0]]}"


def _is_collection(root: Path) -> bool:
    try:
        om.open(root, mode="r").close()
    except om.errors.CollectionNotFoundError:
        return False
    return True


def _check_writable(root: Path, generation: int, rows: Rows) -> None:
    """The next writer goes on without repair, leaves nothing unlisted, and is read back."""
    vector = np.full((1, DIM), 0.5, "f4")
    with om.open(root, metric="l2") as writer:
        assert writer.generation == generation
        assert writer.upsert(["the next"], vector) == generation + 1
        assert [hit.id for hit in writer.search(vector[0], k=1)] == ["the next"]
        _check_files(writer, torn=False)
    om.reclaim(root)
    assert not (left := unlisted(root)), f"nobody lists {left}"
    with writing_refused(), om.open(root, mode="r") as reader:
        assert_same(rows_of(reader), {**rows, "the next": (vector.tobytes(), {})})


@contextmanager
def writing_refused() -> Iterator[None]:
    """A reader changes nothing on disk."""

    def refuse(kind: str, path: Path, detail: object = None) -> None:
        raise AssertionError(f"a reader tried to {kind} {path}")

    before, files.observer = files.observer, refuse
    try:
        yield
    finally:
        files.observer = before


def unlisted(root: Path) -> list[str]:
    """Find the files that no manifest of the folder names, nor are the newest ledgers."""
    known, bases = set(FIXED), list[int]()
    for path in (root / "manifests").glob("*.json"):
        body = path.read_bytes().rsplit(b"\n", 2)[0]
        tree = json.loads(body)
        known |= {f"manifests/{path.name}", f"manifests/{path.stem}.pin"}
        known |= {f"codebooks/{tree['codebook']}.faiss"}
        bases.append(tree["base_generation"])
        for shard in tree["shards"]:
            known |= {f"shards/{shard['name']}/{name}" for name in shard["files"]}
            known |= {f"tombs/{shard['tombs']}"}
    newest = max((int(name[10:22]) for name in known if name.endswith(".json")), default=0)
    known.add(f"manifests/{newest + 1:012d}.pin")  # empty, and the next manifest takes it
    there = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    known.update(sorted(path for path in there if path.startswith("ledger/"))[-ledger.KEPT :])
    logs = sorted(path for path in there if re.fullmatch(r"log/\d{12}\.log", path))
    followed = [int(path[4:16]) for path in logs[1:]]
    spent = {
        path
        for path, after in zip(logs, followed, strict=False)
        if after <= min(bases, default=0) + 1
    }
    return sorted(there - known - (set(logs) - spent))
