"""Graphs survive saving, and no hostile link reaches FAISS."""

import numpy as np
import pytest

from omnisearch_indexes import CorruptIndexError
from omnisearch_indexes.graph import Graph

random = np.random.default_rng(11)
ROWS = random.normal(size=(1_500, 12)).astype(np.float32)
GRAPH = Graph.build(ROWS, "l2")


def test_saving_and_loading_is_identity() -> None:
    again = Graph.from_arrays(GRAPH.to_arrays(), 1_500, 12, "l2")
    before, after = (graph.candidates(ROWS[:50], 5, 64, None) for graph in (GRAPH, again))
    np.testing.assert_array_equal(before, after)
    assert (again.efforts == GRAPH.efforts).all()


def test_it_finds_each_row_itself() -> None:
    assert (GRAPH.candidates(ROWS[:200], 1, 64, None)[:, 0] == np.arange(200)).mean() >= 0.99


@pytest.mark.parametrize(
    ("name", "place", "value", "fault"),
    [
        ("neighbours", 0, 1_500, "leads nowhere"),
        ("neighbours", 0, -2, "leads nowhere"),
        ("levels", 0, 0, "levels are missing"),
        ("levels", 0, 250, "too many levels"),
        ("levels", 0, 3, "links are missing"),
        ("efforts", 0, -1, "efforts are damaged"),
        ("trained", 0, np.nan, "ranges"),
    ],
)
def test_hostile_arrays_are_refused(name: str, place: int, value: float, fault: str) -> None:
    arrays = {key: array.copy() for key, array in GRAPH.to_arrays().items()}
    arrays[name][place] = value
    with pytest.raises(CorruptIndexError, match=fault):
        Graph.from_arrays(arrays, 1_500, 12, "l2")


def test_a_link_to_a_row_without_that_level_is_refused() -> None:
    arrays = {key: array.copy() for key, array in GRAPH.to_arrays().items()}
    tall = int(np.flatnonzero(arrays["levels"] == 2)[0])
    low = int(np.flatnonzero(arrays["levels"] == 1)[0])
    per_row = 32 + 16 * (arrays["levels"].astype(np.int64) - 1)
    start = int(per_row[:tall].sum())
    arrays["neighbours"][start + 32] = low
    with pytest.raises(CorruptIndexError, match="lower level"):
        Graph.from_arrays(arrays, 1_500, 12, "l2")


def test_rows_of_another_shape_are_refused() -> None:
    with pytest.raises(CorruptIndexError, match="another shape"):
        Graph.from_arrays(GRAPH.to_arrays(), 1_499, 12, "l2")
