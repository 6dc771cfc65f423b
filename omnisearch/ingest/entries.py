"""What is met below a root: files to read, and what is refused, with a reason for people."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Literal, NamedTuple

from omnisearch.errors import OmnisearchError
from omnisearch.locations import shown

SYMLINK, SPECIAL, OTHER_SYSTEM = "symlink", "special file", "on another file system"
CHANGING = "it changes while it is read"


class Entry(NamedTuple):
    """A regular file; a tuple, since a million of them are made."""

    root: int
    path: bytes
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    link: bool = False  # reached through a symlink, which opening must follow as well

    @property
    def suffix(self) -> str:
        """The end of its name, which may decide what it is read as."""
        return Path(os.fsdecode(self.path)).suffix.lower()


class Refused(NamedTuple):
    """What is not read, and why: `skipped` is no fault, `failed` is one, `gone` is not there."""

    root: int
    path: bytes
    outcome: Literal["skipped", "failed", "gone"]
    reason: str
    folder: bool = False


class RefusedError(OmnisearchError):
    """A file that was met and cannot be read."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(f"{shown(refused.path) or 'the file'}: {refused.reason}")
        self.refused = refused


def entry_of(root: int, path: bytes, found: os.stat_result, *, link: bool = False) -> Entry:
    """Give the entry of a regular file."""
    size, inode = found.st_size, found.st_ino
    return Entry(root, path, size, found.st_mtime_ns, found.st_ctime_ns, inode, link)


def refusal(
    root: int, path: bytes, error: OSError, *, folder: bool = False, link: bool = False
) -> Refused:
    """Say why something could not be opened or read, through a symlink perhaps."""
    code = error.errno or 0
    if code in (errno.ENOENT, errno.ENOTDIR):
        return Refused(root, path, "gone", "not there any more", folder)
    if code == errno.ELOOP or (link and code == errno.EXDEV):  # it leads out of the root
        return Refused(root, path, "skipped", SYMLINK, folder)
    if code == errno.EXDEV:
        return Refused(root, path, "skipped", OTHER_SYSTEM, folder)
    if code in (errno.ENXIO, errno.ENODEV):
        return Refused(root, path, "skipped", SPECIAL, folder)
    why = "in use by another program" if code == errno.EAGAIN else os.strerror(code).lower()
    return Refused(root, path, "failed", f"unreadable{' folder' if folder else ''}: {why}", folder)
