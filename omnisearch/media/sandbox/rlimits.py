"""Limits of one process that the kernel counts: memory, processor, files; they only ever fall."""

from __future__ import annotations

import resource
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a process may use; None leaves a limit as it is."""

    memory_bytes: int | None = None  # that it writes to and shares with nobody
    address_bytes: int | None = None  # of anything: pages that are only read cost tables too
    processor_s: int | None = None
    files: int | None = None
    processes: int | None = None  # of the user, this one among them


def hold(allowance: Allowance) -> None:
    """Hold the calling process to an allowance: no file grows, nothing is dumped or locked."""
    wanted = {
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_DATA": allowance.memory_bytes,
        "RLIMIT_AS": allowance.address_bytes,
        "RLIMIT_CPU": allowance.processor_s,
        "RLIMIT_NOFILE": allowance.files,
        "RLIMIT_NPROC": allowance.processes,
    }
    for name, most in wanted.items():
        kind = getattr(resource, name, None)  # systems other than Linux lack some
        if kind is None or most is None:
            continue
        with suppress(ValueError):  # macOS: below what is in use
            _lower(kind, most)


def _lower(kind: int, most: int) -> None:
    soft, hard = resource.getrlimit(kind)
    bounds = [one for one in (soft, hard, most) if one != resource.RLIM_INFINITY]
    least = min(bounds)
    resource.setrlimit(kind, (least, least))
