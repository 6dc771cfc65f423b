"""The main job on a small scale: take in a mixed folder, then ask it with words, pictures, sounds.

`make demo` runs it over examples/corpus. The collection is written to `.demo` beside the sources;
`make demo-vectors` shows the same engine with vectors of your own.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import omnisearch as om

CORPUS = Path(__file__).parents[1] / "corpus"
INDEX = Path(__file__).parents[2] / ".demo" / "corpus"
SHOWN, NEAR, LONG = 3, 3, 60
# the questions that are shown in full; all are asked
PICKED = (
    {"text": "an old temple in China"},
    {"text": "how do I mend a flat tyre"},
    {"text": "fireworks at night"},
    {"text": "the roof is leaking"},
    {"image": "questions/bread.png"},
    {"image": "questions/helicopter.png"},
    {"audio": "questions/thunder.ogg", "among": ["video"]},
    {"audio": "questions/barking.ogg", "among": ["text"]},
)


@dataclass(frozen=True)
class Answer:
    """One item that was found: where its file lies, once or several times, and where in it."""

    paths: tuple[str, ...]
    hit: om.Hit

    def line(self, right: Sequence[str]) -> str:
        """Say what was found, with a mark where it is right."""
        mark = "✓" if self.among(right) else " "
        copies = f" and {len(self.paths) - 1} copy" if len(self.paths) > 1 else ""
        where = f"{self.paths[0]}{copies}{place(self.hit.span)}"
        return f"   {mark} {self.hit.score or 0:.2f}  {where}  {self.said()}".rstrip()

    def said(self) -> str:
        """Quote what it says, or tell what is in a file that says nothing."""
        words = " ".join((self.hit.snippet or "").split())
        if words and words not in self.paths[0].replace("-", " "):
            return f"“{words[:LONG]}…”" if len(words) > LONG else f"“{words}”"
        return f"({contents()[self.paths[0]]})" if self.paths[0] in contents() else ""

    def among(self, files: Sequence[str]) -> bool:
        """Tell whether it is one of these files."""
        return not set(self.paths).isdisjoint(files)


def main() -> None:
    """Take in, ask, count."""
    logging.disable(logging.WARNING)
    shutil.rmtree(INDEX, ignore_errors=True)
    with om.open(INDEX, encoder=om.Encoder.load()) as col:
        take_in(col)
        questions = json.loads((CORPUS / "questions.json").read_text("utf-8"))
        for wanted in PICKED:
            show(col, next(one for one in questions if wanted.items() <= one.items()))
        count(col, questions)
    print(f"\nThe collection stays in {INDEX}")


def take_in(col: om.Collection) -> None:
    """Take in the corpus and say what became of its files."""
    print(f"Taking in {CORPUS}", flush=True)
    begun = time.perf_counter()
    report = col.ingest(CORPUS, progress=tell)
    seconds = time.perf_counter() - begun
    print(f"{report.seen} files in {seconds:.0f} s: {report.stored} stored as", end=" ")
    print(f"{report.segments} segments, {report.duplicate} there twice, {report.failed} broken:")
    for failure in report.failures:
        name = Path(os.fsdecode(failure.path)).relative_to(CORPUS)
        print(f"     {name}: {failure.reason.removeprefix(name.name).lstrip(': ')}")


def tell(progress: om.Progress) -> None:
    """Show on a terminal how far it is."""
    if sys.stderr.isatty():
        done = f"{progress.files} of {progress.of} files, {progress.segments} segments"
        print(f"\r{done}", end="\r", file=sys.stderr, flush=True)


def show(col: om.Collection, question: Mapping[str, object]) -> None:
    """Ask one question and print the nearest files."""
    print(f"\n{told(question)}")
    for answer in answers(col, question)[:SHOWN]:
        print(answer.line(right(question)))


def count(col: om.Collection, questions: Sequence[Mapping[str, object]]) -> None:
    """Ask all questions and say how many found the right file."""
    ranks = [rank(answers(col, one), right(one)) for one in questions]
    first, near = sum(one == 1 for one in ranks), sum(one <= NEAR for one in ranks)
    print(f"\nOf {len(ranks)} questions, {first} find the right file first,", end=" ")
    print(f"{near} among the first {NEAR} (plain vector search over {col.count()} rows).")


def answers(col: om.Collection, question: Mapping[str, object]) -> list[Answer]:
    """Give the files in the order of their nearest segment."""
    vector = col.encoder.encode([part(question)])[0]
    among = question.get("among")
    found: dict[str, Answer] = {}
    for hit in col.search(vector, k=col.count()):
        if not among or (isinstance(among, list) and hit.modality in among):
            found.setdefault(hit.item, Answer(paths(hit), hit))
    return list(found.values())


def part(question: Mapping[str, object]) -> om.Text | om.Image | om.Audio:
    """Give what is asked with."""
    if "text" in question:
        return om.Text(str(question["text"]))
    if "image" in question:
        return om.Image(CORPUS / str(question["image"]))
    return om.Audio(CORPUS / str(question["audio"]))


def told(question: Mapping[str, object]) -> str:
    """Say what is asked."""
    kind = next(kind for kind in ("text", "image", "audio") if kind in question)
    what = f"“{question[kind]}”" if kind == "text" else f"{question[kind]}"
    names = {"video": "films", "text": "texts", "audio": "sounds"}
    among = question.get("among")
    only = ", ".join(names.get(one, f"{one}s") for one in among) if isinstance(among, list) else ""
    asked = {"text": "Words", "image": "A picture", "audio": "A sound"}[kind]
    return f"{asked}: {what}" + (f", among {only}" if only else "")


def right(question: Mapping[str, object]) -> list[str]:
    """Give the files that answer a question."""
    files = question["right"]
    assert isinstance(files, list)
    return files


def rank(found: list[Answer], wanted: Sequence[str]) -> int:
    """Give the place of the first right file, behind all where there is none."""
    ranks = (number for number, one in enumerate(found, start=1) if one.among(wanted))
    return next(ranks, len(found) + 1)


def paths(hit: om.Hit) -> tuple[str, ...]:
    """Give where a file lies in the corpus."""
    whole = [Path(unquote(urlsplit(uri).path)) for uri in hit.locations]
    return tuple(sorted((one.relative_to(CORPUS).as_posix() for one in whole), key=len))


@cache
def contents() -> Mapping[str, str]:
    """Read from LICENCES.md what is in each file, for the reader of this demo alone."""
    lines = (CORPUS / "LICENCES.md").read_text("utf-8").splitlines()
    cells = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]
    return {name: what for name, what, *_ in cells}


def place(span: om.Span | None) -> str:
    """Say where in a file."""
    if isinstance(span, om.TimeSpan):
        return f", {span.start_s:.0f}-{span.end_s:.0f} s"
    return f", page {span.page}" if isinstance(span, om.PageSpan) else ""


if __name__ == "__main__":
    main()
