"""Who writes and who reads: advisory locks of the kernel, which vanish with their holder."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from pathlib import Path

from omnisearch.errors import CollectionLockedError, ReadOnlyError, StorageError
from omnisearch.storage import layout


class FileLock:
    """A lock held on an open file until `release`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; idempotent."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def lock_writer(root: Path) -> FileLock:
    """Become the one writer of a collection, or say who is."""
    path = root / layout.LOCK
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ReadOnlyError(
            f"cannot write to {root} ({os.strerror(error.errno or 0)}): "
            "make the folder writable, or open it with mode='r'"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip() or "unknown"
        os.close(descriptor)
        raise _refused(error, root, holder) from error
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
    except OSError:
        pass  # who holds the lock is information only; a full disk must not stop a delete
    return FileLock(descriptor)


def _refused(error: OSError, root: Path, holder: str) -> CollectionLockedError | StorageError:
    if error.errno in (errno.EAGAIN, errno.EACCES):
        return CollectionLockedError(
            f"{root} is being written by {holder}: wait until it closes the collection, "
            "or open it with mode='r'"
        )
    return StorageError(
        f"{root} is on a file system without locks ({os.strerror(error.errno or 0)}): "
        "keep the collection on a local disk"
    )


def lock_watcher(path: Path) -> FileLock | None:
    """Become the one process that follows folders for a collection; None where there is one."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return FileLock(descriptor)


def pin(path: Path) -> FileLock | None:
    """Share a lock that keeps a manifest's files from being removed; None where there is no pin."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    except OSError:
        os.close(descriptor)
        return None
    return FileLock(descriptor)


def lock_out_readers(path: Path) -> FileLock | None:
    """Hold a manifest's pin alone while its files go; None while any reader holds it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return FileLock(-1)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return FileLock(descriptor)
