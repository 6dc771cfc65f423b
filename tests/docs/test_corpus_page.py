"""docs/corpus.md: the page says what the corpus and the sets were when they were counted."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.docs.test_pages import table

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "corpus.md").read_text("utf-8")
SETS = ("pictures-test", "pictures-validation", "composed-test", "composed-validation")
TWINS = ("plural", "spelling", "order", "title", "text", "picture", "any")


def found(*parts: str) -> dict[str, Any]:
    figures: dict[str, Any] = json.loads(ROOT.joinpath(*parts).read_text("utf-8"))
    return figures


DATA = found("docs", "omni-mini", "figures", "data.json")
COUNTED = found("benchmarks", "results", "corpus.json")


def numbers(text: str) -> list[float]:
    return [float(one.replace(",", "")) for one in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]


def test_pictures_are_those_of_the_files() -> None:
    pictures = DATA["concepts"]["pictures"]
    rows = [numbers(cells[1]) for cells in table(PAGE, "kind")]
    kinds = "emoji", "clipart", "icon", "mono"
    assert [row[0] for row in rows] == [pictures[kind] for kind in kinds]
    assert rows[3][1] == round(100 * DATA["concepts"]["mono share"])


def test_concepts_in_colour_are_those_of_the_files() -> None:
    ours, theirs = COUNTED["colour"]["all"], COUNTED["colour"]["prototype"]
    names = "concepts", "pictures", "concepts not grey"
    (told,) = re.findall(r"That is .*? against [\d,]+\.", PAGE, re.DOTALL)
    more = round(ours["concepts"] / theirs["concepts"], 1)
    pairs = [one[name] for name in names for one in (ours, theirs)]
    assert numbers(told.replace("fluent 3d", "")) == [*pairs[:2], more, *pairs[2:]]
    assert ours["concepts not grey"] == DATA["concepts"]["coloured"]
    pictures = DATA["concepts"]["pictures"]
    assert ours["pictures"] == sum(pictures.values()) - pictures["mono"]


def test_sets_are_those_of_the_files() -> None:
    rows = {name: (numbers(asked), numbers(shown)) for name, asked, shown in table(PAGE, "set")}
    assert tuple(rows) == SETS
    for name, (asked, shown) in rows.items():
        sizes = DATA["queries"][name]
        assert (asked[0], sum(shown)) == (sizes["queries"], sizes["gallery"])
    for split in ("test", "validation"):
        clipart = DATA["manifest"]["pictures-openclipart"][split]
        assert rows[f"pictures-{split}"][1][1] == clipart < 400


def test_triplets_are_those_of_the_files() -> None:
    styles = [name for name in DATA["triplets"]["family"] if name.startswith("style:")]
    (told,) = re.findall(r"([\d,]+) of a picture, a wish,.*another style \((\d+)", PAGE, re.DOTALL)
    assert [*map(int, (one.replace(",", "") for one in told))] == [
        sum(DATA["triplets"]["split"].values()),
        len(styles),
    ]


def test_twins_are_those_of_the_file() -> None:
    titles, asked = COUNTED["titles"], COUNTED["questions"]
    (head,) = re.findall(r"^\| twin \|.*$", PAGE, re.MULTILINE)
    assert numbers(head) == [titles["all"], asked["test"]["all"], asked["validation"]["all"]]
    rows = [[numbers(cell) for cell in cells[1:]] for cells in table(PAGE, "twin")]
    assert rows == [
        [[titles[way]] if way in titles else [], [asked["test"][way]], [asked["validation"][way]]]
        for way in TWINS
    ]
    (told,) = re.findall(r"pixels: (.*?),\s+most of them", PAGE, re.DOTALL)
    one, other = (COUNTED["pictures"][split] for split in ("test", "validation"))
    assert numbers(told) == [one["near"], one["all"], other["near"], other["all"]]


def test_the_worth_of_twins_is_that_of_the_file() -> None:
    worth = COUNTED["worth"]
    assert [cells[1:] for cells in table(PAGE, "questions")] == [
        [f"{one['queries']}", *(f"{one[k]:.1f} ± {one[f'{k}_error']:.1f}" for k in ("r1", "r10"))]
        for one in worth.values()
    ]
    (told,) = re.findall(r"text to picture is some ([\d.]+) points lower", PAGE)
    for k in ("r1", "r10"):
        lost = worth["all"][k] - worth["without any"][k]
        assert lost == pytest.approx(float(told), abs=0.1)
        assert 0.3 < lost / worth["all"][f"{k}_error"] < 0.6
