"""What goes over the socket: JSON of bounded length behind its length, descriptors beside it."""

from __future__ import annotations

import array
import json
import socket

MOST_BYTES = 16 << 20
_LENGTH = 4
_DESCRIPTORS = 4


class FrameError(ValueError):
    """The other side ended, or says something that is no frame."""


def send(
    connection: socket.socket, told: dict[str, object], descriptors: tuple[int, ...] = ()
) -> None:
    """Send one frame; what the socket does not take in its time is a TimeoutError."""
    content = json.dumps(told).encode()
    if len(content) > MOST_BYTES:
        raise FrameError(f"{len(content):,} bytes are too long for a frame")
    head = len(content).to_bytes(_LENGTH, "big")
    if descriptors:
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))
        connection.sendmsg([head[:1]], [rights])
        head = head[1:]
    connection.sendall(head + content)


def receive(connection: socket.socket) -> dict[str, object]:
    """Receive a frame without descriptors."""
    return _parsed(connection, _exactly(connection, _LENGTH))


def receive_with_descriptors(connection: socket.socket) -> tuple[dict[str, object], list[int]]:
    """Receive a frame and the descriptors beside it, which the caller closes."""
    size = socket.CMSG_SPACE(_DESCRIPTORS * array.array("i").itemsize)
    head, beside, flags, _ = connection.recvmsg(1, size, socket.MSG_CMSG_CLOEXEC)
    found = array.array("i")
    for level, kind, raw in beside:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            found.frombytes(raw[: len(raw) - len(raw) % found.itemsize])
    if not head or flags & socket.MSG_CTRUNC:
        raise FrameError("the other side ended, or sent too many descriptors")
    return _parsed(connection, head + _exactly(connection, _LENGTH - 1)), list(found)


def _parsed(connection: socket.socket, head: bytes) -> dict[str, object]:
    length = int.from_bytes(head, "big")
    if length > MOST_BYTES:
        raise FrameError(f"a frame of {length:,} bytes is longer than {MOST_BYTES:,}")
    try:
        told = json.loads(_exactly(connection, length))
    except (ValueError, RecursionError) as error:
        raise FrameError(f"a frame is no JSON ({error})") from error
    if not isinstance(told, dict):
        raise FrameError("a frame is no object")
    return told


def _exactly(connection: socket.socket, length: int) -> bytes:
    parts: list[bytes] = []
    while length:
        part = connection.recv(min(length, 1 << 16))
        if not part:
            raise FrameError("the other side ended")
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
