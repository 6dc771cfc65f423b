"""The index for use on its own: keys of any order, saved whole."""

import numpy as np
import pytest

from omnisearch_indexes import CorruptIndexError, Index, Kind, Metric, Table

random = np.random.default_rng(13)
ROWS = random.normal(size=(10_400, 10)).astype(np.float32)
KEYS = random.permutation(50_000)[:10_400].astype(np.int64)


def made(metric: Metric, kind: Kind) -> Table:
    index: Index = Table(10, metric, kind)
    index.add(KEYS[:400], ROWS[:400])
    index.add(KEYS[400:], ROWS[400:])
    assert isinstance(index, Table)
    return index


@pytest.mark.parametrize("kind", ["flat", "scan", "ivfpq"])
@pytest.mark.parametrize("metric", ["cosine", "ip", "l2"])
def test_saved_and_loaded_it_finds_the_same(metric: Metric, kind: Kind) -> None:
    index = made(metric, kind)
    again = Table.load(index.save())
    allow = np.isin(again.keys, KEYS[:3_000])
    for mask in (None, allow):
        pairs = zip(index.search(ROWS[:5], 4, mask), again.search(ROWS[:5], 4, mask), strict=True)
        for before, after in pairs:
            np.testing.assert_array_equal(before.positions, after.positions)
    if metric != "ip":
        assert [near.positions[0] for near in again.search(ROWS[:5], 1)] == KEYS[:5].tolist()
    assert again.bytes == index.bytes > 10_400 * 20


def test_what_cannot_be_stored_is_refused() -> None:
    index = made("cosine", "flat")
    with pytest.raises(ValueError, match="stored already"):
        index.add(KEYS[:1], ROWS[:1])
    with pytest.raises(ValueError, match="length 0"):
        index.add(np.array([99_999]), np.zeros((1, 10), np.float32))
    with pytest.raises(ValueError, match="finite"):
        index.add(np.array([99_999]), np.full((1, 10), np.nan, np.float32))
    with pytest.raises(ValueError, match="2 to 4096"):
        Table(1)


def test_an_empty_index_finds_nothing() -> None:
    assert len(Table.load(Table(4).save()).search(np.ones((1, 4), np.float32), 3)[0].positions) == 0


def test_damaged_bytes_are_refused() -> None:
    data = made("l2", "scan").save()
    for length in (0, 10, 100, 5_000, len(data) - 1):
        with pytest.raises(CorruptIndexError):
            Table.load(data[:length])
