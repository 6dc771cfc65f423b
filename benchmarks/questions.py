"""Which of the generated questions does a query answer? `python -m benchmarks.questions FOLDER`.

The folder keeps the files and the collection, so that a second call only asks. What may be measured
on these questions beside lists of hits stands in files of its own, which end with `run`.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import omnisearch as om
from benchmarks.corpora import asked
from benchmarks.corpora.asked import KINDS, Question

_RESULTS = Path(__file__).with_name("results")
_AT = (1, 3, 10, 30)
_WORDS = "~words"


def prepared(folder: Path) -> tuple[Path, list[Question]]:
    """Make files, records and the collection where they are not there; gives its place."""
    os.environ.setdefault("XDG_CACHE_HOME", str(folder / "cache"))
    made, place = asked.make(folder / "files"), folder / "collection"
    with om.open(place) as col:
        report = col.ingest(folder / "files", jobs=1)
        if report.failed:
            raise SystemExit(f"{report.failed} files could not be taken in")
        if col.get([made.records[0].id])[0] is None:
            col.add(made.records)
            col.compact()
    return place, made.questions


def right_segments(col: om.Collection, questions: Sequence[Question]) -> list[frozenset[str]]:
    """Give for each question the ids of the segments that answer it, as hits have them."""
    found: dict[str, list[tuple[str, str]]] = {}
    for row in col.iterate():
        source = row.metadata.get("file.name", row.item)
        said = " ".join((row.words or "").split())
        found.setdefault(str(source), []).append((row.id.removesuffix(_WORDS), said))
    return [
        frozenset(name for name, said in found[one.source] if one.says in said) for one in questions
    ]


def measured(col: om.Collection, questions: Sequence[Question]) -> dict[str, Any]:
    """Tell how far up the first right segment stands, in lists without grouping."""
    wanted, found = right_segments(col, questions), dict[str, list[int]]()
    for question, right in zip(questions, wanted, strict=True):
        if not right:
            raise SystemExit(f"nothing stored answers {question.text!r}")
        hits = col.query(question.text, k=_AT[-1], group_by="none", **question.options)
        place = next((at for at, name in enumerate(hits.ids) if name in right), _AT[-1])
        found.setdefault(question.kind, []).append(place)
    return {
        kind: {
            "questions": len(found[kind]),
            **{f"at_{k}": sum(place < k for place in found[kind]) for k in _AT},
        }
        for kind in KINDS
    }


def run(
    name: str,
    what: str | None,
    measure: Callable[[om.Collection, Sequence[Question]], Mapping[str, Any]],
) -> int:
    """Run a program of benchmarks/ that asks these questions: measure, print and keep."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=what)
    parser.add_argument("folder", type=Path)
    place, questions = prepared(parser.parse_args().folder)
    with om.open(place, create=False, mode="r") as col:
        keep(name, measure(col, questions))
    return 0


def keep(name: str, told: Mapping[str, Any]) -> None:
    """Print figures, and write them where those of a program are kept."""
    text = json.dumps(told, indent=1) + "\n"
    print(text, end="")
    (_RESULTS / f"{name}.json").write_text(text, "utf-8")


def main() -> int:
    """Measure, print and keep."""
    return run("questions", __doc__, measured)


if __name__ == "__main__":
    raise SystemExit(main())
