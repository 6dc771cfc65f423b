"""Rows by label: the nearest of each, as exact as a search of its own, filtered and with a tail."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from omnisearch_indexes import Codebook, Labelled, Piece, Shards
from omnisearch_indexes.labelled import Asked

ROWS, BEHIND, DIM, LABELS = 12_000, 500, 64, 5
Floats = NDArray[np.float32]


def clustered(rng: np.random.Generator, rows: int) -> Floats:
    centres = np.random.default_rng(1).normal(size=(60, 12))
    basis = np.random.default_rng(2).normal(size=(12, DIM))
    found = (centres[rng.integers(0, 60, rows)] + 0.4 * rng.normal(size=(rows, 12))) @ basis
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(found, np.float32)


@pytest.fixture(scope="module")
def world() -> tuple[Shards, Shards, Labelled, NDArray[np.uint8]]:
    rng = np.random.default_rng(3)
    rows = clustered(rng, ROWS + BEHIND).astype("f2")
    labels = rng.choice(LABELS, ROWS + BEHIND, p=[0.6, 0.25, 0.1, 0.05, 0]).astype("u1")
    labels[-7:] = 4  # a label that only the rows behind have
    pieces = [Piece(rows[:9000]), Piece(rows[9000:ROWS])]
    book = Codebook.train(pieces, "cosine", kind="scan")
    coded = [Piece(one.vectors, book.encode(one.vectors)) for one in pieces]
    first = Shards(coded, "cosine", book, "scan")
    found = Labelled.of(first, labels[:ROWS], 12)
    assert found is not None
    return first, first.extended([*first.pieces, Piece(rows[ROWS:])]), found, labels


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("share", [1.0, 0.5, 0.02])
def test_the_nearest_of_each_label_are_found(
    world: tuple[Shards, Shards, Labelled, NDArray[np.uint8]], share: float, behind: bool
) -> None:
    first, more, labelled, labels = world
    shards = more if behind else first
    labels = labels[: len(shards)]
    rng = np.random.default_rng(4)
    allow = None if share == 1.0 else rng.random(len(shards)) < share
    found = wanted = 0
    for query in clustered(rng, 30):
        asked = Asked(query, 10, [0, 2, 4, 1, 3], allow, 0.99)
        for label, one in zip(asked.wanted, labelled.search(shards, labels, asked), strict=True):
            among = labels == label if allow is None else (labels == label) & allow
            (true,) = shards.search(query[None], 10, among, 1.0)
            assert len(one.positions) == len(true.positions) == min(10, int(among.sum()))
            assert among[one.positions].all() and (np.diff(one.scores) <= 0).all()
            same = np.isin(one.positions, true.positions)
            assert (one.scores[same] == shards.scores(query, one.positions[same])).all()
            found, wanted = found + int(same.sum()), wanted + len(true.positions)
    assert found >= 0.99 * wanted


def test_without_codes_there_is_nothing_to_arrange() -> None:
    rows = clustered(np.random.default_rng(5), 50).astype("f2")
    assert Labelled.of(Shards([Piece(rows)], "cosine"), np.zeros(50, "u1"), 12) is None
