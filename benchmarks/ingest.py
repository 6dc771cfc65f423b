"""What ingest costs beside decoding and encoding: `python -m benchmarks.ingest --files 2000`.

The same files are decoded and encoded one after another first, then taken in. A pipeline that costs
nothing takes the processor time of both, divided by the cores. Where other work shares the cores,
only the processor time can be compared.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import omnisearch as om
from benchmarks.corpora import mixed
from omnisearch.errors import OmnisearchError
from omnisearch.ingest import memory, pieces
from omnisearch.ingest.drafts import Draft, Segment
from omnisearch.ingest.encoding import Encoding, Task
from omnisearch.ingest.queues import Budget, Lane, Stop
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.pool import Pool


@dataclass(frozen=True)
class Figures:
    files: int
    stored: int
    segments: int
    decode_cpu_s: float
    encode_cpu_s: float
    ingest_cpu_s: float
    wall_s: float
    cores: int
    wall_ratio: float  # 1.00: the pipeline costs nothing and all cores are busy
    cpu_ratio: float
    peak_mb: float
    again_s: float
    again_files_per_s: float
    load: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__)
    parser.add_argument("--files", type=int, default=mixed.FILES)
    parser.add_argument("--folder", type=Path, help="take these files instead of made ones")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_CACHE_HOME"] = f"{name}/cache"
        folder = options.folder or Path(name, "files")
        if options.folder is None:
            mixed.make(folder, options.files)
        print(json.dumps(asdict(measured(folder, Path(name, "collection"))), indent=1))
    return 0


def measured(folder: Path, collection: Path) -> Figures:
    encoder = om.Encoder.load()
    encoder.canaries()  # opens every tower, which is not what is measured
    decode_s, encode_s = alone(folder, encoder)
    load = os.getloadavg()[0]
    peak, looked = 0, time.monotonic()

    def show(progress: om.Progress) -> None:
        nonlocal peak, looked
        if time.monotonic() - looked >= 1:  # it takes some milliseconds itself
            peak, looked = max(peak, memory.taken()), time.monotonic()

    with om.open(collection, encoder=encoder) as col:
        cpu, begun = _cpu_s(), time.perf_counter()
        report = col.ingest(folder, progress=show)
        wall, cpu = time.perf_counter() - begun, _cpu_s() - cpu
        again = col.ingest()
    cores = len(os.sched_getaffinity(0))
    ideal = decode_s + encode_s
    return Figures(
        files=report.seen,
        stored=report.stored,
        segments=report.segments,
        decode_cpu_s=round(decode_s, 2),
        encode_cpu_s=round(encode_s, 2),
        ingest_cpu_s=round(cpu, 2),
        wall_s=round(wall, 2),
        cores=cores,
        wall_ratio=round(wall / (ideal / cores), 3),
        cpu_ratio=round(cpu / ideal, 3),
        peak_mb=round(peak / 1e6, 1),
        again_s=round(again.seconds, 3),
        again_files_per_s=round(again.seen / again.seconds),
        load=round(load, 1),
    )


def alone(folder: Path, encoder: om.Encoder) -> tuple[float, float]:
    """Decode and encode each content once, one after another; gives the seconds of processor."""
    stop = Stop()
    lane: Lane[Task] = Lane(stop)
    encoding = Encoding(lambda: encoder, lane, Budget(1 << 40, stop), lambda _: None)
    encode_s, before = 0.0, _children_s()
    with Pool(workers=1) as pool:
        for path in _contents(folder):
            draft = Draft(path.name, [])
            with path.open("rb") as file, ExitStack() as stack:
                stack.callback(draft.end)
                try:
                    for told in pieces.read(iter(pool.decode(file.fileno(), Ask(path.name)))):
                        begun = time.process_time()
                        if isinstance(told, pieces.SegmentTold):
                            named = Segment("", told.modality, told.span, told.words)
                            place = draft.expect()
                            encoding.do(Task(draft, place, named, told.views, told.arrays, 0))
                        encode_s += time.process_time() - begun
                except OmnisearchError:
                    continue
    return _children_s() - before, encode_s


def _contents(folder: Path) -> Iterator[Path]:
    """Give one file of each content."""
    seen: set[bytes] = set()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and (content := path.read_bytes()) not in seen:
            seen.add(content)
            yield path


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _cpu_s() -> float:
    return time.process_time() + _children_s()


if __name__ == "__main__":
    sys.exit(main())
