"""Every state that a power cut may leave after each prefix of a recording, each state once.

Besides nothing and everything, each pending name and each dirty file is kept alone and lost alone,
and each dirty file is torn at its sectors: cut short, filled with zeros, or one sector missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b

from tests.crash.disk import SECTOR, Blob, Disk, File, Name, Write, overlay
from tests.crash.recording import Operation

RECENT = 10  # unsynced names that are lost or kept one by one; older ones go together
Contents = dict[int, Blob]
Left = tuple[tuple[str, bytes | None], ...]  # paths and bytes, None for a folder
Choice = tuple[frozenset[Name], Contents]  # pending names that came true, bytes of dirty files


@dataclass(frozen=True, slots=True)
class State:
    """A folder as a power cut left it, and what was promised and attempted before."""

    prefix: int
    tree: Left
    promised: int
    attempted: int
    digest: bytes


def states(operations: Iterable[Operation], cuts: int) -> Iterator[State]:
    """Yield each state once; at most `cuts` places are torn in one file."""
    disk, promised, attempted = Disk(), 0, 0
    seen: set[bytes] = set()
    for prefix, done in enumerate(operations, 1):
        if done.kind == "attempt":
            attempted = done.offset
        elif done.kind == "promise":
            promised = done.offset
        else:
            disk.apply(done)
        for tree in _trees(disk, cuts):
            digest = _digest(tree, promised, attempted)
            if digest not in seen:
                seen.add(digest)
                yield State(prefix, _left(tree), promised, attempted, digest)


def bare_states(operations: Iterable[Operation]) -> Iterator[State]:
    """Yield, at each promise and at the end, the state in which everything unsynced is lost."""
    disk, promised, attempted, prefix = Disk(), 0, 0, 0
    for prefix, done in enumerate(operations, 1):
        if done.kind == "attempt":
            attempted = done.offset
        elif done.kind == "promise":
            promised = done.offset
            yield _bare(disk, prefix, promised, attempted)
        else:
            disk.apply(done)
    yield _bare(disk, prefix, promised, attempted)


def _bare(disk: Disk, prefix: int, promised: int, attempted: int) -> State:
    tree = next(_trees(disk, cuts=1))
    return State(prefix, _left(tree), promised, attempted, _digest(tree, promised, attempted))


Tree = list[tuple[str, Blob | None]]


def _trees(disk: Disk, cuts: int) -> Iterator[Tree]:
    """Give the tree of each choice; the first is that without anything unsynced."""
    places: dict[frozenset[Name], list[tuple[str, int]]] = {}
    files = disk.files
    for kept, contents in _choices(disk, cuts):
        if kept not in places:
            places[kept] = list(disk.tree(kept))
        yield [
            (path, (contents.get(node) or files[node].durable) if node in files else None)
            for path, node in places[kept]
        ]


def _left(tree: Tree) -> Left:
    return tuple((path, None if blob is None else blob.data) for path, blob in tree)


def _digest(tree: Tree, promised: int, attempted: int) -> bytes:
    named = (path.encode() + (b"/" if blob is None else b"=" + blob.key) for path, blob in tree)
    marks = f"{promised} {attempted}".encode()
    return blake2b(b"\n".join([marks, *named]), digest_size=16).digest()


def _choices(disk: Disk, cuts: int) -> Iterator[Choice]:
    dirty = disk.dirty()
    written = {node: file.whole() for node, file in dirty.items()}
    every, none = frozenset(disk.pending), frozenset[Name]()
    yield none, {}
    yield every, written
    yield every, {}
    yield none, written
    recent = disk.pending[-RECENT:]
    yield _closed(disk, recent), written
    for name in recent:
        yield _closed(disk, {name}), written
        yield _closed(disk, every - {name}), written
    for node, file in dirty.items():
        yield every, {node: written[node]}
        others = {other: content for other, content in written.items() if other != node}
        yield every, others
        for torn in _torn(file, cuts):
            yield every, {node: torn}
            yield every, {**others, node: torn}


def _closed(disk: Disk, kept: Iterable[Name]) -> frozenset[Name]:
    """Take back what cannot be true without a change that is not kept."""
    chosen = set(kept)
    waiting = set(disk.pending)
    for name in disk.pending:
        if name in chosen and name.after in waiting and name.after not in chosen:
            chosen.discard(name)
    return frozenset(chosen)


def _torn(file: File, cuts: int) -> Iterator[Blob]:
    before, size = file.durable.data, len(file.whole().data)
    sectors = [piece for write in file.pending for piece in _sectors(write)]
    first = max(0, len(sectors) - RECENT * cuts)
    telling = [at for at in range(first, len(sectors)) if sectors[at][1].strip(b"\0")]
    for at in telling[:: max(1, len(telling) // cuts)]:
        short = overlay(before, sectors[:at])
        yield Blob(short)
        yield Blob(short + b"\0" * (size - len(short)))
        yield Blob(overlay(before, sectors[:at] + sectors[at + 1 :]))
        yield Blob(overlay(before, sectors[at:]))


def _sectors(write: Write) -> Iterator[Write]:
    offset, data = write
    end = offset + len(data)
    while offset < end:
        stop = min(end, (offset // SECTOR + 1) * SECTOR)
        yield offset, data[len(data) - (end - offset) : len(data) - (end - stop)]
        offset = stop
