"""Is speech found by what is said? `python -m benchmarks.speech` writes results/speech.json.

A hundred sentences are spoken, taken in, and asked for by their text. An answer is right when it is
first and its span contains the sentence: that there is such a recording is not enough.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, cast

import omnisearch as om
from benchmarks.corpora import speech
from benchmarks.corpora.speech import Said

RESULT = Path(__file__).with_name("results") / "speech.json"
MODES = ("words", "vector", "hybrid")
NEAR_S = 0.1  # a span may leave out: a last breath is heard, and no word
Mode = Literal["words", "vector", "hybrid"]


@dataclass(frozen=True)
class Figures:
    """How many sentences were found first, at the right time, by how they were asked for."""

    sentences: int
    recordings: int
    segments: int
    kinds: dict[str, int]
    first: dict[str, int]
    in_time: dict[str, int]  # first, and the span contains all of it
    by_kind: dict[str, dict[str, int]]  # in time
    longest_span_s: float
    missed: dict[str, list[str]]


def main() -> int:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speech", description=__doc__)
    parser.add_argument("--sentences", type=int, default=len(speech.SENTENCES))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_CACHE_HOME"] = f"{name}/cache"
        sentences = speech.SENTENCES[: options.sentences]
        said = speech.make(Path(name, "recordings"), sentences, len(sentences) * 6 // 10)
        found = measured(Path(name), said)
    told = json.dumps(asdict(found), indent=1) + "\n"
    print(told, end="")
    if options.sentences == len(speech.SENTENCES):
        RESULT.write_text(told, "utf-8")
    return 0


def measured(folder: Path, said: Sequence[Said]) -> Figures:
    """Take the recordings of a folder in, and ask for each sentence."""
    with om.open(folder / "collection") as col:
        report = col.ingest(folder / "recordings")
        answers = {mode: [answer(col, one, mode) for one in said] for mode in map(_mode, MODES)}
        rows = [row.span for row in col.iterate()]
    spans = [span for span in rows if isinstance(span, om.TimeSpan)]
    return Figures(
        sentences=len(said),
        recordings=report.stored,
        segments=report.segments,
        kinds=dict(Counter(one.kind for one in said)),
        first={mode: sum(first for first, _ in told) for mode, told in answers.items()},
        in_time={mode: sum(right for _, right in told) for mode, told in answers.items()},
        by_kind={
            mode: dict(Counter(one.kind for one, (_, right) in _paired(said, told) if right))
            for mode, told in answers.items()
        },
        longest_span_s=max(span.end_s - span.start_s for span in spans),
        missed={
            mode: [one.text for one, (_, right) in _paired(said, told) if not right]
            for mode, told in answers.items()
        },
    )


def answer(col: om.Collection, one: Said, mode: Mode) -> tuple[bool, bool]:
    """Ask for a sentence; tells whether its recording came first, and the time of it."""
    hits = col.query(text=one.text, k=1, modality="audio", mode=mode, group_by="none")
    if not len(hits) or not (hits[0].uri or "").endswith(f"/{one.file}"):
        return False, False
    span = hits[0].span
    assert isinstance(span, om.TimeSpan)
    return True, span.start_s <= one.start_s + NEAR_S and one.end_s - NEAR_S <= span.end_s


def _paired(
    said: Sequence[Said], told: Sequence[tuple[bool, bool]]
) -> Iterator[tuple[Said, tuple[bool, bool]]]:
    return zip(said, told, strict=True)


def _mode(name: str) -> Mode:
    return cast(Mode, name)


if __name__ == "__main__":
    raise SystemExit(main())
