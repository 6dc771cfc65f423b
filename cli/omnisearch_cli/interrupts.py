"""Signals: the first ends a command in order, and may wait for the end of a step."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

INTERRUPTED = 130


def leave_at_once() -> None:
    """Let Ctrl-C end the program while it loads: nothing is begun, and no library expects it.

    Where somebody else decided what Ctrl-C does, as `nohup` and shell scripts do, it stays so.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def _leave(*_: object) -> None:
    with suppress(OSError):  # nobody listens
        os.write(2, b"omnisearch: interrupted\n")
    os._exit(INTERRUPTED)


@contextmanager
def held() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM take effect after the block."""
    waiting: list[int] = []
    handlers = {
        number: signal.signal(number, lambda found, _: waiting.append(found))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if waiting:
        signal.raise_signal(waiting[0])


def heard_once() -> None:
    """Let the first Ctrl-C end the command and the second change nothing; the third is at once.

    It follows `leave_at_once`, and leaves Ctrl-C alone where that did.
    """
    if signal.getsignal(signal.SIGINT) is not _leave:
        return
    times = iter(range(3))

    def hear(*_: object) -> None:
        time = next(times, 2)
        if time == 0:
            raise KeyboardInterrupt
        if time == 2:
            os._exit(INTERRUPTED)
        os.write(2, b"omnisearch: finishing what was begun: once more stops at once\n")

    signal.signal(signal.SIGINT, hear)
