"""A sample is a function of the set of rows: of no order, no batch, no repetition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from omnisearch.encoder.calibration.sample import Sample

ROWS = np.random.default_rng(0).normal(size=(500, 8)).astype(np.float32)


def fill(size: int, *batches: np.ndarray) -> Sample:
    sample = Sample(8, size)
    for batch in batches:
        sample.add(batch)
    return sample


@settings(deadline=None)
@given(st.permutations(range(60)), st.integers(1, 60), st.integers(2, 80))
def test_order_and_batches_do_not_matter(order: list[int], cut: int, size: int) -> None:
    mixed = ROWS[order]
    found = fill(size, mixed[:cut], mixed[cut:], mixed[:3])
    whole = fill(size, ROWS[:60])
    assert_array_equal(found.vectors, whole.vectors)
    assert found.distinct == whole.distinct


@settings(deadline=None)
@given(st.integers(0, 500), st.integers(2, 80))
def test_samples_of_parts_are_the_sample_of_the_whole(cut: int, size: int) -> None:
    first, second = fill(size, ROWS[:cut]), fill(size, ROWS[cut:])
    first.merge(second)
    whole = fill(size, ROWS)
    assert_array_equal(first.vectors, whole.vectors)
    assert first.distinct == whole.distinct


def test_stored_halves_and_what_they_were_made_of_are_one_row() -> None:
    assert fill(100, ROWS[:50], ROWS[:50].astype(np.float16)).distinct == 50
    assert fill(100, np.zeros((1, 8)), np.full((1, 8), -0.0), np.full((1, 8), -1e-9)).distinct == 1


def test_rows_that_are_given_stay_as_they_are() -> None:
    rows = np.full((1, 8), -0.0, np.float16)
    fill(10, rows)
    assert np.signbit(rows).all()


def test_rows_are_kept_whole() -> None:
    kept = fill(20, ROWS).vectors
    rows = {row.tobytes() for row in ROWS.astype(np.float16).astype(np.float32)}
    assert len(kept) == 20 and kept.dtype == np.float32
    assert {row.tobytes() for row in kept} <= rows


def test_counts_exactly_until_full_then_nearly() -> None:
    assert fill(500, ROWS, ROWS).distinct == 500
    many = np.random.default_rng(1).normal(size=(20_000, 8)).astype(np.float32)
    assert fill(2048, many).distinct == pytest.approx(20_000, rel=0.08)


def test_every_row_is_as_likely() -> None:
    kept = fill(250, ROWS).vectors
    assert abs(kept.mean(axis=0) - ROWS.mean(axis=0)).max() < 0.15


@pytest.mark.parametrize(
    "rows", [np.zeros((2, 7)), np.zeros(8), np.full((1, 8), np.nan), np.full((1, 8), 1e6)]
)
def test_refuses_what_is_no_row(rows: np.ndarray) -> None:
    with pytest.raises(ValueError, match="row"):
        fill(10, rows)


def test_refuses_to_merge_another_size_and_to_keep_nothing() -> None:
    with pytest.raises(ValueError, match="20 rows cannot be merged into 10"):
        fill(10).merge(fill(20))
    with pytest.raises(ValueError, match="2 rows of 1 or more"):
        Sample(8, 1)
