"""A Parquet or Arrow file is read once to its end where nothing is lost, before it is read here.

Its pages say how long they become, and only reading them tells whether that is so. A process that
can open no file and is held to memory and time does that; what ends it never begins in this one.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from omnisearch.errors import InputError
from omnisearch.ingest.tables.columnar import (
    ARROW,
    FAULTS,
    arrow_of,
    parquet_of,
    rows_of,
    sliced,
    step_of,
)
from omnisearch.ingest.tables.lines import Line
from omnisearch.locations import plain
from omnisearch.media.sandbox import landlock, privileges, rlimits
from omnisearch.media.sandbox.rlimits import Allowance

_MEMORY, _TIMES = 128 << 20, 2  # bytes, and how often the file itself: a batch may be all of it
_PROCESSOR_S, _EACH_S = 2, 1 << 20  # seconds, and one more for so many bytes
_ROWS, _ROWS_A_BYTE = 1_000_000, 200  # more than this many is refused: nulls take no bytes at all
_BEGIN = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    "from omnisearch.ingest.tables.vetting import main; main(sys.argv[2])"
)
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_SAID = 300  # characters of what it said
_POOL = {"ARROW_DEFAULT_MEMORY_POOL": "system"}  # others take more at once than they are asked for
_KEPT = ("LD_LIBRARY_PATH",)
_TOLD: Mapping[int, str] = {signal.SIGXCPU: "time", signal.SIGKILL: "time or memory"}


def vet(path: Path) -> None:
    """Refuse a file that ends who reads it, or takes more time or memory than its size is worth."""
    if not sys.executable:
        return  # a program that holds Python inside: nothing can be started there
    paths = [str(Path(one).absolute()) for one in sys.path]
    kept = {one: os.environ[one] for one in _KEPT if one in os.environ}
    kind = "arrow" if path.suffix.lower() in ARROW else "parquet"
    with path.open("rb") as file:
        done = subprocess.run(
            [sys.executable, "-I", "-B", "-c", _BEGIN, json.dumps(paths), kind],
            stdin=file,
            capture_output=True,
            check=False,
            env=_ENVIRONMENT | _POOL | kept,
            cwd="/",
        )
    why = _why(done)
    if why:
        raise InputError(f"{path} is damaged or no such table ({plain(why)[:_SAID]})")


def _why(done: subprocess.CompletedProcess[bytes]) -> str:
    if done.returncode == 0:
        return done.stdout.decode("utf-8", "replace")
    much = _TOLD.get(-done.returncode)
    if much is not None:
        return f"reading it takes too much {much}"
    said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
    if "bad_alloc" in said:
        return "reading it takes too much memory"
    return f"reading it ends the process that reads: {said or done.returncode}"


def main(kind: str) -> None:
    """Read what standard input is; say why nobody should, and nothing where anybody may."""
    size, file = os.fstat(0).st_size, pa.OSFile("/dev/stdin")
    hold(size)  # what it has is read from a file: that has to be before
    with suppress(OSError):  # a kernel without it holds memory and time all the same
        privileges.renounce()
        landlock.deny_all()
    sys.stdout.write(examined(file, kind, size))


def hold(size: int) -> None:
    """Hold this process to what a file of some bytes is worth."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime) + 1
    rlimits.hold(
        Allowance(
            memory_bytes=_data_bytes() + _MEMORY + _TIMES * size,
            processor_s=spent + _PROCESSOR_S + size // _EACH_S,
        )
    )


def examined(file: pa.NativeFile, kind: str, size: int) -> str:
    """Read all of a file; say what it does that no file may."""
    try:
        rows = 0
        for _ in _lines(file, kind):
            rows += 1
            if rows > max(_ROWS, _ROWS_A_BYTE * size):
                return f"it has more than {rows:,} rows in {size:,} bytes"
    except MemoryError:
        return "reading it takes too much memory"
    except FAULTS:  # told where rows are read: what is before the damage is stored
        return ""
    return ""


def _lines(file: pa.NativeFile, kind: str) -> Iterator[Line]:
    if kind == "arrow":
        for batch in arrow_of(file)[1]:
            yield from sliced(batch, None, 0)
        return
    found = parquet_of(file)
    for batch in found.iter_batches(step_of(found.metadata), use_threads=False):
        yield from rows_of(batch, 0)


def _data_bytes() -> int:
    """Say how much memory this process has that it may write to."""
    try:
        told = Path("/proc/self/status").read_text("ascii", "replace")
    except OSError:
        return 512 << 20
    line = next((one for one in told.splitlines() if one.startswith("VmData:")), "VmData: 524288")
    return int(line.split()[1]) << 10
