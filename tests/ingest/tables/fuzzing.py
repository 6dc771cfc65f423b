"""Parquet and Arrow that somebody has damaged: `python -m tests.ingest.tables.fuzzing 5000 1`.

Each is read in two children, as it is before a run and in one: nothing but a clear refusal may end
either, and the second takes no more than two seconds of processor and 300 MB.
"""

from __future__ import annotations

import io
import os
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from omnisearch.errors import InputError
from omnisearch.ingest.tables import vetting
from omnisearch.ingest.tables.columnar import ArrowTable, ParquetTable

_ROWS, _SECONDS, _KIB = 300, 2.0, 300 << 10
_SIZES = (0, 1, 0x7F, 0x80, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 2**32, 2**40, 2**63 - 1, 2**64 - 1)
_FOOTER = 6_000


def _table() -> pa.Table:
    numbers = range(_ROWS)
    return pa.table(
        {
            "id": [f"s{n}" for n in numbers],
            "text": [f"words {n} é" * (n % 7) for n in numbers],
            "number": list(numbers),
            "moment": pa.array(list(numbers), pa.timestamp("us")),
            "list": [[str(inner) for inner in range(n % 4)] for n in numbers],
            "struct": [{"a": n, "b": {"c": str(n)}} for n in numbers],
            "bytes": [bytes([n % 256]) * (n % 30) for n in numbers],
            "coded": pa.array([f"k{n % 9}" for n in numbers]).dictionary_encode(),
            "map": pa.array([[("k", n)] for n in numbers], pa.map_(pa.string(), pa.int64())),
            "vector": pa.array([[float(n)] * 4 for n in numbers], pa.list_(pa.float32(), 4)),
            "nothing": pa.nulls(_ROWS),
        }
    )


def _sound() -> dict[str, bytes]:
    """Write the same table in many ways."""
    table, found = _table(), dict[str, bytes]()
    for codec in ("none", "snappy", "zstd", "gzip", "brotli", "lz4"):
        for version in ("1.0", "2.0"):
            out = io.BytesIO()
            how = {"compression": codec, "data_page_version": version, "row_group_size": 100}
            pq.write_table(table, out, write_page_checksum=codec == "zstd", **how)
            found[f"{codec}-{version}.parquet"] = out.getvalue()
    for kind, new in (("file", pa.ipc.new_file), ("stream", pa.ipc.new_stream)):
        for packing in (None, "lz4", "zstd"):
            out = io.BytesIO()
            options = pa.ipc.IpcWriteOptions(compression=packing)
            with new(out, table.schema, options=options) as writer:
                writer.write_table(table, max_chunksize=100)
            found[f"{packing}-{kind}.arrow"] = out.getvalue()
    return found


def _damaged(raw: bytes, chance: random.Random) -> bytes:
    made = bytearray(raw)
    at = chance.choice((0, max(len(raw) - _FOOTER, 0)))
    at = chance.randrange(at, len(raw))
    match chance.randrange(6):
        case 0:
            del made[at:]
        case 1:
            for _ in range(chance.choice((1, 1, 2, 8, 64))):
                made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)
        case 2:
            size = chance.choice((1, 2, 4, 8))
            value = chance.choice(_SIZES) & (1 << 8 * size) - 1
            made[at : at + size] = value.to_bytes(size, "little")
        case 3:
            made[at : at + chance.randrange(1, 200)] = bytes(chance.randrange(200))
        case 4:
            made[at:at] = made[at : at + chance.randrange(1, 500)]
        case _:
            other, size = chance.randrange(len(made)), chance.randrange(1, 300)
            made[at : at + size] = made[other : other + size]
    return bytes(made)


def _in_child(work: Callable[[], str]) -> str:
    """Say what a copy of this process found, or which signal ended it."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            said = work()
        except BaseException as error:  # whatever escapes is the finding
            said = f"escaped: {error!r}"
        os.write(writing, said[:2_000].encode("utf-8", "replace"))
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as stream:  # noqa: PTH123 - a descriptor
        said = stream.read().decode()
    _, status = os.waitpid(child, 0)
    return f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else said


def _vetted(path: Path) -> str:
    size, kind = path.stat().st_size, path.suffix[1:]
    file = pa.OSFile(str(path))
    vetting.hold(size)
    return vetting.examined(file, kind, size) or "passed"


def _read(path: Path) -> str:
    """Read it as a run does."""
    begun, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        table = ParquetTable(path) if path.suffix == ".parquet" else ArrowTable("it", [path])
        said = f"read: {sum(1 for _ in table.lines(None)):,} rows"
    except InputError:
        said = "refused"
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    if time.process_time() - begun > _SECONDS or grown > _KIB:
        return f"escaped: {time.process_time() - begun:.1f} s and {grown >> 10} MB"
    return said


def main(count: int, seed: int) -> int:
    """Say what became of so many files; give how many did what none may."""
    chance, sound, tally = random.Random(seed), _sound(), Counter[str]()
    with tempfile.TemporaryDirectory() as home:
        for number in range(count):
            name = chance.choice(sorted(sound))
            path = Path(home, f"t{Path(name).suffix}")
            raw = sound[name] if number < len(sound) else _damaged(sound[name], chance)
            path.write_bytes(raw)
            found = _in_child(lambda path=path: _vetted(path))  # type: ignore[misc]
            if found == "passed":
                found = _in_child(lambda path=path: _read(path))  # type: ignore[misc]
                wrong = not found.startswith(("read", "refused"))
            else:  # a signal is what the process is for that reads first
                wrong, found = found.startswith("escaped"), f"kept away: {found}"
            tally[found.partition(":")[0]] += 1
            if wrong:
                tally["WRONG"] += 1
                print(f"{number} {name}: {found}")  # noqa: T201
    print(dict(tally))  # noqa: T201
    return tally["WRONG"]


if __name__ == "__main__":
    sys.exit(min(main(int(sys.argv[1]), int(sys.argv[2])), 1))
