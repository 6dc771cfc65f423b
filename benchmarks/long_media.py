"""Is one event found in ten minutes, and when? `python -m benchmarks.long_media`.

All files lie in one collection. Each event is asked for in words; right is an answer of the right
file whose span overlaps the event.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from shutil import rmtree
from typing import Any

import omnisearch as om
from benchmarks.corpora import long
from benchmarks.corpora.long import Event

RESULT = Path(__file__).with_name("results") / "long-media.json"
_TOGETHER = 10  # files on the disk at a time
Making = Callable[[Path, int], Iterator[Event]]


def taken_in(col: om.Collection, making: Making, count: int, folder: Path) -> list[Event]:
    """Make files and take them in, some at a time; they are gone afterwards."""
    found: list[Event] = []
    events = making(folder, count)
    while some := list(islice(events, _TOGETHER)):
        part = folder / f"part-{some[0].file}"  # a root of its own: those before may go
        part.mkdir()
        for one in some:
            (folder / one.file).rename(part / one.file)
        report = col.ingest(part)
        if report.failed:
            raise SystemExit(f"{report.failed} files could not be taken in")
        rmtree(part)
        found += some
        print(f"{len(found)} of {count}: {report.seconds:.0f} s for {len(some)}", flush=True)
    return found


def measure(col: om.Collection, events: Sequence[Event]) -> dict[str, Any]:
    """Ask for each event: which file is first, and which moment of the right file is told."""
    first = in_ten = overlapping = wide = 0
    missed = []
    for one in events:
        hits = list(col.query(text=one.question, k=len(events), modality=one.modality))
        names = [(hit.uri or "").rpartition("/")[2] for hit in hits]
        place = names.index(one.file)
        first, in_ten = first + (place == 0), in_ten + (place < 10)
        span = hits[place].span
        assert isinstance(span, om.TimeSpan)
        overlaps = span.start_s < one.end_s and one.start_s < span.end_s
        overlapping, wide = overlapping + overlaps, max(wide, round(span.end_s - span.start_s))
        if not overlaps:
            missed.append(one.question)
    return {
        "files": len(events),
        "right file first": first,
        "right file among ten": in_ten,
        "span overlaps the event": overlapping,
        "longest span, seconds": wide,
        "events that were missed": missed,
    }


def main() -> None:
    """Read the command line, print the figures and keep them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.long_media")
    parser.add_argument("--sounds", type=int, default=20)
    parser.add_argument("--films", type=int, default=10)
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    found: dict[str, Any] = {"cores": os.cpu_count(), "minutes of each": long.MINUTES}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "files"
        folder.mkdir()
        with om.open(Path(name) / "collection") as col:
            heard = taken_in(col, long.recordings, given.sounds, folder)
            shown = taken_in(col, long.films, given.films, folder)
            found["segments"] = col.stats()["segments"]
            for title, events in (("sounds", heard), ("films", shown)):
                if events:
                    found[title] = measure(col, events)
    told = json.dumps(found, indent=1)
    print(told)
    given.out.write_text(told + "\n", "utf-8")


if __name__ == "__main__":
    main()
