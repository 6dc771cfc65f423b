"""`deny` and `allow`: what is near is held back, what remains is as it was, and is k."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import omnisearch as om
from omnisearch.errors import QueryError
from tests.rewriting.conftest import picture

QUESTION = "something from the harbour, or a shape"
AT = (0.02, 0.1, 0.3, 0.5, 0.8)
EVERY = 99


def asked(col: om.Collection, **options: object) -> list[str]:
    return col.query(QUESTION, **{"k": EVERY, **options}).ids  # type: ignore[arg-type]


@pytest.mark.parametrize("at", AT)
@pytest.mark.parametrize("words", ["a red circle", "boats in a harbour", "bread"])
def test_what_is_denied_and_what_is_allowed_is_all_there_is(
    col: om.Collection, words: str, at: float
) -> None:
    plain = asked(col)
    denied = asked(col, policy=[om.Rule("deny", words, at=at)])
    allowed = asked(col, policy=[om.Rule("allow", words, at=at)])
    assert sorted([*denied, *allowed]) == sorted(plain)
    assert denied == [name for name in plain if name in denied]
    assert allowed == [name for name in plain if name in allowed]


def test_more_is_held_back_the_lower_the_confidence(col: om.Collection) -> None:
    kept = [set(asked(col, policy=[om.Rule("deny", "a harbour", at=at)])) for at in AT]
    assert all(low <= high for low, high in pairwise(kept))
    assert len(kept[0]) < len(kept[-1])


def test_the_threshold_is_the_confidence_of_an_answer(col: om.Collection) -> None:
    first = col.query("the rose in the garden", k=1)[0]
    assert first.confidence is not None
    for at, there in ((first.confidence - 0.01, False), (first.confidence + 0.01, True)):
        rule = om.Rule("deny", "the rose in the garden", at=at)
        assert (first.id in asked(col, policy=[rule])) is there


def test_k_hits_remain_and_those_above_the_last_are_counted(col: om.Collection) -> None:
    plain = asked(col)
    rule = om.Rule("deny", "boats in a harbour", at=0.1, reason="no boats")
    kept = asked(col, policy=[rule])
    assert 1 < len(kept) < len(plain)
    for k in range(1, len(kept) + 1):
        hits = col.query(QUESTION, k=k, policy=[rule], explain=True)
        assert hits.ids == kept[:k]
        above = plain[: plain.index(kept[k - 1])]
        gone = sum(name not in kept for name in above)
        assert hits.withheld == ({"no boats": gone} if gone else {})
        assert hits.plan is not None and hits.plan.withheld == hits.withheld
        assert (f"withheld: no boats ({gone})" in (hits.explain or "")) is bool(gone)
        assert hits.remarks == ((f"withheld: no boats ({gone})",) if gone else ())
    everything = col.query(QUESTION, k=EVERY, policy=[rule])
    assert everything.withheld == {"no boats": len(plain) - len(kept)}


def test_pages_follow_each_other_under_a_rule(col: om.Collection) -> None:
    whole = asked(col, deny="boats in a harbour")
    first = col.query(QUESTION, k=3, deny="boats in a harbour")
    again = col.query(QUESTION, k=3, deny="boats in a harbour", cursor=first.cursor)
    assert [*first.ids, *again.ids] == whole[:6]
    with pytest.raises(QueryError, match="of another question"):
        col.query(QUESTION, k=3, cursor=first.cursor)


def test_a_picture_is_a_reference(col: om.Collection) -> None:
    seen = picture("red", "circle")
    hits = col.query("a red circle", k=5, deny=om.Image(np.asarray(seen)))
    assert "red-circle" in col.query("a red circle", k=5).ids
    assert "red-circle" not in hits.ids and len(hits) == 5
    assert sum(hits.withheld.values()) >= 1
    assert next(iter(hits.withheld)) == "near the image that was given"


def test_several_that_are_allowed_are_one_or_another(col: om.Collection) -> None:
    one, other = (asked(col, allow=words) for words in ("the rose", "bread dough"))
    assert sorted(asked(col, allow=["the rose", "bread dough"])) == sorted({*one, *other})
    assert one and other and set(one) != set(other)
    both = col.query(QUESTION, k=EVERY, allow="the rose", deny="the rose")
    assert not both and set(both.withheld) == {"near 'the rose'", "near nothing that is allowed"}


def test_rules_hold_in_every_mode_and_in_batches(col: om.Collection) -> None:
    ways: list[dict[str, Any]] = [
        {"mode": "words"},
        {"mode": "vector"},
        {"fuse": "rrf"},
        {"expand": True},
    ]
    for options in ways:
        plain = col.query("harbour", k=EVERY, **options).ids
        kept = col.query("harbour", k=EVERY, deny="boats", **options).ids
        assert kept == [name for name in plain if name in kept] and len(kept) < len(plain)
    several = col.query_batch([{"text": "harbour"}, {"text": "bread"}], k=3, deny="boats")
    assert several[0].ids == col.query("harbour", k=3, deny="boats").ids
    kept = [part.citation.item for part in col.context("harbour", deny="boats").parts]
    assert kept and "boats" not in kept


def test_what_is_no_rule(col: om.Collection, tmp_path: Path) -> None:
    for at in (0, 1, -1, 1.5, float("nan")):
        with pytest.raises(QueryError, match="a confidence above 0 and below 1"):
            om.Rule("deny", "x", at=at)
    with pytest.raises(QueryError, match="deny or allow"):
        om.Rule("forbid", "x")  # type: ignore[arg-type]
    with pytest.raises(QueryError, match="has no weight"):
        om.Rule("deny", om.Text("x", weight=2))
    with pytest.raises(QueryError, match="deny is an empty list"):
        col.query("harbour", deny=[])
    with pytest.raises(QueryError, match="has no words"):
        col.query("harbour", deny=" ")
    with pytest.raises(TypeError, match="int is no part"):
        col.query("harbour", allow=[3])
    with pytest.raises(TypeError, match=r"a file of rules, or a list of om\.Rule"):
        col.query("harbour", policy=["boats"])  # type: ignore[list-item]
    with pytest.raises(om.errors.OmnisearchError, match=r"missing\.png"):
        col.query("harbour", deny=om.Image(tmp_path / "missing.png"))


def test_vectors_of_ones_own_know_no_nearness(tmp_path: Path) -> None:
    with om.open(tmp_path / "own") as own:
        own.add_vectors(["a"], np.ones((1, 4), "f4"))
        with pytest.raises(QueryError, match="have no confidence"):
            own.query(vector=np.ones(4, "f4"), deny="x")


def test_reasons_stand_in_the_order_of_their_letters(col: om.Collection) -> None:
    words = ("roses", "bread", "boats", "a circle", "a square", "cakes", "the lease", "names")
    rules = [
        om.Rule("deny", one, at=0.001, reason=reason)
        for one, reason in zip(words, "hbfdagce", strict=True)
    ]
    found: list[str] = []
    for n, rule in enumerate(rules):
        hits = col.query(QUESTION, k=EVERY, policy=[*rules[n:], *rules[:n]])
        assert list(hits.withheld) == sorted(hits.withheld) and rule.reason in hits.withheld
        found += hits.withheld
    assert set(found) == set("abcdefgh")
