"""What was learnt of a collection's cosines, as bytes that only the encoder's side understands.

It is derived: whoever finds none, or a damaged one, goes on with what ships.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xxhash

from omnisearch.storage import files, layout
from omnisearch.storage.store import Store

_FOLDER = layout.CALIBRATION
_CAL, _NEAR = ".cal", ".near"
_MAGIC = b"OMNINEAR"
_HEADER = struct.Struct("<8s16sQ")  # magic, XXH3-128 of what follows, shards
_ENTRY = struct.Struct("<26sQ")  # name of a shard, rows
_DIGESTED = 24  # from here on
Halves = npt.NDArray[np.float16]


def write(store: Store, content: bytes, nearness: Mapping[str, Halves]) -> None:
    """Make it the newest, durably; it is no generation and no part of one.

    `nearness` has a number for each row of some shards, by their names.
    """
    with store.lock:
        store.begin_writing()
        folder = store.root / _FOLDER
        if not folder.is_dir():
            files.make_folder(folder)
            files.sync_folder(store.root)
        old = _numbers(folder)
        number = max(old, default=0) + 1
        # the calibration last: a reader takes the highest number, and looks for the other then
        for suffix, parts in ((_NEAR, _packed(nearness)), (_CAL, [content])):
            made = store.root / layout.TMP / f"{layout.new_ulid()}{suffix}"
            files.write_file(made, parts)
            files.publish(made, folder / f"{number:012d}{suffix}", store.identity.publishing)
        files.sync_folder(folder)
        for one in old:
            for suffix in (_CAL, _NEAR):
                files.remove(folder / f"{one:012d}{suffix}", missing_ok=True)


def _numbers(folder: Path) -> set[int]:
    return {*layout.numbers(folder, _CAL), *layout.numbers(folder, _NEAR)}


def newest(root: Path) -> bytes | None:
    """Read the newest; None where there is none."""
    return _read(root, _CAL)


def nearness(root: Path) -> Mapping[str, Halves]:
    """Read what is known of the rows of shards; what is damaged is not known."""
    raw = _read(root, _NEAR)
    if raw is None or len(raw) < _HEADER.size:
        return {}
    magic, digest, shards = _HEADER.unpack_from(raw)
    if magic != _MAGIC or digest != xxhash.xxh3_128_digest(raw[_DIGESTED:]):
        return {}
    found: dict[str, Halves] = {}
    at = _HEADER.size + shards * _ENTRY.size
    for number in range(shards):
        name, rows = _ENTRY.unpack_from(raw, _HEADER.size + number * _ENTRY.size)
        if at + 2 * rows > len(raw):
            return {}
        found[name.decode("ascii", "replace")] = np.frombuffer(raw, "<f2", rows, at)
        at += 2 * rows
    return found


def damaged(root: Path) -> list[Path]:
    """List those whose checksum is not right; they are learnt anew when something is written."""
    folder = root / _FOLDER
    found = []
    for number in sorted(_numbers(folder)) if folder.is_dir() else ():
        for suffix, begin, digested in ((_CAL, 10, 26), (_NEAR, 8, _DIGESTED)):
            path = folder / f"{number:012d}{suffix}"
            raw = path.read_bytes() if path.exists() else None
            if raw is not None and raw[begin : begin + 16] != xxhash.xxh3_128_digest(
                raw[digested:]
            ):
                found.append(path)
    return found


def _packed(nearness: Mapping[str, Halves]) -> list[bytes]:
    entries = [_ENTRY.pack(name.encode(), len(rows)) for name, rows in nearness.items()]
    body = b"".join([*entries, *(rows.astype("<f2").tobytes() for rows in nearness.values())])
    counted = struct.pack("<Q", len(nearness)) + body
    return [_MAGIC, xxhash.xxh3_128_digest(counted), counted]


def _read(root: Path, suffix: str) -> bytes | None:
    folder = root / _FOLDER
    try:
        numbers = layout.numbers(folder, _CAL) if folder.is_dir() else []
        return (folder / f"{numbers[-1]:012d}{suffix}").read_bytes() if numbers else None
    except OSError:  # a writer has just made a newer one, or nobody may read it
        return None


def stamp(root: Path) -> int:
    """Give a number that changes when there is a newer one."""
    try:
        return (root / _FOLDER).stat().st_mtime_ns
    except OSError:
        return 0
