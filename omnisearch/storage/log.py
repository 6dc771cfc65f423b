"""The log: one checksummed record per generation, appended and synced before it is acknowledged.

A log file is named by its first generation and goes on until the next file begins. Behind the last
record lie zeros, or what a failed or killed append left: the next append writes over them.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import xxhash

from omnisearch.errors import CorruptCollectionError
from omnisearch.storage import files, layout
from omnisearch.storage.identity import Identity, read_head

_HEADER = struct.Struct("<8s16sQ")  # magic, collection, first generation; then XXH3-64
_MAGIC = b"OMNILOG1"
HEADER_BYTES = _HEADER.size + 8
_RECORD = struct.Struct("<4sIQQ")  # magic, reserved, generation, payload bytes; then XXH3-128
_RECORD_MAGIC = b"REC1"
RECORD_BYTES = _RECORD.size + 16


@dataclass(frozen=True, slots=True)
class Record:
    """One generation as it lies in the log; `end` is the file offset behind it."""

    generation: int
    payload: memoryview
    end: int

    @property
    def start(self) -> int:
        """Give the file offset at which it begins."""
        return self.end - len(self.payload) - RECORD_BYTES


@dataclass(frozen=True, slots=True)
class Tail:
    """The log behind a manifest: its records, and where the last file's good part ends."""

    records: list[Record]
    first: int  # first generation of the last file; 0 where there is no usable one
    size: int  # good bytes in the last file


def create(root: Path, identity: Identity, first: int) -> files.Appender:
    """Begin a log file; it is durable, name and all, when this returns."""
    path = layout.log_path(root, first)
    header = _HEADER.pack(_MAGIC, identity.collection.bytes, first)
    files.write_file(path, [header, xxhash.xxh3_64_digest(header)], mode=0o600)
    files.sync_folder(path.parent)
    return files.Appender(path, HEADER_BYTES)


def resume(root: Path, identity: Identity, tail: Tail, reached: int) -> files.Appender:
    """Go on behind what was read, after making durable what nobody acknowledged."""
    unused = tail.size == HEADER_BYTES and tail.first <= reached
    if not tail.first or unused:  # unused since generations were left out behind it
        return create(root, identity, reached + 1)
    appender = files.Appender(layout.log_path(root, tail.first), tail.size)
    appender.clear_rest()
    acknowledged = max(read_head(root, identity).generation, tail.first - 1)
    unsure = [one for one in tail.records if one.generation > acknowledged]
    if unsure:
        appender.write_again(unsure[0].start)
    return appender


def append(
    log: files.Appender,
    generation: int,
    parts: Sequence[bytes | memoryview],
    *,
    durable: bool = True,
) -> None:
    """Append one record and make it durable, unless the caller syncs several at once."""
    size = sum(memoryview(part).nbytes for part in parts)
    head = _RECORD.pack(_RECORD_MAGIC, 0, generation, size)
    digest = xxhash.xxh3_128(head)
    for part in parts:
        digest.update(part)
    log.append([head, digest.digest(), *parts])
    if durable:
        log.sync()


def check_file(root: Path, identity: Identity, first: int, *, following: int | None) -> None:
    """Refuse a log file whose header or records do not read up to where the next file begins."""
    path = layout.log_path(root, first)
    records, size = _read_file(path, identity, first)
    if not size and following is None and path.stat().st_size < HEADER_BYTES:
        return  # a writer is making it, or was killed while it did
    if not size:
        raise _damage(root, path, "its header does not read")
    reached = records[-1].generation if records else first - 1
    _refuse_stray_bytes(path, size)
    if following is not None and reached < following - 1:
        raise _damage(root, path, f"generation {reached + 1} does not read")


def _refuse_stray_bytes(path: Path, end: int) -> None:
    """Behind the last record lie zeros, or the beginning of a record that was never finished."""
    with path.open("rb") as stream:
        stream.seek(end)
        rest = stream.read()
    if not rest or rest.startswith(_RECORD_MAGIC):
        return
    if rest.strip(b"\0") or (end + len(rest)) % files.AHEAD:
        fault = f"{path} has bytes behind its last record that no append left there"
        raise CorruptCollectionError(f"{fault}: nothing is lost, the next write clears them")


def salvage(root: Path, identity: Identity, base: int) -> list[Record]:
    """Read the records after `base` up to the first that does not read."""
    records: list[Record] = []
    expected = base + 1
    for name in _live_files(layout.numbers(root / layout.LOG, ".log"), base):
        try:
            data = _map(layout.log_path(root, name), identity, name)
        except CorruptCollectionError:
            break
        for record in _records(data, HEADER_BYTES):
            if record.generation == expected:
                records.append(record)
                expected += 1
    return records


def newest_generation(root: Path) -> int:
    """Tell which generation the log files reached at least, by their names alone."""
    names = layout.numbers(root / layout.LOG, ".log")
    return names[-1] - 1 if names else 0


def read_tail(root: Path, identity: Identity, base: int, acknowledged: int) -> Tail:
    """Read every record after `base`; less than what was acknowledged is damage."""
    live = _live_files(layout.numbers(root / layout.LOG, ".log"), base)
    tail = _read_files(root, identity, live, Tail([], 0, 0), base)
    reached = tail.records[-1].generation if tail.records else base
    if reached < acknowledged:
        path = layout.log_path(root, live[-1]) if live else root / layout.LOG
        raise _damage(root, path, f"generation {acknowledged} was acknowledged, {reached} is found")
    return tail


def follow(root: Path, identity: Identity, known: Tail, reached: int) -> Tail:
    """Read the records that came after generation `reached`, from where `known` ends."""
    later = [n for n in layout.numbers(root / layout.LOG, ".log") if n > known.first]
    records, size = _read_file(
        layout.log_path(root, known.first), identity, known.first, known.size
    )
    begun = Tail(records, known.first, size)
    return _read_files(root, identity, later, begun, records[-1].generation if records else reached)


def _read_files(root: Path, identity: Identity, names: list[int], tail: Tail, reached: int) -> Tail:
    records, first, size = tail.records, tail.first, tail.size
    expected = reached + 1
    for name in names:
        path = layout.log_path(root, name)
        found, good = _read_file(path, identity, name)
        if name > expected and good:
            raise _damage(root, path, f"generation {expected} is missing before it")
        if found and found[0].generation < expected and records:
            raise _damage(root, path, f"generation {found[0].generation} is there twice")
        records += [record for record in found if record.generation > reached]
        first, size = (name, good) if good else (first, size)
        expected = found[-1].generation + 1 if found else expected
    return Tail(records, first, size)


def _live_files(names: list[int], base: int) -> list[int]:
    """Keep the files that can hold a generation after `base`."""
    following = [*names[1:], None]
    pairs = zip(names, following, strict=False)
    return [first for first, after in pairs if after is None or after > base + 1]


def _read_file(
    path: Path, identity: Identity, first: int, start: int = HEADER_BYTES
) -> tuple[list[Record], int]:
    data = _map(path, identity, first)
    if not len(data):
        return [], 0
    records, end, reached, stuck = list[Record](), start, first - 1, 0
    while stuck < 2:  # a record that was being written when it was read is read again
        more = list(_records(data, end, reached + 1 if records else None))
        stuck = 0 if more else stuck + 1
        if more:
            records += more
            end, reached = more[-1].end, more[-1].generation
        if not _has_later(data, end, reached):
            return records, end
    raise _damage(path.parent.parent, path, f"generation {reached + 1} does not read")


def _map(path: Path, identity: Identity, first: int) -> memoryview:
    """Map a log file; nothing where its header does not read, for then it was never finished."""
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            if size < HEADER_BYTES:
                return memoryview(b"")
            data = memoryview(mmap.mmap(stream.fileno(), size, prot=mmap.PROT_READ))
    except FileNotFoundError:
        raise _damage(path.parent.parent, path, "it is missing") from None
    header = bytes(data[: _HEADER.size])
    if xxhash.xxh3_64_digest(header) != bytes(data[_HEADER.size : HEADER_BYTES]):
        return memoryview(b"")
    if header != _HEADER.pack(_MAGIC, identity.collection.bytes, first):
        raise _damage(path.parent.parent, path, "it is another log")
    return data


def _records(data: memoryview, offset: int, expected: int | None = None) -> Iterator[Record]:
    while (record := _record_at(data, offset)) is not None:
        if record.generation != (expected or record.generation):
            return
        yield record
        offset, expected = record.end, record.generation + 1


def _record_at(data: memoryview, offset: int) -> Record | None:
    if offset + RECORD_BYTES > len(data):
        return None
    magic, _, generation, size = _RECORD.unpack_from(data, offset)
    start = offset + RECORD_BYTES
    if magic != _RECORD_MAGIC or size > len(data) - start:
        return None
    digest = xxhash.xxh3_128(data[offset : offset + _RECORD.size])
    digest.update(data[start : start + size])
    if digest.digest() != bytes(data[offset + _RECORD.size : start]):
        return None
    return Record(generation, data[start : start + size], start + size)


def _has_later(data: memoryview, end: int, reached: int) -> bool:
    """Tell damage from a torn end: records are synced one by one, so nothing follows a torn one."""
    rest = bytes(data[end:])
    at = rest.find(_RECORD_MAGIC)
    while at >= 0:
        record = _record_at(data, end + at)
        if record is not None and record.generation > reached:
            return True
        at = rest.find(_RECORD_MAGIC, at + 1)
    return False


def _damage(root: Path, path: Path, fault: str) -> CorruptCollectionError:
    return CorruptCollectionError(
        f"{path} is damaged, {fault}: run `omnisearch doctor --index {root} --repair`"
    )
