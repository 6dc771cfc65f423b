"""What was learnt of a collection's cosines, as bytes that only the encoder's side understands.

It is derived: whoever finds none, or a damaged one, goes on with what ships. The name of a file
says of which space it is, for a collection keeps that of its space before, too.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
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
_UNTOLD = ""  # of older releases, whose files did not say it; they are learnt anew
Halves = npt.NDArray[np.float16]
Name = tuple[int, str]  # number, and tag of a space


def write(store: Store, space: str, content: bytes, nearness: Mapping[str, Halves]) -> None:
    """Make it the newest of a space, durably; it is no generation and no part of one.

    `nearness` has a number for each row of some shards, by their names.
    """
    with store.lock:
        store.begin_writing()
        folder, tag = _made(store.root), _tag(space)
        old = _named(folder)
        number = max((one for one, _ in old), default=0) + 1
        # the calibration last: a reader takes the highest number, and looks for the other then
        for suffix, parts in ((_NEAR, _packed(nearness)), (_CAL, [content])):
            made = store.root / layout.TMP / f"{layout.new_ulid()}{suffix}"
            files.write_file(made, parts)
            files.publish(made, _path(folder, (number, tag), suffix), store.identity.publishing)
        files.sync_folder(folder)
        _remove(folder, [one for one in old if one[1] in (tag, _UNTOLD)])


def carry(source: Path, target: Path, space: str) -> None:
    """Let a collection have what another has learnt of a space, as its newest of that."""
    found = _newest(source, space)
    if found is None:
        return
    folder = _made(target)
    old = _named(folder)
    number = max((one for one, _ in old), default=0) + 1
    for suffix in (_NEAR, _CAL):
        path = _path(source / _FOLDER, found, suffix)
        if path.exists():
            files.share(path, _path(folder, (number, found[1]), suffix))
    files.sync_folder(folder)
    _remove(folder, [one for one in old if one[1] == found[1]])


def keep(root: Path, spaces: Iterable[str]) -> None:
    """Remove what was learnt of other spaces."""
    tags = {_tag(space) for space in spaces}
    folder = root / _FOLDER
    if folder.is_dir():
        _remove(folder, [one for one in _named(folder) if one[1] not in tags])


def _made(root: Path) -> Path:
    folder = root / _FOLDER
    if not folder.is_dir():
        files.make_folder(folder)
        files.sync_folder(root)
    return folder


def _tag(space: str) -> str:
    return xxhash.xxh3_64_hexdigest(space.encode())


def _named(folder: Path) -> set[Name]:
    """List the numbers that lie there, and of which space each is."""
    found: set[Name] = set()
    for path in folder.iterdir():
        if match := layout.NAMES[_FOLDER].fullmatch(path.name):
            found.add((int(match[1]), match[2] or _UNTOLD))
    return found


def _path(folder: Path, name: Name, suffix: str) -> Path:
    number, tag = name
    return folder / f"{number:012d}{f'.{tag}' if tag else ''}{suffix}"


def _remove(folder: Path, names: Iterable[Name]) -> None:
    for name in names:
        for suffix in (_CAL, _NEAR):
            files.remove(_path(folder, name, suffix), missing_ok=True)


def _newest(root: Path, space: str) -> Name | None:
    folder, tag = root / _FOLDER, _tag(space)
    with suppress(OSError):  # nobody may read it
        names = _named(folder) if folder.is_dir() else set()
        return max((one for one in names if one[1] == tag), default=None)
    return None


def newest(root: Path, space: str) -> tuple[int, bytes] | None:
    """Read the newest of a space, with its number; None where there is none."""
    return _read(root, space, _CAL)


def nearness(root: Path, space: str) -> Mapping[str, Halves]:
    """Read what is known of the rows of shards; what is damaged is not known."""
    _, raw = _read(root, space, _NEAR) or (0, None)
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
    for name in sorted(_named(folder)) if folder.is_dir() else ():
        for suffix, begin, digested in ((_CAL, 10, 26), (_NEAR, 8, _DIGESTED)):
            path = _path(folder, name, suffix)
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


def _read(root: Path, space: str, suffix: str) -> tuple[int, bytes] | None:
    found = _newest(root, space)
    if found is None:
        return None
    try:
        return found[0], _path(root / _FOLDER, found, suffix).read_bytes()
    except OSError:  # a writer has just made a newer one, or nobody may read it
        return None


@lru_cache(64)
def _folder(root: Path) -> Path:
    """Name the folder; each question looks at it."""
    return root / _FOLDER


def stamp(root: Path) -> int:
    """Give a number that changes when there is a newer one."""
    try:
        return _folder(root).stat().st_mtime_ns
    except OSError:
        return 0
