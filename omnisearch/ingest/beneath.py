"""Files are opened by way of a handle to their root, so that no name leads out of it.

The kernel is asked to stay beneath (openat2, Linux 5.6); elsewhere each component is opened by
itself and never through a symlink. Either holds while somebody renames what lies on the way.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import sys
from collections.abc import Iterator
from typing import Literal, Self

from omnisearch.locations import Root

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# without O_NONBLOCK the opening of a FIFO waits for a writer
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
# a handle that neither reads nor needs the right to, where there is one
LOOK = getattr(os, "O_PATH", os.O_RDONLY | os.O_NONBLOCK) | os.O_CLOEXEC

_OPENAT2, _HERE = 437, -100  # the number is the same on every architecture
_NO_XDEV, _NO_MAGICLINKS, _NO_SYMLINKS, _BENEATH = 0x01, 0x02, 0x04, 0x08
_CHUNK = 3_500  # bytes of a path in one call; the kernel takes 4,095
_TRIES = 16  # of EAGAIN, when renames on the way kept the kernel from being sure


class _How(ctypes.Structure):
    _fields_ = (
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    )


_syscall = ctypes.CDLL(None, use_errno=True).syscall
_syscall.restype = ctypes.c_long


def _openat2(folder: int, path: bytes, flags: int, resolve: int) -> int:
    how = _How(flags, 0, resolve)
    number, size = ctypes.c_long(_OPENAT2), ctypes.c_size_t(ctypes.sizeof(how))
    code = 0
    for _ in range(_TRIES):
        found = int(_syscall(number, ctypes.c_int(folder), path, ctypes.byref(how), size))
        if found >= 0:
            return found
        code = ctypes.get_errno()
        if code not in (errno.EAGAIN, errno.EINTR):
            break
    raise OSError(code, os.strerror(code), path)


def kernel_stays_beneath() -> bool:
    """Tell whether openat2 is there: not before Linux 5.6, nor where a container forbids it."""
    if sys.platform != "linux":  # where the number means something else
        return False
    try:
        os.close(_openat2(_HERE, b".", LOOK, _BENEATH))
    except OSError:
        return False
    return True


class Beneath:
    """A root held open while it is read; everything below it is opened from here."""

    def __init__(self, root: Root, *, kernel: bool | None = None) -> None:
        self.root = root
        self.kernel = kernel_stays_beneath() if kernel is None else kernel
        folder, self._name = root.path, b""
        if root.kind == "file":
            folder, _, self._name = root.path.rpartition(b"/")
        self._top = os.open(folder or b"/", LOOK | os.O_DIRECTORY)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the handle; idempotent."""
        if self._top >= 0:
            os.close(self._top)
            self._top = -1

    def open(self, path: bytes, flags: int, *, inside_mount: bool = False) -> int:
        """Open what lies at a path of any length; a symlink anywhere on it is an OSError."""
        if self._name:
            if path:
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
            path = self._name
        parts = list(_chunks(path, _CHUNK if self.kernel else 0))
        folder = self._top
        try:
            for part in parts[:-1]:
                below = self.enter(folder, part, LOOK | os.O_DIRECTORY, inside_mount=inside_mount)
                if folder != self._top:
                    os.close(folder)
                folder = below
            return self.enter(folder, parts[-1], flags, inside_mount=inside_mount)
        finally:
            if folder != self._top:
                os.close(folder)

    def enter(self, folder: int, name: bytes, flags: int, *, inside_mount: bool = False) -> int:
        """Open one name of an open folder."""
        if self.kernel:
            resolve = _BENEATH | _NO_SYMLINKS | _NO_MAGICLINKS
            return _openat2(folder, name, flags, resolve | (_NO_XDEV if inside_mount else 0))
        return os.open(name, flags | os.O_NOFOLLOW, dir_fd=folder)

    def follow(self, path: bytes, flags: int) -> int:
        """Open through symlinks that stay beneath the root; only where the kernel can hold that."""
        if not self.kernel:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        return _openat2(self._top, path, flags & ~os.O_NOFOLLOW, _BENEATH | _NO_MAGICLINKS)

    def state(self, path: bytes) -> Literal["there", "gone", "unknown"]:
        """Tell whether a file lies there; where a folder cannot be entered, that is unknown."""
        try:
            descriptor = self.open(path, LOOK | os.O_NOFOLLOW)
        except OSError as error:
            gone = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
            return "gone" if error.errno in gone else "unknown"
        try:
            return "there" if stat.S_ISREG(os.fstat(descriptor).st_mode) else "gone"
        finally:
            os.close(descriptor)


def _chunks(path: bytes, most: int) -> Iterator[bytes]:
    """Cut a path at slashes into pieces of at most so many bytes; 0 cuts at each slash."""
    while len(path) > most:
        cut = path.rfind(b"/", 0, most) if most else path.find(b"/")
        if cut < 0:
            break
        yield path[:cut]
        path = path[cut + 1 :]
    yield path or b"."
