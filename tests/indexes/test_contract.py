"""One body for every kind and metric, compared with flat."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from omnisearch_indexes import Kind, Metric, Neighbours, Shards

ROWS = 22_000
Build = Callable[[Kind, Metric], Shards]
Recall = Callable[[list[Neighbours], list[Neighbours]], float]
Queries = NDArray[np.float32]
Mask = NDArray[np.bool_]


def masks(clusters: NDArray[np.int64]) -> dict[str, Mask]:
    """Filters by chance, filters that go with the vectors, and what deletes leave."""
    chance = np.random.default_rng(1).random(ROWS)
    left = np.ones(ROWS, np.bool_)
    left[5_000:21_000] = False
    return {
        "half": chance < 0.5,
        "tenth": chance < 0.1,
        "hundredth": chance < 0.01,
        "cluster": clusters == 3,
        "clusters": clusters % 4 == 1,
        "half of the clusters": clusters % 2 == 1,
        "most deleted": left,
    }


def test_finds_most_true_neighbours(
    build: Build, kind: Kind, metric: Metric, queries: Queries, recall: Recall
) -> None:
    found = build(kind, metric).search(queries, 10)
    assert recall(found, build("flat", metric).search(queries, 10)) >= 0.97


@pytest.mark.parametrize(
    "name",
    ["half", "tenth", "hundredth", "cluster", "clusters", "half of the clusters", "most deleted"],
)
def test_finds_them_under_any_filter(
    build: Build,
    kind: Kind,
    metric: Metric,
    queries: Queries,
    recall: Recall,
    clusters: NDArray[np.int64],
    name: str,
) -> None:
    allow = masks(clusters)[name]
    found = build(kind, metric).search(queries, 10, allow)
    assert all(len(near.positions) == 10 and allow[near.positions].all() for near in found)
    assert recall(found, build("flat", metric).search(queries, 10, allow)) >= 0.96


def test_recall_one_is_exact(build: Build, kind: Kind, metric: Metric, queries: Queries) -> None:
    found = build(kind, metric).search(queries[:5], 7, recall=1.0)
    truth = build("flat", metric).search(queries[:5], 7)
    for near, true in zip(found, truth, strict=True):
        np.testing.assert_array_equal(near.positions, true.positions)
        np.testing.assert_array_equal(near.scores, true.scores)


def test_results_are_sorted_and_distinct(
    build: Build, kind: Kind, metric: Metric, queries: Queries
) -> None:
    for near in build(kind, metric).search(queries, 50):
        assert (np.diff(near.scores) <= 0).all()
        assert len(set(near.positions.tolist())) == 50


def test_scores_are_those_of_the_truth(
    build: Build, kind: Kind, metric: Metric, queries: Queries
) -> None:
    searcher = build(kind, metric)
    rows = np.concatenate([piece.vectors for piece in searcher.pieces]).astype(np.float64)
    near = searcher.search(queries[:1], 10)[0]
    chosen, query = rows[near.positions], queries[0].astype(np.float64)
    distance = -np.linalg.norm(chosen - query, axis=1)
    expected = distance if metric == "l2" else chosen @ query
    np.testing.assert_allclose(near.scores, expected, rtol=1e-4, atol=1e-5)


def test_never_more_than_the_allowed_rows(
    build: Build, kind: Kind, metric: Metric, queries: Queries
) -> None:
    allow = np.zeros(ROWS, np.bool_)
    allow[[7, 20_600, 21_999]] = True
    near = build(kind, metric).search(queries[:1], 1_000, allow)[0]
    assert sorted(near.positions.tolist()) == [7, 20_600, 21_999]


def test_a_k_beyond_all_rows_returns_all(
    build: Build, kind: Kind, metric: Metric, queries: Queries
) -> None:
    near = build(kind, metric).search(queries[:1], 10**9)[0]
    assert sorted(near.positions.tolist()) == list(range(ROWS))


def test_nothing_allowed_finds_nothing(
    build: Build, kind: Kind, metric: Metric, queries: Queries
) -> None:
    found = build(kind, metric).search(queries[:3], 10, np.zeros(ROWS, np.bool_))
    assert [len(near.positions) for near in found] == [0, 0, 0]
    assert found[0].plan.method == "empty"


def test_a_batch_gives_what_single_queries_give(
    build: Build, kind: Kind, metric: Metric, queries: Queries
) -> None:
    searcher = build(kind, metric)
    together = searcher.search(queries[:8], 10)
    for number, near in enumerate(together):
        alone = searcher.search(queries[number : number + 1], 10)[0]
        np.testing.assert_array_equal(near.positions, alone.positions)


@pytest.mark.parametrize(
    ("queries_shape", "k", "recall_wanted"), [((3,), 1, 0.9), ((1, 3), 1, 0.9), ((1, 24), 0, 0.9)]
)
def test_refuses_impossible_questions(
    build: Build, queries_shape: tuple[int, ...], k: int, recall_wanted: float
) -> None:
    with pytest.raises(ValueError, match="must be"):
        build("flat", "l2").search(np.ones(queries_shape, np.float32), k, recall=recall_wanted)
