"""Links between near segments, as bytes: `relations/<number>.links`.

They are derived, and part of no generation: whoever finds none, or a damaged one, makes them anew.
Segments are told by what they are and not by where they lie, so links outlive a compaction.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xxhash

from omnisearch.storage import files, layout
from omnisearch.storage.store import Store

FOLDER, SUFFIX = layout.RELATIONS, ".links"
_MAGIC, _VERSION = b"OMNILINK", 1
# magic, XXH3-128 of what follows, version, links of a segment, tag of the space, segments
_HEADER = struct.Struct("<8s16sIIQQ")
_DIGESTED = 24  # from here on
_MOST_LINKS = 64

Keys = npt.NDArray[np.uint64]
Targets = npt.NDArray[np.int32]
Cosines = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class StoredLinks:
    """The nearest segments of each of n segments, by their places among `keys`; -1 is none."""

    keys: Keys  # (n,)
    targets: Targets  # (n, k)
    cosines: Cosines  # (n, k)


def write(store: Store, space: str, links: StoredLinks) -> None:
    """Make these the newest, durably, in place of those before."""
    with store.lock:
        store.begin_writing()
        folder = store.root / FOLDER
        if not folder.is_dir():
            files.make_folder(folder)
            files.sync_folder(store.root)
        old = layout.numbers(folder, SUFFIX)
        made = store.root / layout.TMP / f"{layout.new_ulid()}{SUFFIX}"
        files.write_file(made, pack(space, links))
        files.publish(made, _path(folder, max(old, default=0) + 1), store.identity.publishing)
        files.sync_folder(folder)
        for number in old:
            files.remove(_path(folder, number), missing_ok=True)


def forget(store: Store) -> None:
    """Remove them: what is purged leaves no trace, not even how near it was to something."""
    for number in _numbers(store.root):
        files.remove(_path(store.root / FOLDER, number), missing_ok=True)
    if (store.root / FOLDER).is_dir():
        files.sync_folder(store.root / FOLDER)


def read(root: Path, space: str) -> StoredLinks | None:
    """Read the newest of a space; None where there is none, or none that is sound."""
    with suppress(OSError):  # a writer has just made a newer one, or nobody may read it
        if numbers := _numbers(root):
            return unpack(_path(root / FOLDER, numbers[-1]).read_bytes(), space)
    return None


def damaged(root: Path) -> list[Path]:
    """List those whose checksum is not right; they are made anew when somebody asks."""
    paths = [_path(root / FOLDER, number) for number in _numbers(root)]
    return [path for path in paths if path.exists() and not _is_whole(path.read_bytes())]


def pack(space: str, links: StoredLinks) -> list[bytes]:
    """Give links as bytes."""
    segments, each = links.targets.shape
    head = struct.pack("<IIQQ", _VERSION, each, _tag(space), segments)
    arrays = (links.keys.astype("<u8"), links.targets.astype("<i4"), links.cosines.astype("<f2"))
    body = head + b"".join(array.tobytes() for array in arrays)
    return [_MAGIC, xxhash.xxh3_128_digest(body), body]


def unpack(raw: bytes, space: str) -> StoredLinks | None:
    """Read what `pack` gave; None where it is damaged, of another space or of another version."""
    if not _is_whole(raw):
        return None
    _, _, version, each, tag, segments = _HEADER.unpack_from(raw)
    if version != _VERSION or tag != _tag(space) or not 0 < each <= _MOST_LINKS:
        return None
    if len(raw) != _HEADER.size + segments * (8 + 6 * each):
        return None
    keys = np.frombuffer(raw, "<u8", segments, _HEADER.size)
    at = _HEADER.size + 8 * segments
    targets = np.frombuffer(raw, "<i4", segments * each, at).reshape(segments, each)
    cosines = np.frombuffer(raw, "<f2", segments * each, at + targets.nbytes)
    if segments and (int(targets.max()) >= segments or int(targets.min()) < -1):
        return None
    return StoredLinks(keys, targets, cosines.reshape(segments, each))


def _is_whole(raw: bytes) -> bool:
    if len(raw) < _HEADER.size or raw[:8] != _MAGIC:
        return False
    return bool(raw[8:_DIGESTED] == xxhash.xxh3_128_digest(raw[_DIGESTED:]))


def _numbers(root: Path) -> list[int]:
    return layout.numbers(root / FOLDER, SUFFIX) if (root / FOLDER).is_dir() else []


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:012d}{SUFFIX}"


def _tag(space: str) -> int:
    return xxhash.xxh3_64_intdigest(space.encode())
