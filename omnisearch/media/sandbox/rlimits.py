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
            # the first of two limits of the processor ends a process by a signal that says why
            _lower(kind, most, most + 1 if name == "RLIMIT_CPU" else most)


def _lower(kind: int, soft: int, hard: int) -> None:
    now_soft, now_hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (_least(now_soft, soft), _least(now_hard, hard)))


def _least(now: int, wanted: int) -> int:
    return wanted if now == resource.RLIM_INFINITY else min(now, wanted)
