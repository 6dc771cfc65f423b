"""How a helper begins: after a question at a terminal that had to load the encoder."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from omnisearch_cli.warm import place

_MODULE = "omnisearch_cli.warm.process"


def is_worth_it() -> bool:
    """Tell whether this process loaded what a helper would have had, and would not slow it."""
    loaded = "onnxruntime" in sys.modules and "torch" not in sys.modules
    return loaded and os.getpriority(os.PRIO_PROCESS, 0) <= 0


def start(*settings: str) -> None:
    """Start a helper beside this process, if there is none; nothing is said if it cannot be."""
    with suppress(OSError):
        if not _is_free():
            return
        nothing = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
        command = [sys.executable, "-P", "-m", _MODULE, *settings]
        os.posix_spawn(sys.executable, command, os.environ, file_actions=nothing)


def _is_free() -> bool:
    inside = place.folder(make=True)
    try:
        lock = place.locked(inside)
        if lock is not None:
            os.close(lock)
        return lock is not None
    finally:
        os.close(inside)
