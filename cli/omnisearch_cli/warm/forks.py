"""The questions that run in the helper: a fork for each, which its client's end ends."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

_SIDE_BY_SIDE = 2  # others wait for their turn, and answer themselves if that takes long
_MOST = 8  # with those that nobody waits for any more
_LAST_S = 2.0  # for a question to end in order once nobody waits for it
_OWN_SIGNALS = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass
class _Question:
    """A fork that answers; `alone_since` is when its client went."""

    connection: socket.socket
    alone_since: float | None = None


class Forks:
    """All questions that run now, by process."""

    def __init__(self) -> None:
        self._running: dict[int, _Question] = {}

    def __len__(self) -> int:
        return len(self._running)

    @property
    def has_room(self) -> bool:
        """Tell whether one more may begin."""
        return len(self.connections) < _SIDE_BY_SIDE and len(self) < _MOST

    @property
    def connections(self) -> list[socket.socket]:
        """The connections of clients that still wait."""
        return [one.connection for one in self._running.values() if one.alone_since is None]

    def start(self, connection: socket.socket, answer: Callable[[], None]) -> None:
        """Answer in a fork, which then ends; where there is none, the client gets along without."""
        held = signal.pthread_sigmask(signal.SIG_BLOCK, _OWN_SIGNALS)
        process = -1
        with suppress(OSError):
            process = os.fork()
        if process == 0:
            try:
                _forget_helper(held)
                answer()
            finally:
                os._exit(0)
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
        if process < 0:
            connection.close()
        else:
            with suppress(OSError):  # it did so itself, or is over
                os.setpgid(process, process)
            self._running[process] = _Question(connection)

    def hung_up(self, descriptor: int) -> None:
        """End the question whose client is gone, as Ctrl-C would."""
        for process, one in self._running.items():
            if one.alone_since is None and one.connection.fileno() == descriptor:
                one.alone_since = time.monotonic()
                _signal(process, signal.SIGINT)

    def tidy(self) -> None:
        """Bury what ended, and kill what does not end though nobody waits."""
        while self._running:
            try:
                process, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if not process:
                break
            if process in self._running:
                self._running.pop(process).connection.close()
        for process, one in self._running.items():
            if one.alone_since is not None and time.monotonic() - one.alone_since > _LAST_S:
                _signal(process, signal.SIGKILL)

    @property
    def wait_s(self) -> float | None:
        """Give how long nothing has to be done for them, None for ever."""
        if any(one.alone_since is not None for one in self._running.values()):
            return _LAST_S / 4
        return None


def _forget_helper(held: set[int | signal.Signals]) -> None:
    """Leave behind what is the helper's alone: its group, and how it hears signals.

    They are held back until then: a client may be gone at once, and what ends the question of one
    would be heard as the end of the helper, whose socket would be removed.
    """
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    for number in _OWN_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _signal(process: int, number: signal.Signals) -> None:
    """Reach a question and the decoders that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process, number)
