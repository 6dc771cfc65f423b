"""Which method is chosen, from figures alone."""

import dataclasses

import numpy as np
import pytest

from omnisearch_indexes.calibration import (
    GRADES,
    LEVELS,
    SHARES,
    Calibration,
    Line,
    uncalibrated,
)
from omnisearch_indexes.planner import Query, choose

SHAPE = len(GRADES), len(SHARES), len(LEVELS)
MEASURED = dataclasses.replace(uncalibrated(), ranks=np.full(SHAPE, 0.2))
MILLION = Query(1_000_000, 1_000_000, 1_000_000, 1_024, False, 1_000_000, 10, 0.99)


@pytest.mark.parametrize(
    ("change", "kind", "method"),
    [
        ({}, "auto", "ivfpq"),
        ({}, "scan", "scan"),
        ({}, "flat", "flat"),
        ({}, "hnsw", "ivfpq"),
        ({"linked": True}, "hnsw", "hnsw"),
        ({"linked": True, "allowed": 300_000}, "hnsw", "ivfpq"),
        ({"linked": True, "allowed": 1_000}, "hnsw", "exact"),
        ({"listed": 0}, "auto", "scan"),
        ({"recall": 1.0}, "auto", "flat"),
        ({"allowed": 1_000}, "auto", "exact"),
        ({"allowed": 0}, "auto", "empty"),
        ({"coded": 0, "listed": 0}, "auto", "flat"),
        ({"rows": 500, "coded": 500, "listed": 0, "allowed": 500}, "auto", "flat"),
    ],
)
def test_the_cheapest_way_is_chosen(change: dict[str, float], kind: str, method: str) -> None:
    query = dataclasses.replace(MILLION, **change)  # type: ignore[arg-type]
    choice = choose(query, kind, MEASURED)  # type: ignore[arg-type]
    assert choice.method == method and choice.reason


def test_without_a_codebook_every_row_is_scored() -> None:
    assert choose(MILLION, "auto", None).method == "flat"


def test_a_line_foretells_with_the_certainty_asked_for() -> None:
    random = np.random.default_rng(0)
    true = random.random(20_000)
    foretold = 0.5 + 0.8 * true + 0.1 * random.normal(size=20_000)
    line = Line.fit(true, foretold, 0.01)
    miss = line.miss(0.98)
    assert line.slope == pytest.approx(0.8, abs=0.01)
    assert miss == pytest.approx(0.1 * 2.054, abs=0.01)
    assert np.mean(foretold >= line.level + line.slope * true - miss) == pytest.approx(
        0.98, abs=0.002
    )
    assert isinstance(uncalibrated(), Calibration)
