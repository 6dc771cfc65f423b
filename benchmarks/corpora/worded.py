"""The questions of asked.py in words alone: wordings to choose by, and wordings to tell of.

The wordings stand in worded.toml; those of the second half were written before any rule was.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import omnisearch as om
from benchmarks.corpora.asked import Question

_HALVES = ("choosing", "telling")
_MONTHS = (
    "January February March April May June July August September October November December"
).split()
_HOPS = ("boat", "vet", "project", "painting", "bicycle")  # in the order of asked.toml
_PERSON = re.compile(r"[A-Z]\w+ (?:de )?[A-Z]\w+")
_WHERE = re.compile(r"town = '(\w+)'")


@dataclass(frozen=True, slots=True)
class Worded:
    """A question without options, of which half it is, and of what kind."""

    kind: str
    half: str
    question: Question


def worded(col: om.Collection, asked: Sequence[Question]) -> tuple[date, list[Worded]]:
    """Give the day on which is asked, and all questions; the last are those of asked.py."""
    told: dict[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    found = list[Worded]()
    for half in _HALVES:
        some = [one for made in _MADE for one in made(asked, told, half)]
        some += _extremes(col, told, half)
        found += [Worded(kind, half, replace(one, options={})) for kind, one in some]
    for number, one in enumerate(one for one in asked if one.kind in ("words", "content")):
        found.append(Worded("as they are", _HALVES[number % 2], one))
    return told["today"], found


def _bare(text: str) -> str:
    """Take the capital and the question mark from a question."""
    return (text[0].lower() + text[1:]).rstrip("?")


def _dates(asked: Sequence[Question], told: Any, half: str) -> Iterator[tuple[str, Question]]:  # noqa: ANN401
    some = [one for one in asked if "after" in one.options]
    for number, one in enumerate(some):
        year, month = one.options["after"].split("-")
        form = told["dates"][half][(number + number // 12) % len(told["dates"][half])]
        values = {"month": _MONTHS[int(month) - 1], "year": year, "number": month}
        text = form.format(question=one.text, asks=_bare(one.text), **values)
        yield "dates", replace(one, text=text[0].upper() + text[1:])


def _columns(asked: Sequence[Question], told: Any, half: str) -> Iterator[tuple[str, Question]]:  # noqa: ANN401
    some = [one for one in asked if "where" in one.options]
    for number, one in enumerate(some):
        town, fruit = _WHERE.match(one.options["where"]), one.text.split()[4]
        assert town is not None
        forms = told["columns"][half]
        form = forms[(number + number // 4) % len(forms)]
        yield "columns", replace(one, text=form.format(fruit=fruit, town=town[1]))


def _kinds(asked: Sequence[Question], told: Any, half: str) -> Iterator[tuple[str, Question]]:  # noqa: ANN401
    for kind, end in (("pictures", ".png"), ("recordings", ".wav"), ("pages", ".pdf")):
        forms = told[kind][half]
        some = [one for one in asked if one.source.endswith(end)]
        for number, one in enumerate(some):
            form = forms[number % len(forms)]
            yield kind, replace(one, text=form.format(question=one.text, asks=_bare(one.text)))


def _hops(asked: Sequence[Question], told: Any, half: str) -> Iterator[tuple[str, Question]]:  # noqa: ANN401
    for one in (one for one in asked if one.kind == "hop"):
        person = _PERSON.search(one.text)
        assert person is not None
        forms = told["hops"][half]
        at = next(number for number, name in enumerate(_HOPS) if name in one.text)
        form = forms[at % len(forms)]
        yield "hops", replace(one, text=form.format(question=one.text, person=person[0]))


def _extremes(col: om.Collection, told: Any, half: str) -> Iterator[tuple[str, Question]]:  # noqa: ANN401
    rows = list(col.iterate())
    for extreme in told["extremes"]:
        column, among = extreme["column"], extreme["among"]
        some = [
            row for row in rows if column in row.metadata and (row.words or "").find(among) >= 0
        ]
        best = (max if extreme["largest"] else min)(some, key=lambda row: row.metadata[column])
        source = str(best.metadata.get("file.name", best.item))
        for text in extreme[half]:
            yield "extremes", Question("dates", text, source)


def _traps(asked: Sequence[Question], told: Any, half: str) -> Iterator[tuple[str, Question]]:  # noqa: ANN401
    for trap in told["traps"][_HALVES.index(half) :: 2]:
        if "source" in trap:
            right = next(one for one in asked if one.text == trap["source"])
        else:
            right = next(one for one in asked if one.says.startswith(trap["says"]))
        yield "traps", replace(right, text=trap["asks"])


_MADE = (_dates, _columns, _kinds, _hops, _traps)
