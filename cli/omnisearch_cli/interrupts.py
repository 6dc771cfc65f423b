"""Signals that wait for the end of a step, so that the step is done whole or not begun."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


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
