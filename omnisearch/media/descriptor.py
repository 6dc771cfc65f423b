"""A source as a descriptor that a decoder may be given: of a regular file that nobody writes to.

What comes as bytes or through a pipe is copied into memory that is sealed.
"""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from omnisearch.errors import MediaError
from omnisearch.media.source import File, Stream, descriptor_at, named

MOST = 500_000_000  # bytes that are taken through a pipe
_BLOCK = 1 << 20
_NOEXEC_SEAL = 8  # of Linux 6.3, which complains where it is left out


@contextmanager
def descriptor_of(source: File) -> Iterator[int]:
    """Open a source for reading; whoever uses the descriptor leaves it open."""
    if isinstance(source, Stream):
        yield source.file.fileno()
        return
    descriptor = _of_bytes(source) if isinstance(source, bytes) else _of_path(source)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _of_path(path: str | Path) -> int:
    descriptor = descriptor_at(path, piped=True)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    try:
        os.set_blocking(descriptor, True)
        return _of_bytes(_piped(descriptor, named(path)))
    finally:
        os.close(descriptor)


def _piped(descriptor: int, name: str) -> bytes:
    blocks, size = [], 0
    while block := os.read(descriptor, _BLOCK):
        blocks.append(block)
        size += len(block)
        if size > MOST:
            raise MediaError(f"over {MOST:,} bytes came through {name}: give the name of a file")
    return b"".join(blocks)


def _of_bytes(content: bytes) -> int:
    if not content:
        raise MediaError("the file given has no bytes: give what a file holds")
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
