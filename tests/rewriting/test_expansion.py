"""`expand`: what the best hits share leads on, and confidences stay those of the question."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import omnisearch as om
from omnisearch.errors import QueryError

QUESTION = "moorings broke in the storm"
EVERY = 99


def sure(hits: om.Hits) -> dict[str, float]:
    return {hit.id: hit.parts.get("words", hit.parts.get("content", 0.0)) for hit in hits}


@pytest.mark.parametrize("ways", [True, "words", "vectors", "neighbours", ["words", "vectors"]])
def test_the_same_rows_are_found_with_the_cosines_of_the_question(
    col: om.Collection, ways: object
) -> None:
    plain = col.query(QUESTION, k=EVERY)
    found = col.query(QUESTION, k=EVERY, expand=ways)  # type: ignore[arg-type]
    assert sorted(found.ids) == sorted(plain.ids)
    before = sure(plain)
    assert {name: before[name] for name in found.ids} == pytest.approx(sure(found), abs=1e-6)
    assert (
        found[0].confidence == pytest.approx(max(hit.confidence or 0 for hit in plain), abs=1e-6)
        or found.ids[0] != plain.ids[0]
    )


def test_words_of_the_best_hits_bring_others(col: om.Collection) -> None:
    plain = col.query("moorings", k=EVERY, mode="words")
    found = col.query("moorings", k=EVERY, mode="words", expand=True, explain=True)
    assert sorted(plain.ids) == ["ferry", "storm"] and sorted(found.ids[:2]) == sorted(plain.ids)
    assert {"harbour", "boats"} & set(found.ids[2:])
    assert found.plan is not None and {"harbour", "ferry"} <= dict(found.plan.also).keys()
    assert not {"the", "moorings", "in"} & dict(found.plan.also).keys()
    assert "expanded by" in (found.explain or "")
    assert col.query(QUESTION, k=1, explain=True).plan.also == ()  # type: ignore[union-attr]


def test_vectors_lead_towards_what_was_found(col: om.Collection) -> None:
    plain = col.query("a red circle", k=EVERY, mode="vector")
    found = col.query("a red circle", k=EVERY, mode="vector", expand="vectors")
    assert plain.ids[0] == found.ids[0] == "red-circle"
    assert plain.ids != found.ids


def test_words_that_stand_together_here(tmp_path: Path) -> None:
    with om.open(tmp_path / "c") as own:
        pairs = [om.Item(f"p{n}", text=f"ketch rigged yawl at berth {n}") for n in range(4)]
        own.add([*pairs, om.Item("alone", text="a yawl"), om.Item("soup", text="leek soup")])
        plain = own.query("ketch", mode="words", k=EVERY)
        found = own.query("ketch", mode="words", k=EVERY, expand="neighbours")
        assert "alone" not in plain.ids and found.ids[-1] == "alone"
        assert "soup" not in found.ids
        quoted = own.query('"ketch rigged"', mode="words", k=EVERY, expand="neighbours")
        assert sorted(quoted.ids) == ["p0", "p1", "p2", "p3"]


def test_pages_of_an_expanded_question_follow_each_other(col: om.Collection) -> None:
    whole = col.query(QUESTION, k=6, expand=True).ids
    first = col.query(QUESTION, k=3, expand=True)
    assert [*first.ids, *col.query(QUESTION, k=3, expand=True, cursor=first.cursor).ids] == whole
    assert col.query(QUESTION, k=3, expand=True, offset=3).ids == whole[3:]
    with pytest.raises(QueryError, match="of another question"):
        col.query(QUESTION, k=3, cursor=first.cursor)


def test_filters_and_thresholds_hold(col: om.Collection) -> None:
    found = col.query(QUESTION, k=EVERY, expand=True, modality="text")
    assert {hit.modality for hit in found} == {"text"}
    least = col.query(QUESTION, k=EVERY, expand=True, min_confidence=0.3)
    assert all((hit.confidence or 0) >= 0.3 for hit in least)
    confidences = [hit.confidence or 0 for hit in found]
    assert confidences == sorted(confidences, reverse=True)


def test_own_vectors_and_empty_answers(col: om.Collection, tmp_path: Path) -> None:
    with om.open(tmp_path / "own") as own:
        own.add_vectors(["a", "b", "c"], np.eye(3, dtype="f4") + np.float32(0.1))
        vector = np.array([1, 0, 0.1], "f4")
        assert own.query(vector=vector, k=3, expand="vectors").ids[0] == "a"
    assert len(col.query("zzz qqq", k=3, mode="words", expand=True)) == 0


def test_ways_that_are_none(col: om.Collection) -> None:
    with pytest.raises(QueryError, match="did you mean 'words'"):
        col.query("x", expand="word")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="expand is 3"):
        col.query("x", expand=3)  # type: ignore[arg-type]
    assert col.query("bread", expand=False).ids == col.query("bread", expand=[]).ids
