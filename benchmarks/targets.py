"""What the figures are held against: each target is worked out from stored results alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.cases import FRESH, OURS

Results = dict[str, dict[str, Any]]
SHARES = ("50", "10", "1", "0.1", "correlated")
GROUPS = ("correlated", "category")


@dataclass(frozen=True)
class Target:
    """A figure with its limit; `figure` raises KeyError where a case was not run."""

    text: str
    limit: float
    figure: Callable[[Results], float]
    at_most: bool = True
    unit: str = ""

    def held(self, value: float) -> bool:
        return value <= self.limit if self.at_most else value >= self.limit


def value(case: str, peer: str, key: str) -> Callable[[Results], float]:
    """Return a figure of one row of one case."""
    return lambda results: float(row(results, case, peer)[key])


def ratio(case: str, key: str, peer: str, over: str) -> Callable[[Results], float]:
    """Return the ratio of one figure of two rows of the same run."""
    above, below = value(case, peer, key), value(case, over, key)
    return lambda results: above(results) / below(results)


def row(results: Results, case: str, peer: str) -> dict[str, Any]:
    rows = {row["peer"]: row for row in results[case]["rows"]}
    found: dict[str, Any] = rows[peer]
    return found


def _searches() -> list[Target]:
    case = "search-wordnet"
    return [
        Target("p50, compacted, over LanceDB's", 1 / 6, ratio(case, "p50_ms", OURS, "lancedb")),
        Target("p50, compacted", 0.6, value(case, OURS, "p50_ms"), unit="ms"),
        Target("p50, compacted, asked alone", 0.6, value(case, OURS, "alone_p50_ms"), unit="ms"),
        Target("p50, never compacted, over compacted", 1.5, ratio(case, "p50_ms", FRESH, OURS)),
        Target("recall, compacted", 0.99, value(case, OURS, "recall"), at_most=False),
        Target("recall, never compacted", 0.99, value(case, FRESH, "recall"), at_most=False),
        Target("recall, TF-IDF", 0.99, value("search-tfidf", OURS, "recall"), at_most=False),
        Target(
            "recall, TF-IDF, scores within 1e-4 counted",
            0.99,
            value("search-tfidf", OURS, "recall_near"),
            at_most=False,
        ),
        Target(
            "recall, queries from another cone",
            0.98,
            value("search-shifted", OURS, "recall"),
            at_most=False,
        ),
    ]


def _metrics() -> list[Target]:
    case = "search-metrics"
    return [
        target
        for peer, name in (("omnisearch-ip", "inner product"), ("omnisearch-l2", "L2"))
        for target in (
            Target(f"{name}: p50 over cosine's", 1.25, ratio(case, "p50_ms", peer, OURS)),
            Target(f"{name}: recall", 0.99, value(case, peer, "recall"), at_most=False),
        )
    ]


def _filters(share: str) -> list[Target]:
    case, name = f"filter-{share}", f"filter {share}{'' if share in GROUPS else ' %'}"
    return [
        Target(f"{name}: recall", 0.99, value(case, OURS, "recall"), at_most=False),
        Target(f"{name}: short lists", 0, value(case, OURS, "short")),
        Target(
            f"{name}: p50 over unfiltered",
            1.5,
            ratio(case, "p50_ms", OURS, "omnisearch, no filter"),
        ),
        Target(
            f"{name}: LanceDB's p50 over ours",
            8,
            ratio(case, "p50_ms", "lancedb", OURS),
            at_most=False,
        ),
        Target(
            f"{name}: Chroma's p50 over ours",
            30,
            ratio(case, "p50_ms", "chroma", OURS),
            at_most=False,
        ),
    ]


def _sizes() -> list[Target]:
    key = "anonymous_bytes_per_row"
    small, large = "wordnet", "clustered-384"
    return [
        Target("memory a vector, 115k", 80, value(f"memory-{small}", OURS, key), unit="B"),
        Target("memory a vector, 1M", 80, value(f"memory-{large}", OURS, key), unit="B"),
        Target("open, 115k, warm", 100, value(f"open-{small}", OURS, "warm_open_ms"), unit="ms"),
        Target("open, 1M, warm", 250, value(f"open-{large}", OURS, "warm_open_ms"), unit="ms"),
    ]


def _million() -> list[Target]:
    case = "search-clustered-384"
    filtered = [
        Target(
            f"1M x 384, filter {share}: p50",
            4,
            value(f"filter-million-{share}", OURS, "p50_ms"),
            unit="ms",
        )
        for share in SHARES
    ]
    return [
        Target("1M x 384: p50", 0.8, value(case, OURS, "p50_ms"), unit="ms"),
        Target("1M x 384: p50, asked alone", 0.8, value(case, OURS, "alone_p50_ms"), unit="ms"),
        Target("1M x 384: recall", 0.98, value(case, OURS, "recall"), at_most=False),
        Target(
            "1M x 128: recall",
            0.99,
            value("search-clustered-128", OURS, "recall"),
            at_most=False,
        ),
        *filtered,
    ]


def _rest() -> list[Target]:
    batch, build, one = "batch-wordnet", "build-wordnet", "write-one"
    graph = "faiss-hnsw32"
    return [
        Target(
            "batch throughput over FAISS HNSW32",
            1.8,
            ratio(batch, "queries_per_s", OURS, graph),
            at_most=False,
        ),
        Target("batch recall", 0.99, value(batch, OURS, "recall"), at_most=False),
        Target(
            "CPU of FAISS HNSW32 over insert + compact",
            20,
            ratio(build, "build_cpu_s", graph, OURS),
            at_most=False,
        ),
        Target(
            "CPU of LanceDB over insert + compact",
            20,
            ratio(build, "build_cpu_s", "lancedb", OURS),
            at_most=False,
        ),
        Target("single upsert: median", 1, value(one, OURS, "p50_ms"), unit="ms"),
        Target("single upsert: p99", 20, value(one, OURS, "p99_ms"), unit="ms"),
        Target("single upsert: longest", 250, value(one, OURS, "max_ms"), unit="ms"),
        Target("upserted rows that a search missed", 0, value(one, OURS, "not_found")),
        _rate("columns", 0.7, "lancedb-fresh", "LanceDB's raw append"),
        _rate("dicts", 0.5, "lancedb-fresh", "LanceDB's raw append"),
        _rate("dicts", 30, "chroma", "Chroma"),
    ]


def _rate(form: str, limit: float, peer: str, name: str) -> Target:
    figure = ratio(f"write-{form}", "rows_per_s", OURS, peer)
    return Target(f"rows a second from {form}, over {name}", limit, figure, at_most=False)


TARGETS = (
    *_searches(),
    *_metrics(),
    *(target for share in (*SHARES, "category") for target in _filters(share)),
    *_sizes(),
    *_million(),
    *_rest(),
)
