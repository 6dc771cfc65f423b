"""One folder that is being read: its handle, its names, and what in it is left out."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass

from omnisearch.ingest.beneath import FILE
from omnisearch.ingest.ignore import (
    IGNORE_FILE,
    IGNORE_FILE_BYTES,
    Chain,
    IgnoreFileError,
    Patterns,
)

MAGIC = b"omnisearch "  # how FORMAT begins, in a collection and in what is kept beside one
_FORMAT = b"FORMAT"


@dataclass(frozen=True, slots=True)
class Listing:
    """An open folder; `prefix` is its path with a slash behind it, empty for the root."""

    descriptor: int
    names: os._ScandirIterator[str]
    prefix: bytes
    chain: Chain
    link: bool = False

    def close(self) -> None:
        """Let go of the folder."""
        self.names.close()
        os.close(self.descriptor)


def too_many_open(error: OSError) -> bool:
    """Tell whether descriptors ran out, which says nothing of what was to be opened."""
    return error.errno in (errno.EMFILE, errno.ENFILE)


def is_ours(folder: int) -> bool:
    """Tell whether an open folder holds a collection, or what belongs to one."""
    if not os.access(_FORMAT, os.F_OK, dir_fd=folder):
        return False
    try:
        return _start(folder, _FORMAT, len(MAGIC)) == MAGIC
    except OSError as error:
        if too_many_open(error):
            raise
        return False


def patterns(folder: int) -> Patterns | None:
    """Read the ignore file of an open folder."""
    if not os.access(IGNORE_FILE, os.F_OK, dir_fd=folder):
        return None
    try:
        raw = _start(folder, IGNORE_FILE, IGNORE_FILE_BYTES + 1)
    except OSError as error:
        if too_many_open(error):
            raise
        raise IgnoreFileError(os.strerror(error.errno or 0).lower()) from error
    if len(raw) > IGNORE_FILE_BYTES:
        raise IgnoreFileError(f"it has more than {IGNORE_FILE_BYTES >> 10} KiB")
    return Patterns.parse(raw)


def _start(folder: int, name: bytes, most: int) -> bytes:
    descriptor = os.open(name, FILE, dir_fd=folder)
    try:
        regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        raw = b""
        while regular and len(raw) < most and (more := os.read(descriptor, most - len(raw))):
            raw += more
        return raw
    finally:
        os.close(descriptor)
