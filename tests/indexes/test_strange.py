"""Rows that break averages: giants, heavy tails, and many equal rows."""

import numpy as np
import pytest
from numpy.typing import NDArray

from omnisearch_indexes import Codebook, Codes, Kind, Metric, Piece, Shards, merge_codes

random = np.random.default_rng(17)
KINDS: tuple[Kind, ...] = ("scan", "ivfpq")


def recall(
    rows: NDArray[np.generic], metric: Metric, kind: Kind, queries: NDArray[np.float32]
) -> float:
    book = Codebook.train([Piece(rows)], metric, kind=kind)
    found = Shards([Piece(rows, book.encode(rows))], metric, book, kind).search(queries, 10)
    truth = Shards([Piece(rows)], metric).search(queries, 10)
    pairs = zip(found, truth, strict=True)
    return float(np.mean([one.scores >= true.scores[-1] - 1e-6 for one, true in pairs]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("giant", [1e3, 1e9, 1e15])
@pytest.mark.parametrize("metric", ["ip", "l2"])
def test_a_giant_spoils_nothing(metric: Metric, giant: float, kind: Kind) -> None:
    rows = random.normal(size=(12_000, 31)).astype(np.float32)
    rows[5] = giant
    assert recall(rows, metric, kind, rows[100:140]) >= 0.97
    assert recall(rows, metric, kind, rows[5:6]) == 1.0


@pytest.mark.parametrize("metric", ["ip", "l2"])
def test_heavy_tails_cost_little_recall(metric: Metric) -> None:
    rows = random.normal(size=(12_000, 32)) * np.exp(0.5 * random.normal(size=(12_000, 1)))
    queries = random.normal(size=(60, 32)).astype(np.float32)
    assert recall(rows.astype(np.float32), metric, "scan", queries) >= 0.96


@pytest.mark.parametrize("kind", KINDS)
def test_many_equal_rows_and_foreign_queries(kind: Kind) -> None:
    rows = np.eye(64, dtype=np.float16)[random.integers(64, size=12_000)]
    queries = random.normal(size=(60, 64)).astype(np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    assert recall(rows, "cosine", kind, queries) >= 0.97


def test_strays_are_kept_apart_saved_and_merged() -> None:
    rows = random.normal(size=(3_000, 8)).astype(np.float32)
    rows[[7, 700]] *= 1e4
    book = Codebook.train(rows, "l2", kind="ivfpq")
    codes = Codes.from_bytes(book.encode(rows).to_bytes(), book)
    assert codes.strays.tolist() == [7, 700] and codes.rows == 3_000
    keep = np.ones(3_000, np.bool_)
    keep[:8] = False
    merged = merge_codes([(codes, keep), (book.encode(rows[:8]), None)], book)
    assert merged.strays.tolist() == [692, 2_999] and merged.rows == 3_000
    near = Shards([Piece(rows, codes)], "l2", book, "ivfpq").search(rows[7:8], 1)[0]
    assert near.positions.tolist() == [7]
    allow = keep.copy()
    allow[700] = False
    near = Shards([Piece(rows, codes)], "l2", book, "ivfpq").search(rows[7:8], 5, allow)[0]
    assert not np.isin([7, 700], near.positions).any()


def test_a_query_of_zeros_still_gets_k_rows() -> None:
    rows = np.random.default_rng(3).normal(size=(20_000, 16)).astype(np.float32)
    book = Codebook.train(rows, "ip")
    found = Shards([Piece(rows, book.encode(rows))], "ip", book).search(np.zeros((1, 16), "f4"), 10)
    assert len(found[0].positions) == 10


@pytest.mark.parametrize("metric", ["ip", "l2"])
def test_rows_that_are_all_kept_apart_are_found(metric: Metric) -> None:
    rows = np.full((20_000, 8), 0.1, np.float32)
    book = Codebook.train(rows, metric, kind="ivfpq")
    found = Shards([Piece(rows, book.encode(rows))], metric, book, "ivfpq").search(rows[:5], 3)
    assert [one.positions.tolist() for one in found] == [[0, 1, 2]] * 5


def test_a_filter_that_goes_with_lists_of_duplicates_keeps_recall() -> None:
    random = np.random.default_rng(0)
    points, group = random.normal(size=(200, 16)), random.integers(200, size=210_000)
    spread = 0.3 * (random.random((210_000, 1)) < 0.2)
    rows = points[group] + spread * random.normal(size=(210_000, 16))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    book = Codebook.train(rows, "cosine")
    allow, asked = group % 4 == 1, rows[:100]
    shards = Shards([Piece(rows, book.encode(rows))], "cosine", book)
    least = -np.sort(-(asked @ rows[allow].T), axis=1)[:, 9]
    pairs = zip(shards.search(asked, 10, allow), least, strict=True)
    assert np.mean([(one.scores >= true - 1e-5).mean() for one, true in pairs]) > 0.97
