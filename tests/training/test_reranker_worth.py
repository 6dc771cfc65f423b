"""When a reranker is worth a graph: gains with their intervals, and weights chosen elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from omnisearch.training.export import card
from omnisearch.training.reranking import worth
from omnisearch.training.reranking.shelves import First
from omnisearch.training.reranking.worth import Lists


def _lists(scores: list[list[float]], right: list[list[bool]]) -> Lists:
    n = len(scores)
    odds = np.tile(np.array([5, 4, 1], np.float32), (n, 1))
    places = np.tile(np.arange(3), (n, 1))
    first = First(places, odds, np.array(right))
    kinds, concepts = np.full(n, "image"), [f"thing {row}" for row in range(n)]
    return Lists(kinds, concepts, first, np.array(scores, np.float32))


def test_a_weight_decides_between_odds_and_score() -> None:
    one = _lists([[0, 0.3, 0.9], [0, 0.9, 0.3]], [[False, True, False]] * 2)
    assert one.hits(0).tolist() == [False, False]
    assert one.hits(4).tolist() == [True, True]
    assert one.hits(20).tolist() == [False, True]
    assert one.hits(np.inf).tolist() == [False, True]


def test_what_is_no_candidate_is_never_first() -> None:
    one = _lists([[0.1, 0.2, 9.0]], [[False, True, True]])
    one.first.odds[0, 2] = -np.inf
    assert not one.hits(0)[0] and one.hits(np.inf)[0]
    assert one.hits(100)[0]


@pytest.mark.parametrize(("helped", "ships"), [(0.3, True), (0.0, False), (0.02, False)])
def test_it_ships_only_if_it_helps_beyond_doubt(helped: float, ships: bool) -> None:
    random = np.random.default_rng(0)
    second = random.random(400) < helped
    right = [[not one, bool(one), False] for one in second]
    scores = [[0.0, 1.0 if one else -1.0, 0.0] for one in second]
    one = _lists(scores, right)
    found = worth.tried({"image": one, "mixed": one})
    assert found["ships"] is ships
    assert found["image"]["gain"] == pytest.approx(100 * second.mean(), abs=0.01)
    assert found["image"]["low"] <= found["image"]["gain"] <= found["image"]["high"]


def test_each_half_is_measured_with_the_weight_of_the_other() -> None:
    """Concepts of one half like a large weight, those of the other are hurt by it."""
    halves = [worth._half(f"thing {row}") for row in range(200)]
    right = [[half == 0, half == 1, False] for half in halves]
    one = _lists([[0, 1, 0]] * 200, right)
    found = worth.tried({"image": one, "mixed": one})
    assert found["weights"][0] == 0 and found["weights"][1] > 1
    assert found["image"]["r1_after"] == 0


def test_the_card_tells_whether_it_ships() -> None:
    assert "omnisearch train rerank" in card.reranker({})
    one = _lists([[0.0, 1.0, 0.0]] * 200, [[False, True, False]] * 200)
    found = worth.tried({"image": one, "mixed": one})
    each = {"text": 41.6, "image": 20.0}
    cost = {"judge": each, "again": each, "kept": each, "bytes": {"text": 9216, "image": 3072}}
    rows = {"queries": 3000, "learnt_from": {"text": 1200}, "tried_on": {"text": 4, "image": 5}}
    page = card.reranker({**found, **rows, "maxsim": found, "cost": cost})
    assert page.startswith(
        "It ships. Learnt from 3,000 questions over 1,200 text; tried on 4 text,"
    )
    assert "| reranker | mixed | 0.0 | 100.0 | 100.0 | 100.0 | +100.0 (+100.0 to +100.0) |" in page
    assert "| text | 42 | 42 | 42 | 9,216 |" in page
