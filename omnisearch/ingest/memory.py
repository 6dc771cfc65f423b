"""How much memory the process and its decoders take, and how much they may."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

LEAST = 700 << 20  # an encoder with all its towers, and one decoder
_SHARE = 4  # of the machine's memory, one part in so many
_PSS = re.compile(rb"^Pss:\s+(\d+) kB", re.MULTILINE)
_PROC = Path("/proc")


def allowed(asked: int | None) -> int:
    """Give the bytes that a run may take: those asked for, or a quarter of what there is."""
    return asked if asked is not None else max(total() // _SHARE, LEAST)


def total() -> int:
    """Give the bytes of memory that this process could have, here or in its container."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for name in ("memory.max", "memory/memory.limit_in_bytes"):  # control groups, new and old
        with suppress(OSError, ValueError):
            whole = min(whole, int(Path("/sys/fs/cgroup", name).read_bytes()))
    return whole


def taken() -> int:
    """Give the bytes that this process and its children take, what they share counted once."""
    return sum(_of(process) for process in family(os.getpid()))


def exceeds(bound: int) -> bool:
    """Tell whether they take more than so many bytes.

    What is resident, with what they share counted in each, is never less and told at once; for
    the share of a process the kernel walks all that it has mapped.
    """
    return sum(map(_resident, family(os.getpid()))) > bound and taken() > bound


def family(process: int) -> list[int]:
    """List a process and all below it."""
    found = [process]
    for one in found:
        with suppress(OSError):
            for task in (_PROC / str(one) / "task").iterdir():
                with suppress(OSError):
                    found += map(int, (task / "children").read_bytes().split())
    return found


def _of(process: int) -> int:
    """Read the proportional set of one; a kernel that has none gives what is resident."""
    with suppress(OSError):
        pss = _PSS.search((_PROC / str(process) / "smaps_rollup").read_bytes())
        if pss is not None:
            return int(pss[1]) << 10
    return _resident(process)


def _resident(process: int) -> int:
    with suppress(OSError, ValueError, IndexError):
        pages = (_PROC / str(process) / "statm").read_bytes().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    return 0
