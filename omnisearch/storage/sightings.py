"""What is remembered of a file, as bytes: a key, and a value with a hash of both."""

from __future__ import annotations

import struct
from typing import Literal, NamedTuple

import xxhash

Outcome = Literal["stored", "failed", "skipped"]

KEY_BYTES = 511  # what LMDB takes at most
_OUTCOMES: tuple[Outcome, ...] = ("stored", "failed", "skipped")
_ROOT = struct.Struct(">I")
_FIXED = struct.Struct("<BQqqQq16sIH")
_LONGEST = KEY_BYTES - _ROOT.size  # a longer path is cut, and stands whole in the value
_CUT = _LONGEST - 1 - 16  # before a NUL, which no path holds, and a hash
_SEAL_BYTES, _NO_ITEM, _LAST = 8, bytes(16), (1 << 63) - 1


class Sighting(NamedTuple):
    """A file as it was when it was read, and what became of it."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    read_at_ns: int
    outcome: Outcome
    item: str = ""  # 32 hexadecimal digits; empty where the file was not hashed
    extractor: int = 0
    reason: str = ""


def prefix(root: int) -> bytes:
    """Give what every key of a root begins with."""
    return _ROOT.pack(root)


def key_of(root: int, path: bytes) -> bytes:
    """Give the key of a file; keys of one folder lie together."""
    if len(path) > _LONGEST:
        path = path[:_CUT] + b"\0" + xxhash.xxh3_128_digest(path)
    return _ROOT.pack(root) + path


def value_of(key: bytes, path: bytes, seen: Sighting) -> bytes:
    """Write a value; times that need more than 64 bits are cut, and will look changed."""
    whole = path if len(path) > _LONGEST else b""
    size, mtime, ctime, inode, read, outcome, item, extractor, reason = seen
    if max(mtime, ctime, read) > _LAST or min(mtime, ctime, read) < -_LAST:
        mtime, ctime, read = (max(-_LAST, min(time, _LAST)) for time in (mtime, ctime, read))
    numbers = size, mtime, ctime, inode, read
    digest = bytes.fromhex(item) if item else _NO_ITEM
    fixed = _FIXED.pack(_OUTCOMES.index(outcome), *numbers, digest, extractor, len(whole))
    return sealed(key, fixed + whole + reason.encode("utf-8", "replace"))


def sighting_of(key: bytes, value: bytes) -> Sighting | None:
    """Read a value; None where it is not what was written."""
    if len(value) < _FIXED.size + _SEAL_BYTES or not is_sound(key, value):
        return None
    outcome, size, mtime, ctime, inode, read, digest, extractor, length = _FIXED.unpack_from(value)
    item = "" if digest == _NO_ITEM else digest.hex()
    reason = value[_FIXED.size + length : -_SEAL_BYTES].decode("utf-8", "replace")
    numbers = size, mtime, ctime, inode, read
    return Sighting(*numbers, _OUTCOMES[outcome], item, extractor, reason)


def path_of(key: bytes, value: bytes) -> bytes | None:
    """Give the path of a file; None where the value is not what was written."""
    if len(value) < _FIXED.size + _SEAL_BYTES or not is_sound(key, value):
        return None
    length: int = _FIXED.unpack_from(value)[-1]
    return value[_FIXED.size : _FIXED.size + length] if length else key[_ROOT.size :]


def sealed(key: bytes, body: bytes) -> bytes:
    """Write the hash of key and body behind the body."""
    return body + xxhash.xxh3_64_digest(key + body)


def is_sound(key: bytes, value: bytes) -> bool:
    """Tell whether a value is what was written under that key."""
    return value[-_SEAL_BYTES:] == xxhash.xxh3_64_digest(key + value[:-_SEAL_BYTES])
