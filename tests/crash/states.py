"""Every state that a power cut may leave after each prefix of a recording, each state once.

Besides nothing and everything, each pending name and each dirty file is kept alone and lost alone,
and each dirty file is torn at its sectors: cut short, filled with zeros, or one sector missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b

from tests.crash.disk import SECTOR, Disk, File, Name, Write, overlay
from tests.crash.recording import Operation

Contents = dict[int, bytes]
Choice = tuple[frozenset[Name], Contents]  # pending names that came true, bytes of dirty files


@dataclass(frozen=True, slots=True)
class State:
    """A folder as a power cut left it, and what was promised and attempted before."""

    prefix: int
    tree: tuple[tuple[str, bytes | None], ...]  # None for a folder
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
        for kept, contents in _choices(disk, cuts):
            tree = tuple(_tree(disk, kept, contents))
            digest = _digest(tree, promised, attempted)
            if digest not in seen:
                seen.add(digest)
                yield State(prefix, tree, promised, attempted, digest)


def _tree(
    disk: Disk, kept: frozenset[Name], contents: Contents
) -> Iterator[tuple[str, bytes | None]]:
    for path, node in disk.tree(kept):
        file = disk.files.get(node)
        yield path, None if file is None else contents.get(node, file.durable)


def _digest(tree: Iterable[tuple[str, bytes | None]], promised: int, attempted: int) -> bytes:
    state = blake2b(f"{promised} {attempted}".encode(), digest_size=16)
    for path, content in tree:
        state.update(f"\n{path} {-1 if content is None else len(content)} ".encode())
        state.update(content or b"")
    return state.digest()


def _choices(disk: Disk, cuts: int) -> Iterator[Choice]:
    dirty = disk.dirty()
    written = {node: file.content() for node, file in dirty.items()}
    every, none = frozenset(disk.pending), frozenset[Name]()
    yield none, {}
    yield every, written
    yield every, {}
    yield none, written
    for name in disk.pending:
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


def _torn(file: File, cuts: int) -> Iterator[bytes]:
    sectors = [piece for write in file.pending for piece in _sectors(write)]
    step = max(1, len(sectors) // cuts)
    whole = file.content()
    for at in range(0, len(sectors), step):
        short = overlay(file.durable, sectors[:at])
        yield short
        yield short + b"\0" * (len(whole) - len(short))
        yield overlay(file.durable, sectors[:at] + sectors[at + 1 :])
        yield overlay(file.durable, sectors[at:])


def _sectors(write: Write) -> Iterator[Write]:
    offset, data = write
    end = offset + len(data)
    while offset < end:
        stop = min(end, (offset // SECTOR + 1) * SECTOR)
        yield offset, data[len(data) - (end - offset) : len(data) - (end - stop)]
        offset = stop
