"""Filters against plain Python: any condition, any rows, sealed or loose."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.filters import drill
from tests.filters.agreement import disagreements, stored
from tests.filters.trees import KINDS, random_rows, random_tree


@given(st.randoms(use_true_random=False), st.integers(0, 40), st.integers(1, 5))
@settings(max_examples=150, deadline=None)
def test_answers_as_plain_python_does(rng: random.Random, rows: int, depth: int) -> None:
    table = stored(random_rows(rng, rows), rng)
    assert disagreements(table, random_tree(rng, list(KINDS), depth), rng) == []


@pytest.mark.slow
def test_answers_thousands_of_questions() -> None:
    assert drill.run(3_000, seed=2)["different"] == 0
