"""Codebooks of every dimension, saved, spoilt, and given lists later."""

import numpy as np
import pytest
from numpy.typing import NDArray

from omnisearch_indexes import Codebook, CorruptIndexError, Metric, Piece, Shards

random = np.random.default_rng(7)
DIMS = (2, 3, 5, 17, 101, 127, 130, 257, 384, 509, 521, 768, 1031, 4096)


def rows_of(dim: int, rows: int) -> NDArray[np.float32]:
    """Rows that lie near a plane of at most eight dimensions."""
    inner = random.normal(size=(rows, min(dim, 8)))
    spread = inner @ random.normal(size=(min(dim, 8), dim)) / np.sqrt(dim)
    noisy: NDArray[np.float32] = (spread + 0.05 * random.normal(size=(rows, dim))).astype(
        np.float32
    )
    return noisy


@pytest.mark.parametrize("dim", DIMS)
def test_every_dimension_is_coded(dim: int) -> None:
    rows = rows_of(dim, 600 if dim > 1_000 else 2_000)
    book = Codebook.train(rows, "l2", kind="scan", seed=1)
    width, groups = book.rotation.width, len(book.groups)
    assert width >= dim and groups % 2 == 0 and groups <= 258
    rotated = book.rotate(rows[:50])
    np.testing.assert_allclose(rotated @ rotated.T, rows[:50] @ rows[:50].T, rtol=1e-3, atol=1e-2)
    found = Shards([Piece(rows, book.encode(rows))], "l2", book, "scan").search(rows[:20], 5)
    truth = Shards([Piece(rows)], "l2").search(rows[:20], 5)
    hits = [np.isin(a.positions, b.positions).mean() for a, b in zip(found, truth, strict=True)]
    assert np.mean(hits) >= 0.95


@pytest.mark.parametrize("metric", ["cosine", "ip", "l2"])
def test_saving_and_loading_is_identity(metric: Metric) -> None:
    rows = rows_of(33, 3_000)
    book = Codebook.train(rows, metric, kind="ivfpq", seed=2)
    again = Codebook.from_bytes(bytes(book.to_bytes()))
    assert bytes(again.to_bytes()) == bytes(book.to_bytes())
    assert (again.metric, again.dim, again.lists) == (metric, 33, book.lists)
    np.testing.assert_array_equal(again.encode(rows[:64]).blocks, book.encode(rows[:64]).blocks)


def test_training_is_seeded() -> None:
    rows = rows_of(20, 1_500)
    first, second = (Codebook.train(rows, "l2", seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.groups, second.groups)


def test_few_rows_still_train() -> None:
    rows = rows_of(12, 3)
    book = Codebook.train(rows, "ip", kind="scan")
    near = Shards([Piece(rows, book.encode(rows))], "ip", book, "scan").search(rows[:1], 3)[0]
    assert len(near.positions) == 3


def test_lists_are_wanted_once_rows_are_many() -> None:
    book = Codebook.train(rows_of(16, 2_000), "l2", rows_total=20_000)
    assert book.lists == 1
    assert not book.wants_retraining(30_000, "auto")
    assert book.wants_retraining(300_000, "auto")
    assert not book.wants_retraining(300_000, "scan")


def test_every_truncation_raises() -> None:
    data = bytes(Codebook.train(rows_of(16, 500), "l2", kind="ivfpq").to_bytes())
    for length in range(0, len(data), 61):
        with pytest.raises(CorruptIndexError):
            Codebook.from_bytes(data[:length])


def test_flips_raise_or_leave_something_usable() -> None:
    rows = rows_of(16, 500)
    data = bytes(Codebook.train(rows, "l2", kind="ivfpq").to_bytes())
    for place in [*range(1_000), *range(1_000, len(data), 211)]:
        broken = bytearray(data)
        broken[place] ^= 0x81
        try:
            book = Codebook.from_bytes(broken)
        except CorruptIndexError:
            continue
        assert book.encode(rows[:4, : book.dim].copy()).rows == 4


def test_bytes_of_a_newer_version_are_named() -> None:
    data = bytearray(Codebook.train(rows_of(16, 200), "l2").to_bytes())
    data[12] = 9
    with pytest.raises(CorruptIndexError, match="version 9"):
        Codebook.from_bytes(data)
