"""Is one event found in ten minutes, and when? `python -m benchmarks.long_media --folder PLACE`.

All files lie in one collection. Each event is asked for in words; right is an answer of the right
file whose span overlaps the event. A call takes in some files and ends, the next goes on from
there, and the one that finds all of them asks: ten hours of media need not be read at once.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from shutil import rmtree
from typing import Any, cast

import omnisearch as om
from benchmarks.corpora import long
from benchmarks.corpora.long import Event
from omnisearch.encoder.protocol import Model

RESULT = Path(__file__).with_name("results") / "long-media.json"
Making = Callable[[Path, range], Iterator[Event]]
_MADE: Mapping[str, Making] = {"audio": long.recordings, "video": long.films}
_TITLES = {"audio": "sounds", "video": "films"}


class _Deaf:
    """omni-mini without the search for speech: nobody speaks here, and it takes longest."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the model has
        if name == "transcribe":
            raise AttributeError(name)
        return getattr(self._model, name)


def known(folder: Path) -> list[Event]:
    """Read which events earlier calls have taken in."""
    file = folder / "events.json"
    return [Event(**one) for one in json.loads(file.read_text())] if file.exists() else []


def stage(folder: Path, encoder: om.Encoder, modality: str, numbers: range) -> list[Event]:
    """Make files of these numbers and take them in; they are gone afterwards."""
    part = folder / f"{modality}-{numbers.start}"  # a root of its own: those before may go
    rmtree(part, ignore_errors=True)  # of a call that was cut
    part.mkdir()
    found = list(_MADE[modality](part, numbers))
    with om.open(folder / "collection", encoder=encoder) as col:
        report = col.ingest(part, jobs=1)
    if report.failed:
        raise SystemExit(f"{report.failed} files could not be taken in")
    rmtree(part)
    return found


def advance(folder: Path, wanted: Mapping[str, int], most: int) -> list[Event]:
    """Take in files that are wanted and not yet there, at most so many."""
    folder.mkdir(parents=True, exist_ok=True)
    events, encoder = known(folder), om.Encoder(cast(Model, _Deaf(om.Encoder.load().model)))
    for modality, count in wanted.items():
        there = sum(one.modality == modality for one in events)
        some = range(there, min(count, there + most))
        if some:
            events += stage(folder, encoder, modality, some)
            (folder / "events.json").write_text(json.dumps([asdict(one) for one in events]))
            most -= len(some)
    return events


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


def told(folder: Path, events: Sequence[Event]) -> dict[str, Any]:
    """Give the figures of each modality."""
    found: dict[str, Any] = {"cores": os.cpu_count(), "minutes of each": long.MINUTES}
    with om.open(folder / "collection", mode="r") as col:
        found["segments"] = col.stats()["segments"]
        for modality, title in _TITLES.items():
            some = [one for one in events if one.modality == modality]
            if some:
                found[title] = measure(col, some)
    return found


def main() -> None:
    """Read the command line, go on, and print and keep the figures when all is there."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.long_media")
    parser.add_argument("--folder", type=Path, required=True, help="what is kept between calls")
    parser.add_argument("--sounds", type=int, default=50)
    parser.add_argument("--films", type=int, default=50)
    parser.add_argument("--stage", type=int, default=100, help="files of one call, at most")
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    wanted = {"audio": given.sounds, "video": given.films}
    events = advance(given.folder, wanted, given.stage)
    print(f"{len(events)} of {sum(wanted.values())} files are there", flush=True)
    if len(events) == sum(wanted.values()):
        text = json.dumps(told(given.folder, events), indent=1)
        print(text)
        given.out.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
