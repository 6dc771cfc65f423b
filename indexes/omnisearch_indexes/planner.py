"""Which way is cheapest for one query: score the allowed rows, read codes, probe lists, or walk a graph."""

from __future__ import annotations

from dataclasses import dataclass

from omnisearch_indexes.calibration import Calibration
from omnisearch_indexes.protocol import Method

GRAPH_SHARE = (
    0.2  # a graph loses its way where fewer rows are allowed (measured: recall 0.5 at 1 %)
)
_CALL_US = 60.0  # a search apart from its rows: rotation, tables, merging
_FILTERED = 1.4  # reading codes under a bitmap costs more


@dataclass(frozen=True, slots=True)
class Choice:
    """A method and the reason for it."""

    method: Method
    reason: str
    exact_us: float = 0.0
    codes_us: float = 0.0


@dataclass(frozen=True, slots=True)
class Query:
    """What the planner has to know."""

    coded: int
    listed: int
    uncoded: int
    allowed: int
    k: int
    recall: float


def choose(query: Query, wanted: Method | None, calibration: Calibration | None) -> Choice:
    """The method for a query; `wanted` is what the collection was made for, None for any."""
    rows = query.coded + query.uncoded
    if not query.allowed:
        return Choice("empty", "no row is allowed")
    if query.recall >= 1.0:
        return Choice("flat", "recall 1.0 asks for every row")
    if wanted == "flat":
        return Choice("flat", "the index is flat")
    if calibration is None or not query.coded:
        return Choice("flat", "no row has codes yet")
    exact_us = query.allowed * calibration.gather_us
    share = query.allowed / rows
    read = query.coded * calibration.scan_us * (_FILTERED if share < 1 else 1.0)
    codes_us = _CALL_US + read + 16 * query.k * calibration.gather_us
    if exact_us <= codes_us:
        return Choice("exact", "few rows are allowed: scoring them all is cheaper", exact_us)
    if query.listed and wanted in (None, "ivfpq"):
        return Choice("ivfpq", "lists were probed until the bound held", exact_us, codes_us)
    return Choice("scan", "all codes were read", exact_us, codes_us)
