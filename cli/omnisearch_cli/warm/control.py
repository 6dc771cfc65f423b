"""Looking at the helper and ending it, for `omnisearch helper`."""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from contextlib import suppress
from dataclasses import dataclass

from omnisearch_cli.warm import frames, place
from omnisearch_cli.warm.identity import identity

_ANSWER_S = 2.0
_END_S = 2.0


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of the helper of this user; `fault` where it does not answer."""

    process: int
    fault: str | None = None
    same: bool = True
    questions: int = 0
    bytes: int = 0
    seconds: float = 0.0
    idle_s: float = 0.0


def status() -> Status | None:
    """Ask the helper how it is; None where there is none."""
    connection = _connected()
    if connection is None:
        return None
    with connection:
        process, _ = place.peer(connection)
        try:
            frames.send(connection, {"asked": "status", "identity": identity()})
            told = frames.receive(connection)
        except (OSError, frames.FrameError):
            return Status(process, "it does not answer: stop it")
    return Status(
        process,
        same=told["same"] is True,
        questions=_whole(told["asked"]),
        bytes=_whole(told["bytes"]),
        seconds=time.time() - _number(told["since"]),
        idle_s=_number(told["idle_s"]),
    )


def stop() -> int | None:
    """End the helper, by force if it does not answer; give its process, or None without one."""
    connection = _connected()
    if connection is None:
        return None
    with connection:
        process, _ = place.peer(connection)
        held = os.pidfd_open(process)
        try:
            with suppress(OSError, frames.FrameError):
                frames.send(connection, {"asked": "stop"})
                frames.receive(connection)
            if not select.select([held], [], [], _END_S)[0]:
                signal.pidfd_send_signal(held, signal.SIGKILL)
                select.select([held], [], [], _END_S)
        finally:
            os.close(held)
    _sweep()
    return process


def _connected() -> socket.socket | None:
    """Connect to the helper; None where there is none."""
    try:
        return place.connect(_ANSWER_S)
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        return None


def _sweep() -> None:
    """Remove the socket of a helper that could not do so itself."""
    inside = place.folder()
    lock = place.locked(inside)
    if lock is not None:
        place.remove(inside)
        os.close(lock)
    os.close(inside)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _whole(value: object) -> int:
    return int(_number(value))
