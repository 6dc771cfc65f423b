"""What ingest costs beside decoding and encoding: `python -m benchmarks.ingest --files 2000`.

The same files are decoded and encoded one after another first, then taken in. A pipeline that costs
nothing takes the processor time of both, divided by the cores. Where other work shares the cores,
only the processor time can be compared. `--texts 100000` tells how much memory many small texts
take, `--renamed 5000` what it costs to rename their folder.
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
from benchmarks.corpora import mixed, texts
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


@dataclass(frozen=True)
class Memory:
    """What all processes took while small texts were taken in."""

    files: int
    seconds: float
    peak_mb: float
    tenths_mb: list[float]  # the peak while each tenth of the files was


@dataclass(frozen=True)
class Renamed:
    """A run after the folder of all files was renamed."""

    files: int
    unchanged: int
    moved: int
    encoded: int
    seconds: float
    generations: int


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__)
    parser.add_argument("--files", type=int, default=mixed.FILES)
    parser.add_argument("--folder", type=Path, help="take these files instead of made ones")
    parser.add_argument("--texts", type=int, help="measure the memory that so many texts take")
    parser.add_argument("--renamed", type=int, help="rename a folder of so many texts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_CACHE_HOME"] = f"{name}/cache"
        print(json.dumps(asdict(_figures(options, Path(name))), indent=1))
    return 0


def _figures(options: argparse.Namespace, scratch: Path) -> Figures | Memory | Renamed:
    made, collection = scratch / "files", scratch / "collection"
    count: int | None = options.texts or options.renamed
    if count is not None:
        texts.make(made / "texts", count)
        return (memory_of if options.texts else renamed)(made, collection)
    if options.folder is None:
        mixed.make(made, options.files)
    return measured(options.folder or made, collection)


def memory_of(folder: Path, collection: Path) -> Memory:
    """Take a folder in, and look once a second at what that takes."""
    peaks, looked = [0] * 10, time.monotonic()

    def show(progress: om.Progress) -> None:
        nonlocal looked
        if not progress.walking and time.monotonic() - looked >= 1:
            tenth = min(10 * progress.files // max(progress.of, 1), 9)
            peaks[tenth], looked = max(peaks[tenth], memory.taken()), time.monotonic()

    with om.open(collection) as col:
        report = col.ingest(folder, progress=show)
    tenths = [round(peak / 1e6, 1) for peak in peaks]
    return Memory(report.stored, round(report.seconds, 1), max(tenths), tenths)


def renamed(folder: Path, collection: Path) -> Renamed:
    """Take a folder in, rename what lies in it, and run again."""
    with om.open(collection) as col:
        col.ingest(folder)
        before = col.generation
        (folder / "texts").rename(folder / "renamed")
        found = col.ingest()
    seconds, generations = round(found.seconds, 2), found.generation - before
    counts = found.seen, found.unchanged, found.moved, found.segments
    return Renamed(*counts, seconds, generations)


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
