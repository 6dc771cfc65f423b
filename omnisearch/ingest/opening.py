"""A file as it is at one moment: what is hashed and what is decoded are the same bytes.

Up to 64 MiB are copied into memory that nobody can write any more. A larger file stays where it is,
and whoever decoded it asks afterwards whether it is still the same.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from blake3 import blake3

from omnisearch.ingest.beneath import FILE, Beneath
from omnisearch.ingest.entries import (
    CHANGING,
    SPECIAL,
    Entry,
    Refused,
    RefusedError,
    entry_of,
    refusal,
)

COPIED_BYTES = 64 << 20
LARGEST_BYTES = 256 << 30  # what is larger is the image of a disk, or a hole
HEAD_BYTES = 4_096
_DIGEST_BYTES = 16  # of BLAKE3; as hexadecimal the id of an item
_BLOCK = 1 << 20
_TRIES, _PAUSE_S = 3, 0.05
_NOEXEC_SEAL = 8  # of Linux 6.3, which complains where it is left out

# gets the first bytes and the size before the rest is read; what it raises ends the opening
Admit = Callable[[bytes, int], None]


@dataclass(slots=True)
class Copy:
    """A file that was read whole; `fd` is at its start and is closed with the copy."""

    fd: int
    digest: str
    entry: Entry  # as it was when it was read
    read_at_ns: int  # when reading began: what is changed just then may look the same
    sealed: bool

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    @property
    def size(self) -> int:
        """How many bytes the file has."""
        return self.entry.size

    def check(self) -> None:
        """Refuse a file that was too large to copy and has changed since it was hashed."""
        if not self.sealed and _seen(self.entry, os.fstat(self.fd)) != self.entry:
            raise RefusedError(_refused(self.entry, CHANGING))

    def close(self) -> None:
        """Close the descriptor; idempotent."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def opened(handle: Beneath, entry: Entry, admit: Admit | None = None) -> Copy:
    """Read a file whole, as it was at one moment; RefusedError says why it cannot be."""
    for attempt in range(_TRIES):
        time.sleep(_PAUSE_S if attempt else 0)
        try:
            opening = handle.follow if entry.link else handle.open
            descriptor = opening(entry.path, FILE)
            try:
                copy = _read(descriptor, entry, admit)
            except BaseException:
                os.close(descriptor)
                raise
        except OSError as error:
            found = refusal(entry.root, entry.path, error, link=entry.link)
            raise RefusedError(found) from error
        if copy is None or copy.fd != descriptor:
            os.close(descriptor)
        if copy is not None:
            return copy
    raise RefusedError(_refused(entry, CHANGING))


def _read(descriptor: int, entry: Entry, admit: Admit | None) -> Copy | None:
    """Read an open file; None where it changed meanwhile."""
    found, read_at_ns = os.fstat(descriptor), time.time_ns()
    if not stat.S_ISREG(found.st_mode):
        raise RefusedError(Refused(entry.root, entry.path, "skipped", SPECIAL))
    before = _seen(entry, found)
    if admit is not None:
        admit(os.pread(descriptor, HEAD_BYTES, 0), before.size)
    if before.size > LARGEST_BYTES:
        raise RefusedError(_refused(entry, f"larger than {LARGEST_BYTES >> 30} GiB"))
    copied = before.size <= COPIED_BYTES and hasattr(os, "memfd_create")
    target = _memory() if copied else descriptor
    try:
        digest = _copied(descriptor, target, before.size)
        if digest is None or _seen(entry, os.fstat(descriptor)) != before:
            return None
        if target != descriptor:
            _seal(target)
        os.lseek(target, 0, os.SEEK_SET)
        copy = Copy(target, digest, before, read_at_ns, target != descriptor)
        target = descriptor
        return copy
    finally:
        if target != descriptor:
            os.close(target)


def _copied(source: int, target: int, size: int) -> str | None:
    """Hash a file and copy it; None where it does not have that many bytes."""
    digest, left = blake3(), size
    while block := os.read(source, min(_BLOCK, left + 1)):
        left -= len(block)
        if left < 0:
            return None
        digest.update(block)
        while target != source and block:
            block = block[os.write(target, block) :]
    return None if left else digest.hexdigest(length=_DIGEST_BYTES)


def _memory() -> int:
    flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
    try:
        return os.memfd_create("omnisearch", flags | _NOEXEC_SEAL)
    except OSError:
        return os.memfd_create("omnisearch", flags)


def _seal(memory: int) -> None:
    seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    fcntl.fcntl(memory, fcntl.F_ADD_SEALS, seals)


def _seen(entry: Entry, found: os.stat_result) -> Entry:
    return entry_of(entry.root, entry.path, found, link=entry.link)


def _refused(entry: Entry, reason: str) -> Refused:
    return Refused(entry.root, entry.path, "failed", reason)
