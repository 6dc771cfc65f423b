"""Pieces are one array of rows, however they are cut, extended, touched or searched at once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from omnisearch_indexes import Codebook, Piece, Shards

random = np.random.default_rng(3)
ROWS = random.normal(size=(12_000, 16)).astype(np.float32)
QUERIES = random.normal(size=(20, 16)).astype(np.float32)
TRAINED = Codebook.train(ROWS, "ip", kind="scan")
COSTS = replace(TRAINED.calibration, scan_us=0.001, gather_us=0.1)  # not those of this machine
BOOK = replace(TRAINED, calibration=COSTS)
CUTS = [0, 1_000, 1_033, 5_000, 11_990, 12_000]


def coded(begin: int, end: int) -> Piece:
    return Piece(ROWS[begin:end], BOOK.encode(ROWS[begin:end]))


def positions(searcher: Shards, recall: float = 0.99) -> list[NDArray[np.int64]]:
    return [near.positions for near in searcher.search(QUERIES, 10, recall=recall)]


def test_cut_rows_are_the_same_rows() -> None:
    pieces = [coded(begin, end) for begin, end in pairwise(CUTS)]
    cut, whole = Shards(pieces, "ip", BOOK, "scan"), Shards([coded(0, 12_000)], "ip", BOOK, "scan")
    np.testing.assert_array_equal(positions(cut, 1.0), positions(whole, 1.0))
    same = [np.isin(a, b).mean() for a, b in zip(positions(cut), positions(whole), strict=True)]
    assert np.mean(same) >= 0.98


def test_what_extends_an_unsearched_one_shares_what_it_makes() -> None:
    first = coded(0, 9_000)
    searcher = Shards([first], "ip", BOOK, "scan")
    longer = [searcher.extended([first, Piece(ROWS[9_000:end])]) for end in (9_010, 9_020)]
    assert searcher._engine._coded is None  # until somebody searches
    for one in longer:
        positions(one)
    groups = [one._engine.coded.groups for one in (searcher, *longer)]  # type: ignore[union-attr]
    assert groups[0][0] is groups[1][0] is groups[2][0]


def test_an_extended_searcher_keeps_what_it_shares() -> None:
    first, second = coded(0, 9_000), coded(9_000, 9_100)
    searcher = Shards([first], "ip", BOOK, "scan")
    longer = searcher.extended([first, second, Piece(ROWS[9_100:])])
    again = longer.extended([first, second, Piece(ROWS[9_100:])])
    groups = [view._engine.coded.groups for view in (searcher, longer, again)]  # type: ignore[union-attr]
    assert groups[0][0] is groups[1][0] and groups[1] == groups[2]
    assert len(searcher) == 9_000 and len(longer) == 12_000
    truth = Shards([Piece(ROWS)], "ip", None, "flat")
    same = [np.isin(a, b).mean() for a, b in zip(positions(longer), positions(truth), strict=True)]
    assert np.mean(same) >= 0.97


def test_rows_are_touched_before_they_are_read() -> None:
    seen: list[NDArray[np.int64] | None] = []
    piece = Piece(ROWS, BOOK.encode(ROWS), seen.append)
    found = Shards([piece], "ip", BOOK, "scan").search(QUERIES[:1], 10)[0]
    touched = np.concatenate([rows for rows in seen if rows is not None])
    assert np.isin(found.positions, touched).all()
    assert len(touched) == found.plan.candidates < 3_000


def test_what_touching_raises_reaches_the_caller() -> None:
    def refuse(rows: NDArray[np.int64] | None) -> None:
        raise OSError("a damaged block")

    for codes in (None, BOOK.encode(ROWS)):
        searcher = Shards([Piece(ROWS, codes, refuse)], "ip", BOOK, "scan")
        with pytest.raises(OSError, match="damaged"):
            searcher.search(QUERIES[:1], 10)


def test_many_threads_find_what_one_finds() -> None:
    searcher = Shards([coded(0, 6_000), coded(6_000, 11_900), Piece(ROWS[11_900:])], "ip", BOOK)
    expected = positions(searcher)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: positions(searcher), range(24)))
    for answer in found:
        np.testing.assert_array_equal(answer, expected)


def test_no_rows_at_all() -> None:
    for pieces in ([], [Piece(np.empty((0, 16), np.float32))]):
        assert len(Shards(pieces, "ip").search(QUERIES[:1], 10)[0].positions) == 0


def test_fewer_rows_than_k() -> None:
    near = Shards([Piece(ROWS[:3])], "l2").search(QUERIES[:1], 10)[0]
    assert sorted(near.positions.tolist()) == [0, 1, 2]


def test_ties_go_to_the_lower_position() -> None:
    same = np.repeat(ROWS[:1], 5_000, axis=0)
    book = Codebook.train(ROWS, "l2", kind="scan")
    pieces = [Piece(same[:2_000], book.encode(same[:2_000])), Piece(same[2_000:])]
    for searcher in (Shards(pieces, "l2", book, "scan"), Shards(pieces, "l2", None, "flat")):
        near = searcher.search(QUERIES[:1], 10, recall=1.0)[0]
        assert near.positions.tolist() == list(range(10))


def test_the_plan_says_what_was_done() -> None:
    searcher = Shards([coded(0, 12_000)], "ip", BOOK, "scan")
    plan = searcher.search(QUERIES[:1], 10)[0].plan
    assert (plan.method, plan.rows, plan.allowed) == ("scan", 12_000, 12_000)
    assert "scan over 12000 of 12000 rows" in str(plan)
    few = np.zeros(12_000, np.bool_)
    few[:20] = True
    assert searcher.search(QUERIES[:1], 10, few)[0].plan.method == "exact"


def test_a_bitmap_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="one bool for each of 12000 rows"):
        Shards([Piece(ROWS)], "ip").search(QUERIES, 1, np.ones(5, np.bool_))
