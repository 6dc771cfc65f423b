"""A source as a descriptor that a decoder may be given: of a regular file that nobody writes to.

What comes as bytes, from an open file without a descriptor, or through a pipe is copied into memory
that is sealed. A named pipe that has no writer yet is waited for: whoever must not wait opens it
otherwise.
"""

from __future__ import annotations

import fcntl
import os
import select
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from omnisearch.errors import MediaError
from omnisearch.media.source import File, Stream, descriptor_at, named, opened

MOST = 500_000_000  # bytes that are taken through a pipe
_BLOCK = 1 << 20
_NOEXEC_SEAL = 8  # of Linux 6.3, which complains where it is left out


@contextmanager
def descriptor_of(source: File) -> Iterator[int]:
    """Open a source for reading; whoever uses the descriptor leaves it open."""
    if isinstance(source, Stream) and (number := _number(source)) is not None:
        yield number
        return
    if isinstance(source, bytes | Stream):
        content = source if isinstance(source, bytes) else _held(source)
        descriptor = _of_bytes(content, named(source))
    else:
        descriptor = _of_path(source)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _number(source: Stream) -> int | None:
    """Give the descriptor of an open file; one in memory or in an archive has none."""
    try:
        return source.file.fileno()
    except (OSError, AttributeError):
        return None


def _held(source: Stream) -> bytes:
    """Read an open file that has no descriptor, from its beginning."""
    try:
        with opened(source) as file:
            content = file.read(MOST + 1)
    except (OSError, AttributeError, TypeError) as error:
        what = f"{named(source)} is a {type(source.file).__name__} that cannot be read"
        remedy = "give a file that was opened in binary, its bytes, or its path"
        raise MediaError(f"{what} ({error}): {remedy}") from error
    if len(content) > MOST:
        raise MediaError(f"{named(source)} has over {MOST:,} bytes: give the name of a file")
    return content


def _of_path(path: str | Path) -> int:
    descriptor = descriptor_at(path, piped=True)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    try:
        return _of_bytes(_piped(descriptor, named(path)), named(path))
    finally:
        os.close(descriptor)


def _piped(descriptor: int, name: str) -> bytes:
    blocks, size = [], 0
    writer = select.poll()
    writer.register(descriptor, select.POLLIN)
    writer.poll()  # opened without waiting, it would look empty before the first writer comes
    os.set_blocking(descriptor, True)
    while block := os.read(descriptor, _BLOCK):
        blocks.append(block)
        size += len(block)
        if size > MOST:
            raise MediaError(f"over {MOST:,} bytes came through {name}: give the name of a file")
    return b"".join(blocks)


def _of_bytes(content: bytes, name: str) -> int:
    if not content:
        raise MediaError(f"{name} has no bytes: give what a file holds")
    if not hasattr(os, "memfd_create"):
        return _unnamed(content)
    flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
    try:
        memory = os.memfd_create("omnisearch", flags | _NOEXEC_SEAL)
    except OSError:
        memory = os.memfd_create("omnisearch", flags)
    _write(memory, content)
    seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    fcntl.fcntl(memory, fcntl.F_ADD_SEALS, seals)
    os.lseek(memory, 0, os.SEEK_SET)
    return memory


def _unnamed(content: bytes) -> int:
    """Give a file without a name, opened again for reading, where memory cannot be sealed."""
    with tempfile.NamedTemporaryFile() as file:
        _write(file.fileno(), content)
        return os.open(file.name, os.O_RDONLY | os.O_CLOEXEC)


def _write(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]
