"""Rerankers that give nonsense, raise, hang, or are called by a wrong name."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import omnisearch as om
from omnisearch.errors import EncoderNotFoundError, QueryError, RerankerError
from omnisearch.query.options import Wish
from omnisearch.records import Hit
from omnisearch.reranking.patience import MOST_LEFT, Late, Patience

ROWS = 12


@pytest.fixture
def col(tmp_path: Path) -> om.Collection:
    """Give rows on an arc, so that each is farther from the first than the one before."""
    found = om.open(tmp_path / "c")
    angles = np.linspace(0, 1.5, ROWS)
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    found.add_vectors([f"row{n:02}" for n in range(ROWS)], rows)
    return found


def asked(col: om.Collection, **given: Any) -> om.Hits:
    return col.query(vector=[1.0, 0.0], **given)


def backwards(question: om.Question, hits: Sequence[Hit]) -> list[float]:
    return [float(hit.id[3:]) for hit in hits]


WRONG: list[tuple[Callable[[int], Any], str]] = [
    (lambda n: [1.0] * (n - 1), "gave 11 scores for 12 hits: give a list of 12 numbers"),
    (lambda n: [1.0] * (n + 1), "gave 13 scores for 12 hits"),
    (lambda n: [], "gave 0 scores for 12 hits"),
    (lambda n: None, "gave None: give a list"),
    (lambda n: "abc", "gave 'abc'"),
    (lambda n: {"row00": 1.0}, "gave {'row00': 1.0}"),
    (lambda n: 0.5, "gave 0.5"),
    (lambda n: (1.0 for _ in range(n)), "gave <generator"),
    (lambda n: ["1"] * n, r"gave \['1'"),
    (lambda n: [None] * n, r"gave \[None"),
    (lambda n: [[1.0]] * n, r"gave an array of shape \(12, 1\)"),
    (lambda n: [[1.0], [1.0, 2.0]], "gave no list of numbers"),
    (lambda n: [1j] * n, r"gave \[1j"),
    (lambda n: [0.0] * 3 + [float("nan")] * (n - 3), "gave nan for hit row03: a score is a finite"),
    (lambda n: [0.0] * (n - 1) + [float("-inf")], "gave -inf for hit row11"),
]


@pytest.mark.parametrize(("made", "told"), WRONG, ids=[told for _, told in WRONG])
def test_what_are_no_scores_is_refused(
    col: om.Collection, made: Callable[[int], Any], told: str
) -> None:
    with pytest.raises(RerankerError, match=told):
        asked(col, rerank=lambda question, hits: made(len(hits)))


@pytest.mark.parametrize("kind", [list, tuple, np.array, lambda x: np.array(x, np.float16)])
def test_scores_may_be_any_numbers(col: om.Collection, kind: Callable[[Any], Any]) -> None:
    found = asked(col, k=2, rerank=lambda question, hits: kind(backwards(question, hits)))
    assert found.ids == ["row11", "row10"]
    assert [hit.reranked for hit in found] == [11.0, 10.0]


def test_an_error_of_a_function_comes_through_as_it_is(col: om.Collection) -> None:
    class OwnError(Exception):
        pass

    def broken(question: om.Question, hits: Sequence[Hit]) -> list[float]:
        raise OwnError("the model is gone")

    with pytest.raises(OwnError, match="the model is gone"):
        asked(col, rerank=broken)
    with pytest.raises(TimeoutError, match="of a server"):
        asked(col, rerank=lambda question, hits: (_ for _ in ()).throw(TimeoutError("of a server")))
    assert asked(col, k=1, rerank=backwards).ids == ["row11"]


def test_time_that_is_up_leaves_the_order_and_says_so(col: om.Collection) -> None:
    over = threading.Event()

    def slow(question: om.Question, hits: Sequence[Hit]) -> list[float]:
        over.wait()
        return backwards(question, hits)

    try:
        found = asked(col, k=5, rerank=slow, rerank_deadline=0.01, explain=True)
        assert found.ids == asked(col, k=5).ids
        assert [hit.reranked for hit in found] == [None] * 5
        assert "was not done within 0.01 s; give it more (rerank_deadline)" in found.remarks[0]
        assert found.plan is not None and found.plan.reranked is not None
        told = {"by": [], "hits": 12, "judged": 0, "in_time": False}
        assert found.plan.reranked.as_json() == told
        assert "\nnot reranked\n" in str(found.plan)
        # the list goes on as it began, though there is time enough by now
        over.set()
        ids, cursor = found.ids, found.cursor
        del found
        behind = asked(col, k=7, rerank=slow, rerank_deadline=60.0, cursor=cursor)
        assert [*ids, *behind.ids] == asked(col, k=12).ids
        assert "time was up when this list began" in behind.remarks[0]
    finally:
        over.set()


def test_a_reranked_list_goes_on_where_rows_have_moved(col: om.Collection) -> None:
    col.delete(["row03", "row07"])
    first = asked(col, k=4, rerank=backwards)
    assert col.compact().rows == ROWS - 2
    second = asked(col, k=6, rerank=backwards, cursor=first.cursor)
    assert [*first.ids, *second.ids] == sorted(second.ids + first.ids, reverse=True)
    assert len(second) == ROWS - 6


def test_a_reranked_list_does_not_go_on_in_another_order(col: om.Collection) -> None:
    held, calls = threading.Event(), list[int]()
    held.set()

    def sometimes(question: om.Question, hits: Sequence[Hit]) -> list[float]:
        calls.append(len(hits))
        held.wait()
        return backwards(question, hits)

    first = asked(col, k=5, rerank=sometimes)
    held.clear()
    try:
        # somebody holds the first page, so its order is known
        second = asked(col, k=5, rerank=sometimes, rerank_deadline=0.01, cursor=first.cursor)
        assert [*first.ids, *second.ids] == [f"row{n:02}" for n in range(11, 1, -1)]
        assert calls == [12]
        cursor, third = first.cursor, asked(col, k=9, rerank=sometimes, cursor=second.cursor)
        assert third.ids == ["row01", "row00"] and third[0].reranked == 1.0
        del first, second, third
        with pytest.raises(QueryError, match="nobody can tell what follows in this list"):
            asked(col, k=5, rerank=sometimes, rerank_deadline=0.01, cursor=cursor)
    finally:
        held.set()
    with pytest.raises(QueryError, match="of other options"):
        asked(col, k=5, cursor=cursor)


def test_calls_that_never_end_are_few(col: om.Collection) -> None:
    over, begun = threading.Event(), list[int]()

    def hangs(question: om.Question, hits: Sequence[Hit]) -> list[float]:
        begun.append(1)
        over.wait()
        return backwards(question, hits)

    try:
        for _ in range(MOST_LEFT + 3):
            last = asked(col, k=3, rerank=hangs, rerank_deadline=0.01)
            assert last.ids == ["row00", "row01", "row02"]
        assert len(begun) == MOST_LEFT
        assert "earlier calls of rerankers still run" in last.remarks[0]
    finally:
        over.set()


def test_patience_hands_over_errors_and_tells_who_heeds_when_it_is_over() -> None:
    patience, told = Patience(), threading.Event()

    def heeding(stopped: Callable[[], bool]) -> str:
        while not stopped():
            pass
        told.set()
        return "late"

    assert patience.wait(heeding, 0.01, heeds=True) is Late.OVER
    assert told.wait(60)
    assert patience.wait(lambda stopped: "soon", 60.0, heeds=False) == "soon"
    assert patience.wait(lambda stopped: stopped(), None, heeds=False) is False
    with pytest.raises(KeyError):
        patience.wait(lambda stopped: dict[str, int]()["lacking"], 1e300, heeds=True)


OPTIONS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"rerank": "lat"}, QueryError, "rerank is 'lat': did you mean late"),
    ({"rerank": "corss:a/b"}, QueryError, "did you mean cross:a/b"),
    ({"rerank": "bert"}, QueryError, "there are late, cross:MODEL, none, or in Python"),
    ({"rerank": ""}, QueryError, "rerank is ''"),
    ({"rerank": "cross:"}, QueryError, "a folder or an id of the hub is to follow"),
    ({"rerank": "image:late"}, QueryError, r"did you mean \{'image': 'late'\}"),
    ({"rerank": {"images": "late"}}, QueryError, "no modality 'images': did you mean image"),
    ({"rerank": {"image": "lat"}}, QueryError, "did you mean late"),
    ({"rerank": 3}, TypeError, "rerank is 3: late"),
    ({"rerank": ["late"]}, TypeError, r"rerank is \['late'\]"),
    ({"rerank": True}, TypeError, "rerank is True"),
    ({"rerank": dict}, TypeError, "rerank is <class 'dict'>"),
    ({"rerank": "late", "rerank_depth": 0}, QueryError, "rerank_depth is 0: give 1 to 10,000"),
    ({"rerank": "late", "rerank_depth": -1}, QueryError, "rerank_depth is -1"),
    ({"rerank": "late", "rerank_depth": 10**9}, QueryError, "is 1,000,000,000: give 1 to 10,000"),
    ({"rerank": "late", "rerank_depth": 2.5}, TypeError, "a whole number"),
    ({"rerank": "late", "rerank_depth": True}, TypeError, "rerank_depth is True"),
    ({"rerank": "late", "rerank_deadline": 0}, QueryError, "give more than 0 seconds"),
    ({"rerank": "late", "rerank_deadline": -1.0}, QueryError, "rerank_deadline is -1"),
    ({"rerank": "late", "rerank_deadline": float("nan")}, QueryError, "rerank_deadline is nan"),
    ({"rerank": "late", "rerank_deadline": "1"}, TypeError, "a number of seconds"),
    ({"rerank_depth": 10}, QueryError, "rerank_depth without rerank"),
    ({"rerank_deadline": 1.0}, QueryError, "rerank_deadline without rerank"),
]


@pytest.mark.parametrize(("given", "kind", "told"), OPTIONS, ids=[str(one[0]) for one in OPTIONS])
def test_options_are_refused_before_anything_is_read(
    col: om.Collection, given: dict[str, Any], kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind, match=told):
        asked(col, **given)


def test_what_no_reranker_is_is_none() -> None:
    for nothing in (None, "none", {}, {"image": None}, {"text": "none"}):
        assert Wish.of({"rerank": nothing, "rerank_depth": 3}).rerank is None  # type: ignore[typeddict-item]
    assert Wish.of({"rerank": "late", "rerank_deadline": float("inf")}).rerank_deadline is None


def test_an_unknown_model_and_an_encoder_without_a_reranker_are_told_of(tmp_path: Path) -> None:
    with om.open(tmp_path / "texts") as texts:
        texts.add([om.Item("c", text="a bird")])
        texts.delete(["c"])
        assert not texts.query("a dog", rerank="late")
        texts.add([om.Item("a", text="a dog"), om.Item("b", text="a cat")])
        with pytest.raises(QueryError, match="omni-mini brings no reranker along: use cross:MODEL"):
            texts.query("a dog", rerank="late")
        pytest.importorskip("sentence_transformers")
        with pytest.raises(EncoderNotFoundError, match="there is no cross-encoder 'nowhere': name"):
            texts.query("a dog", rerank="cross:nowhere")


def test_a_question_that_is_not_in_words_alone_is_told_of(col: om.Collection) -> None:
    found = asked(col, k=3, rerank="cross:nowhere")
    assert found.ids == ["row00", "row01", "row02"]
    told = "not reranked by cross:nowhere: it reads questions in words alone"
    assert found.remarks == (told,)
