"""The log: one checksummed record per generation, appended and synced before it is acknowledged.

A log file is named by its first generation and goes on until the next file begins. Bytes behind
the last good record are what a failed or killed append left: the next append writes over them.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import xxhash

from omnisearch.errors import CorruptCollectionError
from omnisearch.storage import files, layout
from omnisearch.storage.identity import Identity

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


def append(log: files.Appender, generation: int, parts: list[bytes | memoryview]) -> None:
    """Append one record and make it durable."""
    size = sum(memoryview(part).nbytes for part in parts)
    head = _RECORD.pack(_RECORD_MAGIC, 0, generation, size)
    digest = xxhash.xxh3_128(head)
    for part in parts:
        digest.update(part)
    log.append([head, digest.digest(), *parts])
    log.sync()


def read_tail(root: Path, identity: Identity, base: int, acknowledged: int) -> Tail:
    """Read every record after `base`; less than what was acknowledged is damage."""
    live = _live_files(layout.numbers(root / layout.LOG, ".log"), base)
    records: list[Record] = []
    first, size, expected = 0, 0, base + 1
    for name in live:
        path = layout.log_path(root, name)
        found, size = _read_file(path, identity, name)
        if name > expected and size:
            raise _damage(root, path, f"generation {expected} is missing before it")
        records += [record for record in found if record.generation > base]
        first = name if size else first
        expected = found[-1].generation + 1 if found else expected
    tail = Tail(records, first, size)
    reached = records[-1].generation if records else base
    if reached < acknowledged:
        path = layout.log_path(root, live[-1]) if live else root / layout.LOG
        raise _damage(root, path, f"generation {acknowledged} was acknowledged, {reached} is found")
    return tail


def _live_files(names: list[int], base: int) -> list[int]:
    """Keep the files that can hold a generation after `base`."""
    following = [*names[1:], None]
    pairs = zip(names, following, strict=True)
    return [first for first, after in pairs if after is None or after > base + 1]


def _read_file(path: Path, identity: Identity, first: int) -> tuple[list[Record], int]:
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        if size < HEADER_BYTES:
            return [], 0
        data = memoryview(mmap.mmap(stream.fileno(), size, prot=mmap.PROT_READ))
    header = bytes(data[: _HEADER.size])
    if xxhash.xxh3_64_digest(header) != bytes(data[_HEADER.size : HEADER_BYTES]):
        return [], 0
    if header != _HEADER.pack(_MAGIC, identity.collection.bytes, first):
        raise _damage(path.parent.parent, path, "it is another log")
    records = list(_records(data, first))
    end = records[-1].end if records else HEADER_BYTES
    return records, end


def _records(data: memoryview, generation: int) -> Iterator[Record]:
    offset = HEADER_BYTES
    while offset + RECORD_BYTES <= len(data):
        magic, _, found, size = _RECORD.unpack_from(data, offset)
        start = offset + RECORD_BYTES
        if magic != _RECORD_MAGIC or found != generation or size > len(data) - start:
            return
        digest = xxhash.xxh3_128(data[offset : offset + _RECORD.size])
        digest.update(data[start : start + size])
        if digest.digest() != bytes(data[offset + _RECORD.size : start]):
            return
        offset = start + size
        yield Record(generation, data[start:offset], offset)
        generation += 1


def _damage(root: Path, path: Path, fault: str) -> CorruptCollectionError:
    return CorruptCollectionError(
        f"{path} is damaged, {fault}: run `omnisearch doctor --index {root} --repair`"
    )
