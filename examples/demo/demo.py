"""The main job on a small scale: take in a mixed folder, then ask it with words, pictures, sounds.

It also shows what has to do with an answer, and what a language model would read of a question.

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
from typing import Any
from urllib.parse import unquote, urlsplit

import omnisearch as om

CORPUS = Path(__file__).parents[1] / "corpus"
HOME = Path(__file__).parents[2] / ".demo"
INDEX = HOME / "corpus"
SHOWN, NEAR, LONG = 3, 3, 60
# the questions that are shown in full; all are asked
PICKED: tuple[dict[str, Any], ...] = (
    {"text": "an old temple in China"},
    {"text": "how do I mend a flat tyre"},
    {"text": "fireworks at night"},
    {"text": "the roof is leaking"},
    {"image": "questions/bread.png"},
    {"image": "questions/helicopter.png"},
    {"audio": "questions/thunder.ogg", "among": ["video"]},
    {"audio": "questions/barking.ogg", "among": ["text"]},
)
# several parts as one question, which are not among those that are counted
MIXED: tuple[dict[str, Any], ...] = (
    {"image": "questions/bread.png", "text": "a recipe", "right": ["papers/sourdough.pdf"]},
    {"audio": "questions/barking.ogg", "text": "in the park", "right": ["voices/memo-08.ogg"]},
    {
        "audio": "questions/thunder.ogg",
        "text": "a storm at the harbour",
        "right": ["voices/memo-07.ogg"],
    },
)
CUT = {"text": "fireworks at night"}  # the moment that is written to a file
RELATED = {"text": "a violin", "right": ["music/violin.flac"]}  # of whose best hit more is shown
READ, ROOM = "how do I mend a flat tyre", 600  # for a language model, in so many tokens


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
        return f"   {mark} {self.hit.confidence or 0:>4.0%}  {where}  {self.said()}".rstrip()

    def said(self) -> str:
        """Quote what it says, or tell what is in a file that says nothing."""
        words = " ".join((self.hit.snippet or "").split())
        if words and words not in self.paths[0].replace("-", " "):
            return f"“{words[:LONG]}…”" if len(words) > LONG else f"“{words}”"
        return f"({contents()[self.paths[0]]})" if self.paths[0] in contents() else ""

    def among(self, files: Sequence[str]) -> bool:
        """Tell whether it is one of these files."""
        return not set(self.paths).isdisjoint(files)

    def at(self, wanted: Mapping[str, float]) -> bool:
        """Tell whether the moment is the one that was meant."""
        match self.hit.span:
            case om.TimeSpan(start_s, end_s):
                return start_s < wanted["end_s"] and end_s > wanted["start_s"]
            case om.TextSpan(start, end):
                return start < wanted["end"] and end > wanted["start"]
            case om.PageSpan(page, _):
                return page == wanted["page"]
        return False


def main() -> None:
    """Take in, ask, count."""
    logging.disable(logging.WARNING)
    shutil.rmtree(INDEX, ignore_errors=True)
    with om.open(INDEX) as col:
        take_in(col)
        questions = json.loads((CORPUS / "questions.json").read_text("utf-8"))
        for wanted in PICKED:
            show(col, next(one for one in questions if wanted.items() <= one.items()))
        for mixed in MIXED:
            show(col, mixed)
        cut(col)
        relate(col)
        read(col)
        count(col, questions)
    print(f"\nThe collection stays in {INDEX}: ask it yourself with")
    print(f'    omnisearch query "a cup of coffee" --index {os.path.relpath(INDEX)}')


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


def show(col: om.Collection, question: Mapping[str, Any]) -> None:
    """Ask one question and print the best files, each with its best moment."""
    begun = time.perf_counter()
    found = answers(col, question, SHOWN)
    print(f"\n{told(question)}   ({1000 * (time.perf_counter() - begun):.0f} ms)")
    for answer in found:
        print(answer.line(question["right"]))


def cut(col: om.Collection) -> None:
    """Write a moment to a file of its own."""
    best = answers(col, CUT, 1)[0]
    with om.Cutter() as cutter:
        made = cutter.extract(best.hit, HOME / "fireworks.mp4", force=True)
    print(f"\nThe moment itself, cut out of {best.paths[0]}: {os.path.relpath(made.path)}")


def relate(col: om.Collection) -> None:
    """Show what has to do with an answer, of whatever kind."""
    best = answers(col, RELATED, 1)[0]
    print(f"\nWhat has to do with {best.paths[0]}, found by {told(RELATED).lower()}:")
    for one in col.related(best.hit.id, k=SHOWN):
        found = Answer(paths(one.hit), one.hit)
        mark = "✓" if found.among(RELATED["right"]) else " "
        print(f"   {mark} {one.strength:>4.0%}  {found.paths[0]}  {found.said()}".rstrip())


def read(col: om.Collection) -> None:
    """Show what a language model would be given to answer with, each with its number."""
    found = col.context(READ, budget_tokens=ROOM)
    print(f"\nWhat a language model reads for “{READ}”, in {found.tokens} tokens:")
    for part in found.parts:
        cited = part.citation
        name, said = unquote(cited.uri or "").rpartition("/")[2], " ".join(part.text.split())
        print(f"   [{cited.number}] {name}{place(cited.span)}  “{said[:LONG]}…”")


def count(col: om.Collection, questions: Sequence[Mapping[str, Any]]) -> None:
    """Ask all questions and say how many found the right file, and the right place in it."""
    first = near = places = placed = 0
    for question in questions:
        found = answers(col, question, NEAR)
        right = next((one for one in found if one.among(question["right"])), None)
        first += bool(found) and found[0] is right
        near += right is not None
        if right is not None and "place" in question:
            places += 1
            placed += right.at(question["place"])
    print(f"\nOf {len(questions)} questions, {first} find the right file first,", end=" ")
    print(f"{near} among the first {NEAR}; of {places} with a known place, {placed} show it.")


def answers(col: om.Collection, question: Mapping[str, Any], k: int) -> list[Answer]:
    """Give the best files."""
    hits = col.query(parts(question), k=k, modality=question.get("among"))
    return [Answer(paths(hit), hit) for hit in hits]


def parts(question: Mapping[str, Any]) -> list[om.Text | om.Image | om.Audio]:
    """Give what is asked with: several parts are one question."""
    found: list[om.Text | om.Image | om.Audio] = []
    if "image" in question:
        found.append(om.Image(CORPUS / question["image"]))
    if "audio" in question:
        found.append(om.Audio(CORPUS / question["audio"]))
    if "text" in question:
        found.append(om.Text(question["text"]))
    return found


def told(question: Mapping[str, Any]) -> str:
    """Say what is asked."""
    kinds = {"image": "A picture", "audio": "A sound", "text": "Words"}
    asked = [kind for kind in kinds if kind in question]
    what = [f"“{question[kind]}”" if kind == "text" else question[kind] for kind in asked]
    names = {"video": "films", "text": "texts", "audio": "sounds"}
    among = question.get("among")
    only = ", ".join(names.get(one, f"{one}s") for one in among) if among else ""
    named = " and ".join(
        kinds[kind] if not at else kinds[kind].lower() for at, kind in enumerate(asked)
    )
    return f"{named}: {' + '.join(what)}" + (f", among {only}" if only else "")


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
    if isinstance(span, om.TextSpan) and span.start:
        return f", characters {span.start}-{span.end}"
    return f", page {span.page}" if isinstance(span, om.PageSpan) else ""


if __name__ == "__main__":
    main()
