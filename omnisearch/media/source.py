"""Where media come from: a path, bytes or an open file, read as a stream and named in errors."""

from __future__ import annotations

import io
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from omnisearch.errors import MediaError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """A file that was opened elsewhere; several may read it in turns, and none closes it."""

    file: BinaryIO
    name: str


File = str | Path | bytes | Stream
FILES = (str, Path, bytes, Stream)
_BUFFER = 65_536


class _Reading(io.RawIOBase):
    """A place of its own in a file that others read as well."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, os.SEEK_END)
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        begin = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, begin + offset)
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        room = memoryview(buffer).cast("B")
        self._file.seek(self._at)
        found = self._file.read(len(room))
        room[: len(found)] = found
        self._at += len(found)
        return len(found)


def named(source: File) -> str:
    """Name a source in a message."""
    if isinstance(source, bytes):
        return "the file given"
    source = source.name if isinstance(source, Stream) else source
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in str(source))


def opened(source: File) -> BinaryIO:
    """Give a regular file or bytes to be read from the start; empty ones are an error."""
    if isinstance(source, bytes):
        if not source:
            raise MediaError("the file given has no bytes: give what a file holds")
        return io.BytesIO(source)
    if isinstance(source, Stream):
        reading = io.BufferedReader(_Reading(source.file), _BUFFER)
        if not reading.seek(0, os.SEEK_END):
            raise MediaError(f"{named(source)} is empty: copy it again from where it came")
        reading.seek(0)
        return reading
    return os.fdopen(descriptor_at(source), "rb")


def descriptor_at(path: str | Path, *, piped: bool = False) -> int:
    """Open a regular file that has bytes, without waiting; a pipe where those are taken."""
    try:
        # a pipe without a writer would otherwise be waited for
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise MediaError(f"{named(path)} does not open ({reason}): check the path") from error
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_size:
        return descriptor
    if piped and stat.S_ISFIFO(found.st_mode):
        return descriptor
    os.close(descriptor)
    if stat.S_ISREG(found.st_mode):
        raise MediaError(f"{named(path)} is empty: copy it again from where it came")
    if stat.S_ISDIR(found.st_mode):
        raise MediaError(f"{named(path)} is a folder: give a file that is in it")
    raise MediaError(f"{named(path)} is no regular file: give the path of a file")
