"""The main job on a small scale: take in a mixed folder, then ask it with words, pictures, sounds.

`make demo` runs it over examples/corpus. The collection is written to `.demo` beside the sources;
`make demo-vectors` shows the same engine with vectors of your own.
"""

from __future__ import annotations

import json
import logging
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import omnisearch as om

CORPUS = Path(__file__).parents[1] / "corpus"
INDEX = Path(__file__).parents[2] / ".demo" / "corpus"
SHOWN, NEAR = 3, 3
# the numbers of the questions that are shown in full; all are asked
PICKED = (
    {"text": "how do I mend a flat tyre"},
    {"text": "fireworks at night"},
    {"text": "the roof is leaking"},
    {"image": "questions/bread.png"},
    {"image": "questions/cat.png"},
    {"audio": "questions/thunder.ogg", "among": ["video"]},
    {"audio": "questions/barking.ogg", "among": ["text"]},
)


@dataclass(frozen=True)
class Answer:
    """One file that was found, and where in it."""

    path: str
    hit: om.Hit

    def line(self, right: bool) -> str:
        """Say what was found."""
        said = " ".join((self.hit.snippet or "").split())
        quoted = f"  “{said[:58]}…”" if len(said) > 60 else f"  “{said}”" if said else ""
        mark = "✓" if right else " "
        return f"   {mark} {self.hit.score or 0:.2f}  {self.path}{place(self.hit.span)}{quoted}"


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
        print(f"     {failure.reason}")


def tell(progress: om.Progress) -> None:
    """Show on a terminal how far it is."""
    if sys.stderr.isatty():
        done = f"{progress.files} of {progress.of} files, {progress.segments} segments"
        print(f"\r{done}", end="\r", file=sys.stderr, flush=True)


def show(col: om.Collection, question: Mapping[str, object]) -> None:
    """Ask one question and print the nearest files."""
    print(f"\n{told(question)}")
    for answer in answers(col, question)[:SHOWN]:
        print(answer.line(answer.path in right(question)))


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
            found.setdefault(hit.item, Answer(path(hit), hit))
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
    ranks: Iterator[int] = (
        number for number, answer in enumerate(found, start=1) if answer.path in wanted
    )
    return next(ranks, len(found) + 1)


def path(hit: om.Hit) -> str:
    """Give where a file lies in the corpus."""
    whole = Path(unquote(urlsplit(hit.uri or "").path))
    return whole.relative_to(CORPUS).as_posix() if whole.is_relative_to(CORPUS) else str(whole)


def place(span: om.Span | None) -> str:
    """Say where in a file."""
    if isinstance(span, om.TimeSpan):
        return f", {span.start_s:.0f}-{span.end_s:.0f} s"
    return f", page {span.page}" if isinstance(span, om.PageSpan) else ""


if __name__ == "__main__":
    main()
