"""The only code that changes the disk; each change passes `observer` first, for tests.

Nothing here decides an order: callers sync what they wrote before they name it elsewhere.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import xxhash

from omnisearch.errors import StorageError

Buffer = bytes | bytearray | memoryview
Publishing = Literal["link", "renameat2", "rename"]
# (operation, path, detail) before it happens; may raise OSError; may limit the bytes of a "write".
Observer = Callable[[str, Path, object], "int | None"]

observer: Observer | None = None

AHEAD = 1 << 16  # a file with zeros written ahead has a multiple of this length
_SMALL_APPEND = 1 << 14
_STEP = 1 << 20
_AT_FDCWD, _RENAME_NOREPLACE = -100, 1
_NO_SUCH_CALL = {errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL, errno.EMLINK}


class SyncFailedError(StorageError):
    """The disk refused to make bytes durable; what was written since the last sync is in doubt."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a file holds: its length and the XXH3-128 of its bytes."""

    size: int
    digest: str


def _tell(operation: str, path: Path, detail: object = None) -> int | None:
    return observer(operation, path, detail) if observer is not None else None


@contextmanager
def _explained(path: Path, doing: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        kind = SyncFailedError if doing == "syncing" else StorageError
        raise kind(_explain(error, path, doing)) from error


def _explain(error: OSError, path: Path, doing: str) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"disk full while {doing} {path}: free some space and call again"
    if error.errno == errno.EEXIST:
        return f"{path} is there already: another process writes to the collection"
    if error.errno == errno.EFBIG:
        return f"file size limit reached while {doing} {path}: raise the limit (ulimit -f)"
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return f"no permission for {doing} {path}: open the collection with mode='r' to read it"
    return f"the disk failed while {doing} {path} ({os.strerror(error.errno or 0)}): check the disk"


def _write_all(descriptor: int, path: Path, data: Buffer, offset: int) -> None:
    view = memoryview(data).cast("B")
    while len(view):
        try:
            limit = _tell("write", path, (offset, view))
            count = os.pwrite(descriptor, view[:limit], offset)
        except InterruptedError:
            continue
        view, offset = view[count:], offset + count


def make_folder(path: Path, *, mode: int = 0o700) -> None:
    """Make one folder; the caller syncs its parent."""
    with _explained(path, "making"):
        _tell("mkdir", path)
        path.mkdir(mode=mode)


def sync_folder(path: Path) -> None:
    """Make the names inside a folder durable."""
    with _explained(path, "syncing"):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _tell("sync_folder", path)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_file(path: Path, parts: Iterable[Buffer], *, mode: int = 0o400) -> Written:
    """Write a new file whole and make its bytes durable; what was begun is removed on failure."""
    digest, size = xxhash.xxh3_128(), 0
    with _explained(path, "writing"):
        _tell("create", path)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            for part in parts:
                _write_all(descriptor, path, part, size)
                digest.update(part)
                size += memoryview(part).nbytes
            _tell("sync_file", path)
            os.fsync(descriptor)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
    return Written(size, digest.hexdigest())


class Appender:
    """An open file that grows at its end; nothing is durable before `sync`.

    A small append also writes zeros ahead, since syncing bytes inside a file takes a fifth of the
    time of syncing a longer file.
    """

    def __init__(self, path: Path, size: int) -> None:
        self.path, self.size = path, size
        with _explained(path, "opening"):
            self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            self._written = os.fstat(self._descriptor).st_size

    def append(self, parts: Iterable[Buffer]) -> None:
        """Write the parts at the end; after a failure the next call writes over what was begun."""
        end = self.size
        with _explained(self.path, "appending to"):
            for part in parts:
                _write_all(self._descriptor, self.path, part, end)
                end += memoryview(part).nbytes
        if end > self._written:
            self._written = end
            if end - self.size <= _SMALL_APPEND:
                self._write_ahead(end)
        self.size = end

    def _write_ahead(self, end: int) -> None:
        try:
            _write_all(self._descriptor, self.path, bytes(-end % AHEAD), end)
        except OSError:  # only speed is lost; half of the zeros would look like damage
            os.ftruncate(self._descriptor, end)
            return
        self._written = end + -end % AHEAD

    def clear_rest(self) -> None:
        """Write zeros over what an append that never finished left behind the end."""
        if self._written == self.size:
            return
        end = self._written + -self._written % AHEAD
        try:
            _write_all(self._descriptor, self.path, bytes(end - self.size), self.size)
        except OSError:  # on a full disk, where a delete must still go through
            end = self.size
            os.ftruncate(self._descriptor, end)
        self._written = end

    def write_again(self, start: int) -> None:
        """Make durable what a killed writer left from there on.

        It is written anew, for after a failed sync the kernel takes the same pages for clean.
        """
        with _explained(self.path, "syncing"):
            data = os.pread(self._descriptor, self.size - start, start)
            _write_all(self._descriptor, self.path, data, start)
        self.sync()

    def sync(self) -> None:
        """Make everything appended durable."""
        with _explained(self.path, "syncing"):
            _tell("sync_data", self.path)
            os.fdatasync(self._descriptor)

    def close(self) -> None:
        """Close the file; idempotent."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def overwrite(path: Path, data: Buffer) -> None:
    """Replace the first bytes of a file in place, unsynced: for hints that fit one sector only."""
    with _explained(path, "updating"):
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            _write_all(descriptor, path, data, 0)
        finally:
            os.close(descriptor)


def publish(made: Path, final: Path, how: Publishing) -> None:
    """Give a synced file its final name, never over another file; the caller syncs the folder."""
    with _explained(final, "publishing"):
        _tell(how, made, final)
        if how == "link":
            os.link(made, final)
        elif how == "renameat2":
            _rename_exclusive(made, final)
        elif final.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(final))
        else:
            made.rename(final)
    if how == "link":
        remove(made)


def probe_publishing(folder: Path) -> Publishing:
    """Find the safest way in which this file system gives a file its final name."""
    first, second = folder / "probe-1", folder / "probe-2"
    for path in (first, second):
        path.unlink(missing_ok=True)
    ways: tuple[Publishing, ...] = ("link", "renameat2")
    for how in ways:
        first.unlink(missing_ok=True)
        write_file(first, [b"probe"])
        try:
            publish(first, second, how)
        except StorageError as error:
            cause = error.__cause__
            if not isinstance(cause, OSError) or cause.errno not in _NO_SUCH_CALL:
                raise
            continue
        remove(second)
        return how
    remove(first)
    return "rename"


def _rename_exclusive(made: Path, final: Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), str(final))
    arguments = (_AT_FDCWD, os.fsencode(made), _AT_FDCWD, os.fsencode(final), _RENAME_NOREPLACE)
    if libc.renameat2(*arguments):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(final))


def hard_link(source: Path, target: Path) -> bool:
    """Give a file a second name; False where the two folders cannot share it."""
    try:
        _tell("hard_link", source, target)
        os.link(source, target)
    except OSError as error:
        if error.errno in (*_NO_SUCH_CALL, errno.EXDEV):
            return False
        raise StorageError(_explain(error, target, "linking")) from error
    return True


def share(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the two folders cannot share it."""
    if hard_link(source, target):
        return
    with source.open("rb") as stream:
        write_file(target, iter(lambda: stream.read(_STEP), b""))


def remove(path: Path, *, missing_ok: bool = False) -> None:
    """Remove one file."""
    with _explained(path, "removing"):
        _tell("unlink", path)
        path.unlink(missing_ok=missing_ok)


def remove_folder(path: Path) -> None:
    """Remove one empty folder."""
    with _explained(path, "removing"):
        _tell("rmdir", path)
        path.rmdir()


def remove_tree(path: Path) -> int:
    """Remove a file, or a folder with all that is in it; give the bytes freed."""
    if path.is_symlink() or not path.is_dir():
        size = path.lstat().st_size
        remove(path)
        return size
    freed = sum(remove_tree(inside) for inside in path.iterdir())
    remove_folder(path)
    return freed
