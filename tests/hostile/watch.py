"""What is watched while hostile files are decoded: memory, a file, and a port."""

from __future__ import annotations

import ctypes
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.hostile.case import Bait

_OPENED_OR_READ = 0x01 | 0x20  # IN_ACCESS, IN_OPEN
_APART_S = 0.02


class Lookout:
    """A canary file and a port on the loopback, and whether anybody touched them."""

    def __init__(self, folder: Path) -> None:
        canary = folder / "canary.txt"
        canary.write_text("the canary sings\n")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._watch = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._libc.inotify_add_watch(self._watch, bytes(canary), _OPENED_OR_READ) < 0:
            raise OSError(ctypes.get_errno(), "the canary cannot be watched")
        self.bait = Bait(canary, self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.close()
        os.close(self._watch)

    def touched(self) -> list[str]:
        """Tell what was touched since it was asked last."""
        found = []
        with suppress(BlockingIOError):
            os.read(self._watch, 4096)
            found.append("the canary was opened")
        with suppress(BlockingIOError):
            self._listener.accept()[0].close()
            found.append("somebody connected")
        return found


class Memory:
    """The most memory that any one process of those made here took."""

    def __init__(self) -> None:
        self.peak = 0  # bytes

    def look(self) -> None:
        """Look at every process below this one."""
        for process in _below(os.getpid()):
            self.peak = max(self.peak, _highest(process))


@contextmanager
def watched() -> Iterator[Memory]:
    """Look again and again while the body runs."""
    memory, over = Memory(), threading.Event()

    def watch() -> None:
        while not over.wait(_APART_S):
            memory.look()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield memory
    finally:
        over.set()
        thread.join()
        memory.look()


def _below(process: int) -> Iterator[int]:
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield int(child)
                yield from _below(int(child))


def _highest(process: int) -> int:
    """Give the memory of its own that a process has now; what was handed to it is not its own."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return 1024 * int(line.split()[1])
    return 0
