"""`rewriter`: a function changes the words before anything is encoded; its faults are told."""

from __future__ import annotations

import pytest

import omnisearch as om
from omnisearch.errors import QueryError
from tests.rewriting.conftest import picture


def test_other_words_are_asked(col: om.Collection) -> None:
    seen: list[str] = []

    def rewriter(words: str) -> str:
        seen.append(words)
        return "the rose in the garden"

    hits = col.query("what flowers by the house?", k=3, rewriter=rewriter)
    assert seen == ["what flowers by the house?"]
    assert hits.ids == col.query("the rose in the garden", k=3).ids
    assert hits.remarks == ("asked in other words: the rose in the garden",)
    same = col.query("bread", k=1, rewriter=lambda words: words)
    assert same.remarks == () and same.ids == ["bread"]


def test_a_long_text_is_told_by_its_beginning(col: om.Collection) -> None:
    hits = col.query("bread", k=1, rewriter=lambda words: "dough " * 10_000)
    (told,) = (one for one in hits.remarks if one.startswith("asked in other words"))
    assert told.startswith("asked in other words: 'dough dough") and len(told) < 100


def test_parts_may_take_the_place_of_words(col: om.Collection) -> None:
    red = om.Image(picture("red", "circle"))
    hits = col.query("ein roter Kreis", k=2, rewriter=lambda words: [red])
    assert hits.ids == col.query(red, k=2).ids
    assert hits.remarks == ("asked in other words: image",)
    weighted = [om.Text("boats"), om.Text("harbour", weight=2)]
    hits = col.query("x", k=3, rewriter=lambda words: weighted)
    assert hits.ids == col.query(weighted, k=3).ids


def test_only_what_is_wanted_in_words_is_rewritten(col: om.Collection) -> None:
    seen: list[str] = []

    def rewriter(words: str) -> str:
        seen.append(words)
        return "in blue"

    red, away = om.Image(picture("red", "circle")), om.Text("square", weight=-0.25)
    hits = col.query([red, om.Text("in"), om.Text("blau"), away], k=2, rewriter=rewriter)
    assert seen == ["in blau"]
    assert hits.ids == col.query([om.Text("in blue"), red, away], k=2).ids
    assert col.query(red, k=1, rewriter=rewriter).ids == col.query(red, k=1).ids
    assert len(seen) == 1


def test_each_question_of_a_batch(col: om.Collection) -> None:
    found = col.query_batch(
        [{"text": "daerb"}, {"text": "esor"}], k=1, rewriter=lambda words: words[::-1]
    )
    assert [hits.ids for hits in found] == [["bread"], ["rose"]]


def test_what_goes_wrong_is_told(col: om.Collection) -> None:
    def fails(words: str) -> str:
        raise KeyError(words)

    def busy(words: str) -> str:
        raise om.errors.AnswerServerError("the server is busy")

    with pytest.raises(QueryError, match=r"the rewriter raised KeyError: 'bread'") as raised:
        col.query("bread", rewriter=fails)
    assert isinstance(raised.value.__cause__, KeyError)
    with pytest.raises(om.errors.AnswerServerError, match="busy"):
        col.query("bread", rewriter=busy)
    for wrong in (None, 3, [], [None], {"text": "x"}):
        with pytest.raises(QueryError, match="give back a text"):
            col.query("bread", rewriter=lambda words, wrong=wrong: wrong)  # type: ignore[misc]
    with pytest.raises(QueryError, match="has no words"):
        col.query("bread", rewriter=lambda words: " ")
    with pytest.raises(QueryError, match="leads away"):
        col.query("bread", rewriter=lambda words: om.Text("x", weight=-1))
    with pytest.raises(TypeError, match="a function of the question's words"):
        col.query("bread", rewriter="upper")  # type: ignore[arg-type]
