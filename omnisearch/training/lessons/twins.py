"""Captions that are wrong in one thing only: the order of a film, a count, a colour, a side.

A page's twins are what is asked for the same subject in another layout.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from omnisearch.training.data.splits import rank
from omnisearch.training.lab import Lab
from omnisearch.training.lessons import corpus


@dataclass(frozen=True)
class Twin:
    """A caption, and one that differs from it in one thing."""

    differs: str  # order, count, colour, side or layout
    right: str
    wrong: str


def of(lab: Lab, kind: str, split: str) -> list[list[Twin]]:
    """Give the twins of each row; most rows have none, and texts and sounds have no list."""
    if kind == "video":
        rows = corpus.Columns(lab, kind, split, ["captions", "twin"])
        both = zip(rows.lists("captions"), rows.lists("twin"), strict=True)
        return [_read("order", captions, wrong) for captions, wrong in both]
    if kind == "image":
        rows = corpus.Columns(lab, kind, split, ["captions", "attributes"])
        told = zip(rows.lists("captions"), rows["attributes"], strict=True)
        return [[*_of_scene(captions, attributes)] for captions, attributes in told]
    if kind == "document":
        rows = corpus.Columns(lab, kind, split, ["concept", "layout", "queries_layout"])
        asked = [queries[0] if queries else "" for queries in rows.lists("queries_layout")]
        return [*_of_pages(rows["concept"], rows["layout"], asked)]
    return []


def balanced(pairs: Sequence[tuple[int, Twin]]) -> list[tuple[int, Twin]]:
    """Keep as many twins that turn one word into another as there are the other way round.

    Where "below" is never true, its captions alone tell that it is wrong.
    """
    found: dict[tuple[str, ...], list[tuple[int, Twin]]] = {}
    for row, twin in pairs:
        found.setdefault((twin.differs, *_change(twin)), []).append((row, twin))
    kept = []
    for (differs, gone, come), some in found.items():
        count = len(found.get((differs, come, gone), ()))
        some.sort(key=lambda one: rank(f"{one[0]} {one[1].wrong}"))
        kept += some[:count]
    return kept


def fair(rows: Sequence[Sequence[Twin]]) -> list[list[Twin]]:
    """Keep the balanced twins of each row: to learn from others would be to shun words."""
    kept: list[list[Twin]] = [[] for _ in rows]
    for row, twin in balanced([(row, twin) for row, some in enumerate(rows) for twin in some]):
        kept[row].append(twin)
    return kept


def _change(twin: Twin) -> tuple[str, str]:
    """Give the words that only one of the two has, which are none where words change places."""
    right, wrong = (Counter(text.replace(",", "").split()) for text in (twin.right, twin.wrong))
    gone, come = right - wrong, wrong - right
    return " ".join(sorted(gone.elements())), " ".join(sorted(come.elements()))


def _read(differs: str, right: Iterable[str], wrong: Iterable[str]) -> list[Twin]:
    return [Twin(differs, one, other) for one, other in zip(right, wrong, strict=False)]


def _of_scene(captions: list[str], attributes: str) -> Iterator[Twin]:
    """Twins of a scene leave its ground out, as its second caption does."""
    if '"twins"' in attributes:
        right = captions[min(1, len(captions) - 1)]
        for differs, wrong in json.loads(attributes)["twins"].items():
            yield from _read(differs, [right] * len(wrong), wrong)


def _of_pages(subjects: list[str], layouts: list[str], asked: list[str]) -> Iterator[list[Twin]]:
    groups: dict[str, list[int]] = {}
    for row, subject in enumerate(subjects):
        groups.setdefault(subject, []).append(row)
    for row, subject in enumerate(subjects):
        others = [one for one in groups[subject] if layouts[one] != layouts[row]]
        wrong = [asked[one] for one in others if asked[one] and asked[row]]
        yield _read("layout", [asked[row]] * len(wrong), wrong)
