"""The nearest rows of many at once, against all cosines."""

import numpy as np
import numpy.typing as npt
import pytest

from omnisearch_indexes.neighbourhood import Neighbourhood

Vectors = npt.NDArray[np.float32]


def clustered(rows: int, seed: int) -> Vectors:
    """Draw unit vectors around centres, of low intrinsic dimension."""
    random = np.random.default_rng(seed)
    low = random.normal(size=(40, 8))[random.integers(0, 40, rows)]
    low = low + 0.3 * random.normal(size=low.shape)
    whole = (low @ random.normal(size=(8, 64))).astype(np.float32)
    found: Vectors = whole / np.linalg.norm(whole, axis=1, keepdims=True)
    return found


def truth(vectors: Vectors, asking: npt.NDArray[np.int64], among: npt.NDArray[np.int64]) -> Vectors:
    cosines = vectors[asking] @ vectors[among].T
    cosines[asking[:, None] == among[None]] = -np.inf
    return cosines


@pytest.mark.parametrize("rows", [1, 2, 7, 300])
def test_of_few_rows_all_neighbours_are_found(rows: int) -> None:
    vectors, every = clustered(rows, 3), np.arange(rows)
    found, scores = Neighbourhood(lambda at: vectors[at], every, 1).nearest(every, 5)
    expected = np.sort(truth(vectors, every, every), axis=1)[:, ::-1][:, :5]
    there = expected > -np.inf
    width = there.shape[1]
    assert found.shape == (rows, 5)
    np.testing.assert_allclose(scores[:, :width][there], expected[there], atol=1e-5)
    assert (found[:, :width][~there] == -1).all() and (found[:, width:] == -1).all()
    assert not (found == every[:, None]).any()


def test_of_many_rows_most_neighbours_are_found() -> None:
    vectors = clustered(9000, 4)
    asking, among = np.arange(0, 9000, 50), np.arange(1000, 9000)
    found, scores = Neighbourhood(lambda at: vectors[at], among, 1).nearest(asking, 8)
    cosines = truth(vectors, asking, among)
    least = np.sort(cosines, axis=1)[:, -8]
    assert np.isin(found, among).all()
    assert (scores >= least[:, None] - 1e-5).mean() >= 0.9
    again, _ = Neighbourhood(lambda at: vectors[at], among, 1).nearest(asking, 8)
    np.testing.assert_array_equal(found, again)


def test_nobody_asks_or_nobody_is_there() -> None:
    vectors, none = clustered(4, 5), np.zeros(0, np.int64)
    found, scores = Neighbourhood(lambda at: vectors[at], none, 1).nearest(np.arange(4), 3)
    assert (found == -1).all() and (scores == -np.inf).all()
    found, _ = Neighbourhood(lambda at: vectors[at], np.arange(4), 1).nearest(none, 3)
    assert found.shape == (0, 3)
