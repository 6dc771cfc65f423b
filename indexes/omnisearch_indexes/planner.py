"""Which way is cheapest: score the allowed rows, read all codes, probe lists, or walk a graph."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from omnisearch_indexes.calibration import Calibration, part
from omnisearch_indexes.protocol import Kind, Method

# Below this share, filters that go with the vectors cost a graph a tenth of its recall (measured).
GRAPH_SHARE = 0.8
_CALL_US = 80.0  # a search apart from its rows: rotation, tables, merging
_LIST_US = 0.25  # to begin a list
_FILTERED = 2.5  # times as much for codes under a bitmap, a second reading counted in
_CACHED_ROWS = 400_000  # the codes of more do not stay in a cache
_UNCACHED = 2.0  # times as much
_ROUNDS = 1.5  # under a filter
BARE_SHARE = (
    0.3  # of the rows: fetching scattered rows costs more than reading all in order above this
)
_READ_SHARE = 0.3  # the cost of a row read in order, in rows fetched one by one


@dataclass(frozen=True, slots=True)
class Query:
    """What the planner has to know."""

    rows: int
    coded: int
    listed: int  # rows in lists
    lists: int
    linked: bool  # whether the graphs can promise this recall
    allowed: int
    k: int
    recall: float


@dataclass(frozen=True, slots=True)
class Choice:
    """A method and the reason for it."""

    method: Method
    reason: str
    worth: float = inf  # codes that may be read before scoring every allowed row is cheaper


def choose(query: Query, kind: Kind, calibration: Calibration | None) -> Choice:
    """Return the method for a query on a collection of some kind."""
    if not query.allowed:
        return Choice("empty", "no row is allowed")
    if query.recall >= 1.0:
        return Choice("flat", "recall 1.0 asks for every row")
    if kind == "flat" or calibration is None or not query.coded:
        reason = "the index is flat" if kind == "flat" else "no row has codes"
        return Choice("flat", reason)
    share = query.allowed / query.rows
    all_us, codes_us = _exact_us(query, calibration), _codes_us(query, calibration)
    if all_us <= codes_us:
        reason = f"scoring them all takes about {all_us:.0f} us, reading codes {codes_us:.0f} us"
        return Choice("exact" if share < BARE_SHARE else "flat", reason)
    if kind == "hnsw" and query.linked and share >= GRAPH_SHARE:
        return Choice("hnsw", "graphs are shortest where most rows are allowed")
    if query.listed and kind != "scan":
        reason = f"lists cost about {codes_us:.0f} us, all rows {all_us:.0f} us"
        return Choice("ivfpq", reason, all_us / _code_us(query, calibration))
    return Choice("scan", f"codes cost about {codes_us:.0f} us, all rows {all_us:.0f} us")


def _exact_us(query: Query, calibration: Calibration) -> float:
    """Return what scoring every allowed row takes."""
    if query.allowed < BARE_SHARE * query.rows:
        return query.allowed * calibration.gather_us
    return query.rows * _READ_SHARE * calibration.gather_us


def _code_us(query: Query, calibration: Calibration) -> float:
    """Return what reading one code takes."""
    filtered = _FILTERED if query.allowed < query.rows else 1.0
    return calibration.scan_us * filtered * (_UNCACHED if query.coded > _CACHED_ROWS else 1.0)


def _codes_us(query: Query, calibration: Calibration) -> float:
    deep = part(query.allowed, query.rows, query.k)
    share = calibration.share(query.recall, deep) if query.listed else 0.0
    read = query.listed * share + query.coded - query.listed
    lists = query.lists * share * _LIST_US
    rounds = _ROUNDS if query.allowed < query.rows else 1.0
    apart = rounds * (_CALL_US + 8 * query.k * calibration.gather_us)
    return apart + lists + read * _code_us(query, calibration)
