"""Filters in a form that every peer can render; each query has literals that none had before."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

SHARES = {"50%": 0.5, "10%": 0.1, "1%": 0.01, "0.1%": 0.001}
CORRELATED = "correlated"


@dataclass(frozen=True)
class Filter:
    """`low <= rank < high`, and where it is given, `lex = group`."""

    low: int
    high: int
    group: str | None = None

    def text(self) -> str:
        """Return the SQL form, which LanceDB, sqlite-vec and we understand alike."""
        bounds = f"rank >= {self.low} and rank < {self.high}"
        return bounds if self.group is None else f"lex = '{self.group}' and {bounds}"


def draw(kind: str, rows: int, group: str, count: int, seed: int = 7) -> list[Filter | None]:
    """Return `count` filters of one kind: none, a share of the rows, or a correlated category."""
    if kind == "none":
        return [None] * count
    rng = np.random.default_rng(seed)
    if kind == CORRELATED:  # a few rows less each time: the group as it is, but a new literal
        lows = rng.permutation(max(count, rows // 50))[:count]
        return [Filter(int(low), rows, group) for low in lows]
    width = max(1, round(rows * SHARES[kind]))
    lows = rng.integers(0, rows - width, count)
    return [Filter(int(low), int(low) + width) for low in lows]


def survivors(wanted: Filter | None, columns: pa.Table) -> NDArray[np.bool_]:
    """Return which rows a filter lets through, worked out by numpy alone."""
    rank = columns["rank"].to_numpy()
    if wanted is None:
        return np.ones(len(rank), dtype=np.bool_)
    kept: NDArray[np.bool_] = (rank >= wanted.low) & (rank < wanted.high)
    if wanted.group is not None:
        kept &= columns["lex"].to_numpy(zero_copy_only=False) == wanted.group
    return kept
