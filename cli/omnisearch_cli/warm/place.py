"""Where the helper of this user listens: a socket in a folder that is the user's alone.

The folder is held open and the socket is reached through it, so no path is too long for a socket
and nobody can put another folder in its place.
"""

from __future__ import annotations

import fcntl
import os
import socket
import stat
import struct

from omnisearch_cli import state

SOCKET, LOCK = "helper.sock", "helper.lock"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_OTHERS = 0o077
_PEER = struct.Struct("3i")  # process, user, group


class PlaceError(OSError):
    """The folder or the socket is not the user's alone."""


def folder(make: bool = False) -> int:
    """Open the folder; what belongs to somebody else, or others may enter, is refused."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/"):
        return _owned(runtime, "omnisearch", make)
    base = state.folder()
    if base is None:
        raise FileNotFoundError("HOME is no absolute path: a helper has no place")
    if make:
        os.makedirs(base, 0o700, exist_ok=True)  # noqa: PTH103
    return _owned(base, "helper", make)


def _owned(base: str, name: str, make: bool) -> int:
    above = os.open(base, _FOLDER)
    try:
        if make:
            try:
                os.mkdir(name, 0o700, dir_fd=above)
            except FileExistsError:
                pass
        found = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=above)
    finally:
        os.close(above)
    status = os.fstat(found)
    if status.st_uid != os.geteuid() or status.st_mode & _OTHERS:
        os.close(found)
        raise PlaceError(f"{base}/{name} is not yours alone: chmod 700 it, or remove it")
    return found


def connect(timeout_s: float) -> socket.socket:
    """Connect to the helper; without one this is an OSError."""
    inside = folder()
    try:
        status = os.stat(SOCKET, dir_fd=inside, follow_symlinks=False)
        if not stat.S_ISSOCK(status.st_mode) or status.st_uid != os.geteuid():
            raise PlaceError("the socket of the helper is not yours")
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(timeout_s)
            connection.connect(_through(inside))
            if peer(connection)[1] != os.geteuid():
                raise PlaceError("the helper is not yours")
        except BaseException:
            connection.close()
            raise
        return connection
    finally:
        os.close(inside)


def peer(connection: socket.socket) -> tuple[int, int]:
    """Tell the process and the user on the other side, as the kernel knows them."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    process, user, _ = _PEER.unpack(raw)
    return process, user


def locked(inside: int) -> int | None:
    """Become the one helper of the folder; None where there is one. The kernel frees the lock."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    held = os.open(LOCK, flags, 0o600, dir_fd=inside)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(held)
        return None
    return held


def listen(inside: int, waiting: int) -> socket.socket:
    """Listen in the folder, in place of a socket that a killed helper left; hold the lock."""
    remove(inside)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(_through(inside))
    finally:
        os.umask(before)
    listener.listen(waiting)
    return listener


def remove(inside: int) -> None:
    """Take the socket away."""
    try:
        os.unlink(SOCKET, dir_fd=inside)
    except FileNotFoundError:
        pass


def _through(inside: int) -> str:
    """Name the socket in few letters: the kernel takes 107."""
    return f"/proc/self/fd/{inside}/{SOCKET}"
