"""The reranker: what it reads, what it learns from, and when it ships."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from torch import Tensor, nn

from omnisearch.training import checkpoints, stages
from omnisearch.training.export import card
from omnisearch.training.export.shipped import Shipped
from omnisearch.training.lab import Lab, Options
from omnisearch.training.lessons import corpus
from omnisearch.training.lessons.pairs import same
from omnisearch.training.reranking import stage as reranking
from omnisearch.training.reranking.reranker import Reranker, Shape, matched_loss
from omnisearch.training.reranking.shelves import Shelf, asked, nearest
from omnisearch.training.reranking.stage import Lesson, Lists

TINY = Options(tiny=True, variant="a")
SMALL = Shape(states=16, visual=8, audio=8, hidden=24, dropout=0.0)


def test_only_what_is_allowed_stands_against_the_own() -> None:
    scores = torch.tensor([[0.2, 0.1], [0.9, 0.3]])
    allowed = torch.tensor([[True, True], [False, True]])
    there = -np.log(np.exp(2) / (np.exp(2) + np.exp(1)))  # row 0; row 1 has nothing against it
    back = -np.log(np.exp(3) / (np.exp(1) + np.exp(3)))  # column 1; column 0 has nothing
    found = matched_loss(scores, allowed, torch.tensor(0.1))
    assert found.item() == pytest.approx((there / 2 + back / 2) / 2)


def test_a_word_is_as_like_as_what_it_attends_to() -> None:
    """Untrained, states are compared as they are."""
    model = Reranker(Shape(states=2, visual=3, audio=3, hidden=4)).eval()
    words, states = torch.tensor([[3.0, 0.0]]), torch.tensor([[[2.0, 0.0], [0.0, 1.0]]])
    none, mask = torch.zeros(1, 0, 3), torch.tensor([[True, True]])
    attention = 1 / (1 + np.exp(-model.sharpness.exp().item()))
    assert model(words, states, mask, none, none).item() == pytest.approx(attention)
    assert model(words, states, mask & torch.tensor([[True, False]]), none, none).item() == 1


def test_one_query_is_judged_as_among_others() -> None:
    torch.manual_seed(0)
    model = Reranker(SMALL).eval()
    nn.init.normal_(model.matters.weight)
    words, states = torch.randn(2, 5, 16), torch.randn(3, 4, 16)
    word_mask = torch.tensor([[True] * 3 + [False] * 2, [True] * 5])
    mask = torch.tensor([[True] * 4, [True] * 3 + [False], [True] * 2 + [False] * 2])
    rows, none = torch.randn(3, 11, 8), torch.zeros(3, 0, 8)
    found = model.judge(words, word_mask, *model.read(states, mask, rows, none))
    for row, count in enumerate((3, 5)):
        alone = model(words[row, :count], states, mask, rows, none)
        torch.testing.assert_close(found[row], alone)


def test_it_learns_what_rows_of_features_are_called() -> None:
    """One of eleven rows shows the thing; what shows it is no word of it. Chance is 1 of 12."""
    torch.manual_seed(0)
    model = Reranker(SMALL)
    names, looks = torch.randn(12, 16), torch.randn(12, 8)
    optimiser = torch.optim.Adam(model.parameters(), 3e-3)

    def scores() -> Tensor:
        rows = torch.randn(12, 11, 8)
        rows[torch.arange(12), torch.randint(11, (12,))] = 3 * looks
        words = torch.stack((names, torch.randn(12, 16)), 1)
        some, none = torch.zeros(12, 0, 16), torch.zeros(12, 0, 8)
        tokens, mask = model.read(some, torch.ones(12, 0, dtype=torch.bool), rows, none)
        return model.judge(words, torch.ones(12, 2, dtype=torch.bool), tokens, mask)

    every = torch.ones(12, 12, dtype=torch.bool)
    for _ in range(150):
        loss = matched_loss(scores(), every, model.temperature.exp())
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    found = torch.cat([scores().argmax(1) for _ in range(10)]).view(10, 12)
    assert (found == torch.arange(12)).float().mean() > 0.4


@pytest.fixture(scope="module")
def shipped(shippable: Lab) -> Shipped:
    return Shipped(shippable, TINY)


@pytest.fixture(scope="module")
def shelf(shippable: Lab, shipped: Shipped) -> Shelf:
    return Shelf(shipped, corpus.every(shippable, "validation"), {})


def test_a_candidate_reads_the_same_alone_and_among_others(shelf: Shelf) -> None:
    torch.manual_seed(0)
    model = Reranker(reranking.shape_of(shelf)).eval()
    every, there = shelf.every(model)
    places = np.array([2, *shelf.starts[:-1][::-1]])
    parts = shelf.read(model, places)
    assert sorted(np.concatenate([own for own, *_ in parts])) == [*range(len(places))]
    for own, tokens, mask in parts:
        for place, one, flags in zip(places[own], tokens, mask, strict=True):
            [(_, alone, counted)] = shelf.read(model, np.array([place]))
            torch.testing.assert_close(one[flags], alone[0][counted[0]])
            torch.testing.assert_close(every[place][there[place]], alone[0][counted[0]])


def test_near_rows_stand_against_an_anchor_and_equal_concepts_never(
    shippable: Lab, shipped: Shipped
) -> None:
    pairs = corpus.every(shippable, "validation")
    shelf = Shelf(shipped, pairs, {})
    rows = {kind: np.arange(len(one)) for kind, one in pairs.items()}
    lesson = Lesson(asked(shipped, pairs, rows, 0), shelf, reranking.TINY)
    for near in lesson.near:
        row, column = np.nonzero(near >= 0)
        assert (lesson.concepts[row] != lesson.concepts[near[row, column]]).all()
    first, again = (lesson.draw(np.random.default_rng(3))["rows"] for _ in range(2))
    assert first.tolist() == again.tolist() and len({*first.tolist()}) == len(first) > 8


def test_the_nearest_are_wrong_unless_they_bear_the_concept(
    shippable: Lab, shipped: Shipped, shelf: Shelf
) -> None:
    pairs = corpus.every(shippable, "validation")
    queries = asked(shipped, pairs, {kind: one.wanted() for kind, one in pairs.items()}, None)
    assert [shelf.concepts[place] for place in queries.own] == list(queries.concepts)
    scores = queries.vectors @ shelf.vectors.T
    equal = same(queries.concepts, shelf.concepts)
    for mixed in (False, True):
        found, right = nearest(queries, shelf, 10, mixed)
        for row in range(len(queries)):
            own = shelf.kinds == queries.kinds[row]
            kept = ~equal[row] | own if mixed else own
            there = found[row][found[row] >= 0]
            assert kept[there].all() and len({*there.tolist()}) == len(there) == min(10, kept.sum())
            wanted = np.sort(scores[row][kept])[::-1][: len(there)]
            np.testing.assert_allclose(scores[row][there], wanted, atol=1e-6)
            assert right[row][: len(there)].tolist() == equal[row][there].tolist()


def _lists(scores: list[list[float]], right: list[list[bool]]) -> Lists:
    n = len(scores)
    cosines = np.tile(np.array([0.5, 0.4, 0.1], np.float32), (n, 1))
    kinds, concepts = np.ones(n, np.int64), [f"thing {row}" for row in range(n)]
    return Lists(kinds, concepts, cosines, np.array(scores, np.float32), np.array(right))


def test_a_weight_decides_between_cosine_and_score() -> None:
    one = _lists([[0, 0.3, 0.9], [0, 0.9, 0.3]], [[False, True, False]] * 2)
    assert one.hits(0).tolist() == [False, False]
    assert one.hits(0.4).tolist() == [True, True]
    assert one.hits(2).tolist() == [False, True]


@pytest.mark.parametrize(("helped", "ships"), [(0.3, True), (0.0, False), (0.02, False)])
def test_it_ships_only_if_it_helps_beyond_doubt(helped: float, ships: bool) -> None:
    random = np.random.default_rng(0)
    second = random.random(400) < helped
    right = [[not one, bool(one), False] for one in second]
    scores = [[0.0, 1.0 if one else -1.0, 0.0] for one in second]
    found = reranking.tried(_lists(scores, right), _lists(scores, right))
    assert found["ships"] is ships
    assert found["image"]["gain"] == pytest.approx(100 * second.mean(), abs=0.01)
    assert found["image"]["low"] <= found["image"]["gain"] <= found["image"]["high"]


def test_the_card_tells_whether_it_ships() -> None:
    assert "omnisearch train rerank" in card.reranker({})
    one = _lists([[0.0, 1.0, 0.0]] * 200, [[False, True, False]] * 200)
    page = card.reranker(reranking.tried(one, one))
    assert page.startswith("It ships.")
    assert "| mixed | 0.0 | 100.0 | 100.0 | +100.0 (+100.0 to +100.0) | 200 |" in page


def test_each_half_is_measured_with_the_weight_of_the_other() -> None:
    """Concepts of one half like a large weight, those of the other are hurt by it."""
    halves = [reranking._half(f"thing {row}") for row in range(200)]
    right = [[half == 0, half == 1, False] for half in halves]
    one = _lists([[0, 1, 0]] * 200, right)
    found = reranking.tried(one, one)
    assert found["weights"][0] == 0 and found["weights"][1] > 0
    assert found["image"]["r1_after"] == 0


def test_the_stage_trains_and_measures(shippable: Lab, tmp_path: Path) -> None:
    own = Lab(tmp_path / "lab")
    shutil.copytree(shippable.root, own.root)
    assert stages.run("rerank", own, TINY)
    found = own.read_figures("rerank-a0")
    assert found["loss"][-1] < found["loss"][0]
    assert found["mixed"]["queries"] > found["image"]["queries"] > 0
    assert found["image"]["r1_before"] <= found["image"]["in_list"]
    kept = checkpoints.load(own.models / "rerank-a0" / "reranker.safetensors")
    assert sum(one.numel() for one in kept.values()) == found["parameters"]
