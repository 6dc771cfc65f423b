"""The directory at the end of a zip archive, believed only where it agrees with what lies there.

https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT. What two readers could understand in
two ways is refused: members that overlap, that come twice, or that are called otherwise inside.
"""

from __future__ import annotations

import codecs
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from omnisearch.errors import MediaError

MEMBERS = 2_000  # of an archive: a long book has 500
_END, _END_SIZE = b"PK\5\6", 22
_LOCATOR, _LOCATOR_SIZE = b"PK\6\7", 20
_END64, _END64_SIZE = b"PK\6\6", 56
_RECORD, _RECORD_SIZE = b"PK\1\2", 46
_LOCAL, _LOCAL_SIZE = b"PK\3\4", 30
_COMMENT = 0xFFFF  # bytes, the longest that an archive can have at its end
_LONGEST = 16 << 20  # bytes of a directory: 2,000 members with the longest names have 140 kB
_ALL16, _ALL32 = 0xFFFF, 0xFFFFFFFF  # look into ZIP64
_SECRET = 0x0001 | 0x0040 | 0x2000  # flags: encrypted, strongly, the directory too
_UTF8 = 0x0800
_UNIX, _LINK, _KIND = 3, 0o120000, 0o170000
_STORED, _DEFLATED = 0, 8
_OLD_NAMES = codecs.lookup("cp437").name  # read now: who decodes can open no file later


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an archive; `start` is where its bytes begin, `size` is what it says to have."""

    name: str
    method: int
    start: int
    packed: int
    size: int
    checksum: int


@dataclass(frozen=True, slots=True)
class _Record:
    """What the directory says of a member."""

    raw: bytes
    flags: int
    method: int
    checksum: int
    packed: int
    size: int
    at: int  # of its local header


@dataclass(frozen=True, slots=True)
class _End:
    """Where the directory is."""

    count: int
    start: int
    size: int


def members(file: BinaryIO, name: str) -> Mapping[str, Member]:
    """Read the directory of an archive, and check it against all local headers."""
    length = file.seek(0, os.SEEK_END)
    end = _end(file, length, name)
    if end.count > MEMBERS:
        fault = f"{name} holds {end.count:,} members"
        raise MediaError(f"{fault}: at most {MEMBERS:,} are read, save the document anew")
    if end.size > _LONGEST or end.start + end.size > length:
        raise _damaged(name, "its directory lies outside of it")
    if not end.count and not end.size:
        raise MediaError(f"{name} is an archive of nothing: copy it again from where it came")
    file.seek(end.start)
    records = list(_records(file.read(end.size), end.count, name))
    found: dict[str, Member] = {}
    for record in sorted(records, key=lambda one: one.at):
        member = _member(file, record, end.start, name)
        if member.name in found:
            raise MediaError(f"{name} holds {member.name!r} twice: save the document anew")
        found[member.name] = member
    _check_apart(list(found.values()), records, end.start, name)
    return found


def _end(file: BinaryIO, length: int, name: str) -> _End:
    """Find the last record; what comes behind it must be its comment."""
    first = max(0, length - _END_SIZE - _COMMENT)
    file.seek(first)
    tail = file.read(length - first)
    at = tail.rfind(_END)
    while at >= 0 and not _ends(tail, at):
        at = tail.rfind(_END, 0, at)
    if at < 0:
        fault = f"{name} has no end: it is cut short or no document"
        raise MediaError(f"{fault}, copy it again from where it came")
    disk, begun, here, count, size, start = struct.unpack_from("<4H2L", tail, at + 4)
    if _ALL16 in (count, here) or _ALL32 in (size, start):
        return _end64(file, first + at, name)
    if disk or begun or here != count:
        raise _damaged(name, "it is one of several parts")
    return _End(count, start, size)


def _ends(tail: bytes, at: int) -> bool:
    if len(tail) - at < _END_SIZE:
        return False
    return at + _END_SIZE + int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail)


def _end64(file: BinaryIO, end: int, name: str) -> _End:
    """Read the longer last record, which stands right before its locator."""
    at = end - _LOCATOR_SIZE - _END64_SIZE
    if at < 0:
        raise _damaged(name, "its directory is nowhere")
    file.seek(at)
    both = file.read(_END64_SIZE + _LOCATOR_SIZE)
    told = int.from_bytes(both[_END64_SIZE + 8 : _END64_SIZE + 16], "little")
    if both[:4] != _END64 or both[_END64_SIZE : _END64_SIZE + 4] != _LOCATOR or told != at:
        raise _damaged(name, "its directory is nowhere")
    disk, begun, here, count, size, start = struct.unpack_from("<2L4Q", both, 16)
    if disk or begun or here != count:
        raise _damaged(name, "it is one of several parts")
    return _End(count, start, size)


def _records(directory: bytes, count: int, name: str) -> Iterator[_Record]:
    at = 0
    for _ in range(count):
        if directory[at : at + 4] != _RECORD or len(directory) - at < _RECORD_SIZE:
            raise _damaged(name, "its directory is cut short")
        (made_by, _, flags, method, _, _, checksum, packed, size, long, extra, comment) = (
            struct.unpack_from("<6H3L3H", directory, at + 4)
        )
        attributes, place = struct.unpack_from("<LL", directory, at + 38)
        ends = at + _RECORD_SIZE + long
        raw = directory[at + _RECORD_SIZE : ends]
        if made_by >> 8 == _UNIX and attributes >> 16 & _KIND == _LINK:
            raise MediaError(f"{name} holds a link to another file: save the document anew")
        if flags & _SECRET:
            fault = f"{name} is encrypted and opens with a password only"
            raise MediaError(f"{fault}: save it without one")
        numbers = _wide(directory[ends : ends + extra], [size, packed, place], name)
        yield _Record(raw, flags, method, checksum, numbers[1], numbers[0], numbers[2])
        at = ends + extra + comment
    if at != len(directory):
        raise _damaged(name, "its directory is longer than it says")


def _wide(extra: bytes, numbers: list[int], name: str) -> list[int]:
    """Take numbers of ZIP64 where those of 32 bits leave them to it, and nowhere else."""
    missing = [place for place, number in enumerate(numbers) if number == _ALL32]
    if not missing:
        return numbers
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1 and length >= 8 * len(missing) and at + 4 + length <= len(extra):
            found = struct.unpack_from(f"<{len(missing)}Q", extra, at + 4)
            for place, number in zip(missing, found, strict=True):
                numbers[place] = number
            return numbers
        at += 4 + length
    raise _damaged(name, "a member has no size")


def _member(file: BinaryIO, record: _Record, limit: int, name: str) -> Member:
    """Compare a record with the header that stands before the member's bytes."""
    file.seek(min(record.at, limit))  # a disk goes nowhere far beyond its files
    head = file.read(_LOCAL_SIZE)
    if len(head) < _LOCAL_SIZE or head[:4] != _LOCAL:
        raise _damaged(name, "a member is not where its directory says")
    long, extra = struct.unpack_from("<HH", head, 26)
    if file.read(long) != record.raw:
        raise _damaged(name, "a member is called otherwise than in its directory")
    if record.method not in (_STORED, _DEFLATED):
        raise MediaError(f"{name} is packed in a way that no office program writes: save it anew")
    start = record.at + _LOCAL_SIZE + long + extra
    called = _called(record, name)
    return Member(called, record.method, start, record.packed, record.size, record.checksum)


def _called(record: _Record, name: str) -> str:
    """Give the name of a member; one that leads out of the archive is an attack."""
    try:
        called = record.raw.decode("utf-8" if record.flags & _UTF8 else _OLD_NAMES)
    except UnicodeDecodeError as error:
        raise _damaged(name, "a member has no name that can be read") from error
    called = called.replace("\\", "/")
    outside = called.startswith("/") or ".." in called.split("/") or ":" in called.split("/")[0]
    if not called or outside or "\0" in called:
        raise MediaError(f"{name} holds a member that leads out of it: save the document anew")
    return called


def _check_apart(found: list[Member], records: list[_Record], directory: int, name: str) -> None:
    """Refuse members that share bytes with each other or with the directory."""
    begins = [*sorted(record.at for record in records)[1:], directory]
    for member, following in zip(found, begins, strict=True):
        if member.start + member.packed > following:
            raise MediaError(f"{name} holds members that overlap: save the document anew")


def _damaged(name: str, why: str) -> MediaError:
    return MediaError(f"{name} is damaged ({why}): copy it again from where it came")
