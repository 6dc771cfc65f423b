"""Words that nothing says are repaired, and always said; what may be meant as it is stays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import omnisearch as om
from omnisearch.errors import QueryError

MISTAKES = {
    "the harbuor": {"harbuor": "harbour"},
    "beautifull rosse": {"beautifull": "beautiful", "rosse": "rose"},
    "Mooringz in the Harbur?": {"mooringz": "moorings", "harbur": "harbour"},
    "the apendix": {"apendix": "appendix"},
}
FARTHER = {
    "apendixx": ("apendixx", "appendix"),
    "the harrboour": ("harrboour", "harbour"),
}


def scores(hits: om.Hits) -> dict[str, float | None]:
    """Give what vectors say of each hit, whatever the order."""
    return {hit.id: hit.score for hit in hits}


@pytest.mark.parametrize("question", MISTAKES)
def test_mistakes_are_repaired_and_said(col: om.Collection, question: str) -> None:
    hits = col.query(question, k=3)
    assert hits.spelling == MISTAKES[question]
    right = question
    for wrong, meant in hits.spelling.items():
        right = right.replace(wrong, meant).replace(wrong.capitalize(), meant)
        assert f'nothing says "{wrong}": asked with "{meant}"' in hits.remarks
    plain = col.query(right, k=3, spelling="off")
    assert hits.ids == plain.ids and not plain.remarks
    assert [hit.confidence for hit in hits] == [hit.confidence for hit in plain]
    assert [hit.marks for hit in hits] == [hit.marks for hit in plain]


@pytest.mark.parametrize("question", FARTHER)
def test_repairs_of_two_letters_are_looked_for_and_not_encoded(
    col: om.Collection, question: str
) -> None:
    wrong, meant = FARTHER[question]
    right = question.replace(wrong, meant)
    every = col.count()
    hits, off = (col.query(question, k=every, spelling=how) for how in ("repair", "off"))
    assert hits.spelling == {wrong: meant}
    assert hits.remarks == (f'nothing says "{wrong}": looked for "{meant}", meaning as written',)
    assert scores(hits) == scores(off) != scores(col.query(right, k=every))
    saying = col.query(meant, k=every, mode="words").ids
    assert saying and set(hits.ids[: len(saying)]) == set(saying) != set(off.ids[: len(saying)])


@pytest.mark.parametrize("question", FARTHER)
def test_repairs_of_two_letters_are_all_that_words_alone_ask(
    col: om.Collection, question: str
) -> None:
    wrong, meant = FARTHER[question]
    hits = col.query(question, k=3, mode="words")
    assert hits.remarks == (f'nothing says "{wrong}": asked with "{meant}"',)
    assert hits.ids == col.query(question.replace(wrong, meant), k=3, mode="words").ids != []


def test_where_no_words_are_looked_for_only_one_letter_is_repaired(col: om.Collection) -> None:
    hits, plain = (
        col.query(text, k=3, mode="vector") for text in ("apendixx harbuor", "apendixx harbour")
    )
    assert hits.spelling == {"harbuor": "harbour"}
    assert hits.remarks == ('nothing says "harbuor": asked with "harbour"',)
    assert scores(hits) == scores(plain) and plain.spelling == {} and plain.remarks == ()


def test_one_and_two_letters_in_one_question(col: om.Collection) -> None:
    hits = col.query("harbuor apendixx", k=col.count())
    assert hits.spelling == {"harbuor": "harbour", "apendixx": "appendix"}
    assert [one.split(": ")[1] for one in hits.remarks] == [
        'asked with "harbour"',
        'looked for "appendix", meaning as written',
    ]
    assert scores(hits) == scores(col.query("harbour apendixx", k=col.count(), spelling="off"))


def test_two_letters_are_suggested_as_well(col: om.Collection) -> None:
    told = col.query("apendixx", k=3, spelling="suggest")
    assert told.remarks == ('nothing says "apendixx": did you mean "appendix"?',)
    assert told.ids == col.query("apendixx", k=3, spelling="off").ids


def test_only_said_or_left_alone(col: om.Collection) -> None:
    off = col.query("the harbuor", k=3, spelling="off")
    told = col.query("the harbuor", k=3, spelling="suggest")
    assert told.ids == off.ids and off.spelling == {} and off.remarks == ()
    assert told.spelling == {"harbuor": "harbour"}
    assert told.remarks == ('nothing says "harbuor": did you mean "harbour"?',)
    with pytest.raises(QueryError, match="did you mean 'repair'"):
        col.query("x", spelling="repairs")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "question",
    [
        '"harbuor"',
        'the "harbuor in winter" of Mai',
        "the \u201charbuor\u201d",
        "der \u201eharbuor\u201c im Winter",
        "the \u00abharbuor in winter\u00bb",
        "E4712",
        "harbuor.txt",
        "me@harbuor",
        "a/harbuor",
        "HARBUOR of the town",
        "\u041f\u0435\u0442\u0440\u043e\u0432",
        "港口",
        "where and what",
        "violin professor",
        "boot",
        "mueller",
        "xqzvwkjp",
    ],
)
def test_what_is_no_mistake_is_left_alone(col: om.Collection, question: str) -> None:
    hits = col.query(question, k=3)
    assert hits.spelling == {} and not any("nothing says" in one for one in hits.remarks)


def test_without_the_encoder_small_words_are_known(col: om.Collection) -> None:
    hits = col.query("what harbuor", k=3, mode="words")
    assert hits.spelling == {"harbuor": "harbour"}
    assert hits.ids == col.query("harbour", k=3, mode="words").ids


def test_what_leads_away_and_long_texts_are_left_alone(col: om.Collection) -> None:
    parts = [om.Text("boats"), om.Text("harbuor", weight=-0.5)]
    assert col.query(parts, k=3).spelling == {}
    assert col.query("harbuor " * 200, k=3).spelling == {}


def test_words_of_deleted_rows_are_not_said(tmp_path: Path) -> None:
    with om.open(tmp_path / "c") as own:
        own.add([om.Item("a", text="tangerines and plums"), om.Item("b", text="tambourines")])
        assert own.query("tangerinez").spelling == {"tangerinez": "tangerines"}
        own.delete(["a"])
        assert own.query("tangerines").spelling == {}
        own.add([om.Item("c", text="tangerine trees")])
        assert own.query("tangerinez").spelling == {"tangerinez": "tangerine"}


def test_more_frequent_words_are_meant(tmp_path: Path) -> None:
    with om.open(tmp_path / "c") as own:
        some = [om.Item(f"n{n}", text=f"lanterns on pole {n}") for n in range(9)]
        own.add([om.Item("b", text="a lantern"), *some])
        assert own.query("lanternz").spelling == {"lanternz": "lanterns"}


def test_own_vectors_have_words_too(tmp_path: Path) -> None:
    with om.open(tmp_path / "own") as own:
        own.add_vectors(["a"], np.ones((1, 4), "f4"))
        assert own.query(vector=np.ones(4, "f4")).spelling == {}
