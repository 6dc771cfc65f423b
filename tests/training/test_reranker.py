"""The reranker: what it reads, what it learns from, and when it ships."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch
from torch import Tensor, nn

from omnisearch.training import checkpoints, stages, stored
from omnisearch.training.export.exported import Exported
from omnisearch.training.export.places import place
from omnisearch.training.lab import Lab, Options
from omnisearch.training.lessons import corpus
from omnisearch.training.lessons.pairs import same
from omnisearch.training.reranking import readings
from omnisearch.training.reranking import stage as reranking
from omnisearch.training.reranking.interaction import maxsim
from omnisearch.training.reranking.readings import ORIGINS, Readings
from omnisearch.training.reranking.reranker import Reranker, Shape, listed_loss
from omnisearch.training.reranking.shelves import Shelf, asked, nearest
from omnisearch.training.reranking.stage import Lesson

TINY = Options(tiny=True, variant="a")
SMALL = Shape(width=16, rank=4, dropout=0.0)
STATE, SOFT = ORIGINS.index("state"), ORIGINS.index("soft")


def test_the_loss_counts_any_right_candidate() -> None:
    told = torch.tensor([[2.0, 1.0, 0.0], [0.0, 1.0, -torch.inf]])
    right = torch.tensor([[True, False, False], [True, True, False]])
    first = np.log(np.exp(2) + np.exp(1) + 1) - 2
    assert listed_loss(told, right).item() == pytest.approx(first / 2)


def test_a_word_is_as_like_as_what_it_attends_to() -> None:
    """Untrained, tokens are compared as they are; the query's vector adds its own part."""
    model = Reranker(Shape(width=2, rank=1)).eval()
    words, there = torch.tensor([[[3.0, 0.0]]]), torch.tensor([[True]])
    vectors = torch.tensor([[0.0, 1.0]])
    tokens, origins = torch.tensor([[[[2.0, 0.0], [0.0, 1.0]]]]), torch.full((1, 1, 2), STATE)
    attention = 1 / (1 + np.exp(-model.sharpness[0, STATE].exp().item()))
    found = model(words, there, vectors, tokens, origins)
    assert found.item() == pytest.approx(0.1 * 2 * attention, abs=1e-6)
    origins[0, 0, 1] = -1
    found = model(words, there, vectors, tokens, origins)
    assert found.item() == pytest.approx(0.1 * (1 + 0), abs=1e-6)


def test_late_interaction_takes_the_nearest_state_of_each_word() -> None:
    words = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [9.0, 9.0]]])
    there = torch.tensor([[True, True, False]])
    tokens = torch.tensor([[[[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]]]])
    origins = torch.tensor([[[STATE, STATE, SOFT]]])
    found = maxsim(words, there, torch.zeros(1, 2), tokens, origins)
    assert found.item() == pytest.approx((1 + 0.8) / 2)


def test_what_fills_up_changes_nothing() -> None:
    torch.manual_seed(0)
    model = Reranker(SMALL).eval()
    for one in (model.matters.weight, model.asking.up, model.candidate.up):
        nn.init.normal_(one)
    words, vectors, tokens = torch.randn(2, 5, 16), torch.randn(2, 16), torch.randn(2, 3, 4, 16)
    there = torch.tensor([[True] * 3 + [False] * 2, [True] * 5])
    origins = torch.randint(len(ORIGINS), (2, 3, 4))
    origins[:, 1, 2:] = -1
    found = model(words, there, vectors, tokens, origins)
    for row, count in enumerate((3, 5)):
        own = slice(row, row + 1)
        asking = words[own, :count], there[own, :count], vectors[own]
        for candidate, size in enumerate((4, 2, 4)):
            some = slice(candidate, candidate + 1)
            told = model(*asking, tokens[own, some, :size], origins[own, some, :size])
            torch.testing.assert_close(told[0, 0], found[row, candidate])


def test_it_learns_which_soft_token_shows_a_thing() -> None:
    """One of four soft tokens is the thing by another name, the others are noise; chance is 1/8."""
    torch.manual_seed(0)
    model = Reranker(Shape(width=16, rank=16, dropout=0.0))
    names, looks = torch.randn(8, 16), torch.randn(8, 16)
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    there, origins = torch.ones(8, 1, dtype=torch.bool), torch.full((8, 8, 4), SOFT)

    def scores() -> Tensor:
        tokens = torch.randn(8, 4, 16)
        tokens[torch.arange(8), torch.randint(4, (8,))] = 3 * looks
        found: Tensor = model(names[:, None], there, names, tokens.expand(8, 8, 4, 16), origins)
        return found

    for _ in range(150):
        loss = listed_loss(20 * scores(), torch.eye(8, dtype=torch.bool))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    found = torch.cat([scores().argmax(1) for _ in range(10)]).view(10, 8)
    assert (found == torch.arange(8)).float().mean() > 0.5


@pytest.fixture(scope="module")
def graphs(shippable: Lab) -> Exported:
    return readings.exported(shippable, TINY)


@pytest.fixture(scope="module")
def shelf(shippable: Lab, graphs: Exported, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    pairs = corpus.every(shippable, "validation")
    return Shelf(_corpus(shippable, tmp_path_factory.mktemp("shelf")), graphs, "validation", pairs)


def _corpus(lab: Lab, folder: Path) -> Lab:
    """Copy the corpus of a laboratory, and the graphs that it exported: nothing else."""
    own = Lab(folder / "lab")
    shutil.copytree(lab.data, own.root / "data", dirs_exist_ok=True)
    shutil.copytree(place(lab, TINY), place(own, TINY))
    (own.root / "done").mkdir()
    for part in ("done", "figures"):
        (own.root / part).mkdir(exist_ok=True)
        shutil.copyfile(lab.root / part / "data.json", own.root / part / "data.json")
    return own


def test_what_is_installed_is_read_where_nothing_was_exported(tmp_path: Path) -> None:
    found = readings.exported(Lab(tmp_path / "lab"), Options())
    assert found.model["name"] == "omni-mini" and found.folder.name == "omni-mini"


def test_readings_are_what_the_export_gives(graphs: Exported, shelf: Shelf) -> None:
    pictures = shelf.read[corpus.KINDS.index("image")]
    states = (pictures.origins == STATE).sum(1)
    assert (states == 2 + (pictures.origins == SOFT).sum(1)).all()
    for name in ("locked", "classes", "vector"):
        own = pictures.origins == ORIGINS.index(name)
        assert (own.sum(1) == 1).all()
    own = pictures.origins == ORIGINS.index("vector")
    np.testing.assert_allclose(pictures.tokens[own], pictures.vectors, atol=1e-3)
    texts = readings.texts(graphs, ["rain", "a red star", "a"], 3)
    np.testing.assert_allclose(texts.vectors, graphs.texts(["rain", "a red star", "a"]), atol=1e-5)
    assert texts.tokens.shape[1] == 3 and (texts.origins[1] == STATE).all()


def test_readings_are_kept(tmp_path: Path) -> None:
    some = np.arange(24, dtype=np.float16).reshape(2, 3, 4)
    origins = np.array([[0, 1, -1], [0, -1, -1]], np.int8)
    one = Readings(np.ones((2, 4), np.float32), some, origins)
    one.save(tmp_path / "one.npz")
    back = Readings.load(tmp_path / "one.npz")
    assert (back.tokens == some).all() and (back.origins == origins).all()
    assert one.take(np.array([1])).tokens.shape == (1, 1, 4)


def test_gathered_candidates_are_those_of_their_kind(shelf: Shelf) -> None:
    places = np.array([[shelf.starts[4], 0, -1], [shelf.starts[1] + 1, shelf.starts[2], 1]])
    found = shelf.gather(places)
    assert (found.origins[0, 2] == -1).all()
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1), (1, 2)):
        place_ = places[row, column]
        kind = shelf.kinds[place_]
        one = shelf.read[kind].take(np.array([place_ - shelf.starts[kind]]))
        width = one.tokens.shape[1]
        np.testing.assert_array_equal(found.tokens[row, column, :width], one.tokens[0])
        np.testing.assert_array_equal(found.origins[row, column, :width], one.origins[0])
        assert (found.origins[row, column, width:] == -1).all()


def test_odds_of_some_are_those_among_all(shelf: Shelf) -> None:
    vectors = shelf.vectors[[0, int(shelf.starts[1])]]
    places = np.array([[0, int(shelf.starts[1]), -1], [int(shelf.starts[3]), 2, 3]])
    whole, some = shelf.odds(vectors), shelf.odds_of(vectors, places)
    assert some[0, 2] == -np.inf
    np.testing.assert_allclose(some[0, :2], whole[0, places[0, :2]], atol=1e-4)
    np.testing.assert_allclose(some[1], whole[1, places[1]], atol=1e-4)


def test_lists_have_the_own_candidate_first_and_then_wrong_ones(
    shippable: Lab, graphs: Exported, shelf: Shelf
) -> None:
    pairs = corpus.every(shippable, "validation")
    rows = {kind: np.arange(len(one)) for kind, one in pairs.items()}
    lesson = Lesson(asked(graphs, pairs, rows, 0), shelf, reranking.TINY)
    batch = lesson.draw(np.random.default_rng(3))
    again = lesson.draw(np.random.default_rng(3))
    assert batch["places"].tolist() == again["places"].tolist()
    assert (batch["places"] >= 0).all(1).any()  # a tiny kind may have one concept alone
    for row, places in zip(batch["rows"], batch["places"], strict=True):
        wrong = places[1:][places[1:] >= 0]
        assert places[0] == lesson.queries.own[row] and len({*wrong.tolist()}) == len(wrong)
        assert all(shelf.concepts[one] != lesson.queries.concepts[row] for one in wrong)


def test_the_surest_come_first_and_are_wrong_unless_they_bear_the_concept(
    shippable: Lab, graphs: Exported, shelf: Shelf
) -> None:
    pairs = corpus.every(shippable, "validation")
    queries = asked(graphs, pairs, {kind: one.wanted() for kind, one in pairs.items()}, None)
    assert [shelf.concepts[one] for one in queries.own] == list(queries.concepts)
    odds = shelf.odds(queries.read.vectors)
    equal = same(queries.concepts, shelf.concepts)
    for mixed in (False, True):
        found = nearest(queries, shelf, 10, mixed)
        for row in range(len(queries)):
            own = shelf.kinds == queries.kinds[row]
            kept = ~equal[row] | own if mixed else own
            there = found.places[row][found.places[row] >= 0]
            assert kept[there].all() and len({*there.tolist()}) == len(there) == min(10, kept.sum())
            wanted = np.sort(odds[row][kept])[::-1][: len(there)]
            np.testing.assert_allclose(odds[row][there], wanted, atol=1e-5)
            assert found.right[row][: len(there)].tolist() == equal[row][there].tolist()


def test_the_stage_needs_the_corpus_alone(shippable: Lab, tmp_path: Path) -> None:
    own = _corpus(shippable, tmp_path)
    assert stages.run("rerank", own, TINY)
    found = stored.figures(own, "rerank-a0")
    assert found["loss"][-1] < found["loss"][0]
    assert found["mixed"]["queries"] > found["image"]["queries"] > 0
    for way in (found, found["maxsim"]):
        assert way["image"]["r1_before"] <= way["image"]["in_list"]
    assert found["fingerprint"] == readings.exported(own, TINY).model["fingerprint"]
    assert found["cost"]["bytes"]["text"] > 0
    kept = checkpoints.load(own.models / "rerank-a0" / "reranker.safetensors")
    assert sum(one.numel() for one in kept.values()) == found["parameters"]
