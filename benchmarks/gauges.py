"""What a process can read of itself and of the machine; nothing here is timed."""

import os
import resource
from pathlib import Path

import numpy as np


def anonymous_bytes() -> int:
    """Return the memory of this process that no file stands behind."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    field = next(line for line in lines if line.startswith("Anonymous:"))
    return int(field.split()[1]) * 1024


def cpu_seconds() -> float:
    """Return user and system time of this process, all its threads, and its dead children."""
    own, children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def disk_bytes(folder: Path) -> int:
    """Return what the files below a folder take."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def forget(folder: Path) -> None:
    """Ask the kernel to drop the files below a folder from its page cache."""
    for path in folder.rglob("*"):
        if path.is_file():
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(handle)


def machine() -> str:
    """Return processor, cores and memory."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB"


def load() -> float:
    """Return how many processes wanted a core over the last minute."""
    return round(os.getloadavg()[0], 1)


def spread(seconds: list[float]) -> dict[str, float]:
    """Return p50, p99 and the maximum in milliseconds."""
    p50, p99, most = (float(part) * 1000 for part in np.percentile(seconds, [50, 99, 100]))
    return {"p50_ms": round(p50, 4), "p99_ms": round(p99, 4), "max_ms": round(most, 3)}
