"""Measures of confidence and of lists over all modalities, on answers that are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from omnisearch.evaluation import confidence, lists
from omnisearch.evaluation.confidence import Bin


def test_bins_hold_as_many_hits_each() -> None:
    said = np.array([0.9, 0.1, 0.8, 0.2])
    right = np.array([True, False, True, True])
    low, high = confidence.reliability(said, right, 2)
    assert low == Bin(2, (0.1 + 0.2) / 2, 0.5)
    assert high == Bin(2, (0.8 + 0.9) / 2, 1.0)
    assert confidence.calibration_error(said, right, 2) == pytest.approx(0.25)


def test_what_is_true_has_no_error_and_what_is_sure_and_wrong_has_all() -> None:
    random = np.random.default_rng(0)
    said = random.uniform(size=20_000)
    right = random.uniform(size=20_000) < said
    assert confidence.calibration_error(said, right) < 0.015
    assert confidence.brier(said, right) == pytest.approx(1 / 6, abs=0.005)
    sure = np.ones(50)
    assert confidence.calibration_error(sure, np.zeros(50, bool)) == 1
    assert confidence.brier(sure, np.zeros(50, bool)) == 1


@given(st.lists(st.tuples(st.sampled_from([0.2, 0.5, 0.7]), st.booleans()), min_size=1))
def test_the_order_of_hits_does_not_matter(hits: list[tuple[float, bool]]) -> None:
    said, right = (np.array(column) for column in zip(*hits, strict=True))
    found = confidence.calibration_error(said, right, 3)
    assert confidence.calibration_error(said[::-1], right[::-1], 3) == pytest.approx(found)


def test_hits_and_marks_belong_together() -> None:
    for said in (np.zeros(0), np.zeros(3), np.zeros((2, 1))):
        with pytest.raises(ValueError, match="hits"):
            confidence.reliability(said, np.zeros(len(said) and 2, bool))


def test_the_first_of_a_list() -> None:
    scores = np.array([[0.1, 0.9, 0.5, 0.7], [0.4, 0.3, 0.2, 0.1]])
    assert lists.first(scores, 3).tolist() == [[1, 3, 2], [0, 1, 2]]
    assert lists.first(scores, 4).tolist() == [[1, 3, 2, 0], [0, 1, 2, 3]]
    with pytest.raises(ValueError, match="k is 5: 1 to 4"):
        lists.first(scores, 5)


def test_shares_and_what_is_even() -> None:
    kinds = np.array([["a", "a", "b"], ["b", "b", "b"]])
    assert lists.shares(kinds, ["a", "b", "c"]) == {"a": 2 / 6, "b": 4 / 6, "c": 0}
    even = lists.even([["a", "b"], ["b"]], ["a", "b", "c"])
    assert even == {"a": 0.25, "b": 0.75, "c": 0}


def test_hubs_make_a_long_right_tail() -> None:
    found = np.array([[0, 1], [0, 2], [0, 3], [0, 4]])
    counts = lists.occurrences(found, 6)
    assert counts.tolist() == [4, 1, 1, 1, 1, 0]
    assert_allclose(lists.skewness(counts), 1.412667, rtol=1e-5)
    assert lists.skewness(np.array([3, 3, 3])) == 0
    assert lists.skewness(np.array([1, 2, 3])) == pytest.approx(0)
