"""The helper: it loads the encoder once, listens, and answers each question in a fork of itself.

It has one thread and reads nothing that a client sends, so nothing that is asked can harm or hold
it. It keeps no collection open: a fork opens the newest generation and takes all with it. What is
long in the making is kept for forks that find the same state: numbers, which hold no file.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from importlib import import_module

from omnisearch_cli.warm import place
from omnisearch_cli.warm.forks import Forks
from omnisearch_cli.warm.identity import identity, surroundings

IDLE_S = 300.0
MOST_BYTES = 400 << 20  # of memory; then it ends, and the next one begins afresh
_WAITING = 16  # connections
_REPORT_BYTES = 1 << 16
_NEEDED = (  # what a question imports beside what an encoder does
    "omnisearch_cli.commands.query omnisearch_cli.warm.question omnisearch.opening pyarrow.compute"
).split()


class Helper:
    """One listener, and the questions that come through it."""

    def __init__(self, inside: int, lock: int, idle_s: float) -> None:
        self._inside, self._lock, self._idle_s = inside, lock, idle_s
        told = {"identity": identity(), "surroundings": surroundings()}
        self._facts: dict[str, object] = {**told, "process": os.getpid(), "since": time.time()}
        self._forks, self._asked, self._last, self._ending = Forks(), 0, time.monotonic(), False
        _load()
        from omnisearch import KeptEncoder

        self._kept = KeptEncoder()
        self._report, self._told = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._woken, self._wake = os.pipe()
        for descriptor in (self._woken, self._wake):
            os.set_blocking(descriptor, False)
        self._listener = place.listen(inside, _WAITING)

    def run(self) -> None:
        """Answer until nobody asked for long, or the end is asked for."""
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        _settle()
        try:
            while self._forks or not self._is_over():
                self._look()
                self._forks.tidy()
        finally:
            self._end()
            self._kept.close()

    def _is_over(self) -> bool:
        return self._ending or time.monotonic() - self._last >= self._idle_s

    def _end(self, *_: object) -> None:
        """Hear no new question, and make room for another helper; what runs is answered."""
        if not self._ending:
            self._ending = True
            place.remove(self._inside)
            self._listener.close()
            os.close(self._lock)

    def _look(self) -> None:
        """Wait for something to do, and do it."""
        poll = select.poll()
        poll.register(self._report, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        if self._forks.has_room and not self._ending:
            poll.register(self._listener, select.POLLIN)
        for connection in self._forks.connections:
            poll.register(connection, select.POLLRDHUP)
        idle_s = self._idle_s - (time.monotonic() - self._last)
        wait_s = self._forks.wait_s or (None if self._forks else max(idle_s, 0))
        for descriptor, _ in poll.poll(None if wait_s is None else 1000 * wait_s + 1):
            if descriptor == self._woken:
                os.read(self._woken, _REPORT_BYTES)
            elif descriptor == self._report.fileno():
                self._hear(self._report.recv(_REPORT_BYTES))
            elif self._ending or descriptor != self._listener.fileno():
                self._forks.hung_up(descriptor)
            else:
                self._begin()

    def _begin(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:  # it is gone again
            return
        self._forks.start(connection, lambda: self._answer(connection))

    def _answer(self, connection: socket.socket) -> None:
        """Be the fork: nothing of the helper's is used from here on but what it knows."""
        for held in (self._listener, self._report, *self._forks.connections):
            held.close()
        for descriptor in (self._woken, self._wake, self._lock, self._inside):
            os.close(descriptor)
        from omnisearch_cli.warm import question

        before = set(sys.modules)
        facts = {**self._facts, "asked": self._asked, "bytes": _resident()}
        if question.answer(connection, self._kept, {**facts, "idle_s": self._idle_s}):
            learnt = {
                "graphs": [*self._kept.opened],
                "known": [*self._kept.compared],
                "modules": [*sys.modules.keys() - before],
                "collection": self._kept.asked,
                "decoded": self._kept.decoded,
            }
            self._told.send(json.dumps(learnt).encode())

    def _hear(self, told: bytes) -> None:
        """Load for the next question what this one had to load itself."""
        self._asked, self._last = self._asked + 1, time.monotonic()
        learnt = json.loads(told)
        self._kept.open(set(learnt["graphs"]) - self._kept.opened)
        for name in learnt["modules"]:
            with suppress(Exception):  # made by others while they run, not imported
                import_module(name)
        self._kept.compare(learnt["known"])
        if learnt["collection"] is not None:
            self._kept.keep(learnt["collection"])
        if learnt["decoded"]:
            self._kept.keep_decoding()
        if _resident() > MOST_BYTES:
            self._end()
        _settle()


def _load() -> None:
    for name in _NEEDED:
        import_module(name)


def _settle() -> None:
    """Keep the collector from touching, and so copying, what every fork shares."""
    gc.collect()
    gc.freeze()


def _resident() -> int:
    """Count the bytes of memory that are in use."""
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def detach() -> bool:
    """Become a process of nobody's: no terminal, no folder, no descriptor; tells who goes on."""
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    os.close(nothing)
    os.chdir("/")
    os.umask(0o077)
    if os.fork():
        return False
    os.setsid()
    return os.fork() == 0  # the first of a session could get a terminal again


def main(idle_s: float = IDLE_S) -> None:
    """Be the helper of this user, if there is none."""
    if not detach():
        return
    inside = place.folder(make=True)
    lock = place.locked(inside)
    if lock is not None:
        os.environ["JE_ARROW_MALLOC_CONF"] = "background_thread:false"  # no thread to lose
        Helper(inside, lock, idle_s).run()


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
