"""Filters in a form that every peer can render; each query has literals that none had before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHARES = {"50%": 0.5, "10%": 0.1, "1%": 0.01, "0.1%": 0.001}
CORRELATED = "correlated"
CATEGORY = "category"

Term = tuple[str, str, int | str]  # column, operator, value


@dataclass(frozen=True)
class Filter:
    """Terms that all must hold."""

    terms: tuple[Term, ...]

    def text(self) -> str:
        """Return the SQL form, which LanceDB, sqlite-vec and we understand alike."""
        return " and ".join(f"{column} {sign} {value!r}" for column, sign, value in self.terms)

    def passes(
        self, columns: dict[str, NDArray[Any]], rows: slice | NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Return which of the rows hold all terms, worked out by numpy alone."""
        kept = np.ones(len(columns["rank"][rows]), dtype=np.bool_)
        for column, sign, value in self.terms:
            values = columns[column][rows]
            kept &= {"=": values == value, ">=": values >= value, "<": values < value}[sign]
        return kept


def draw(
    kind: str, rows: int, group: str, groups: Sequence[str], count: int, seed: int = 7
) -> list[Filter | None]:
    """Return `count` filters of one kind: none, a share of the rows, or a category."""
    if kind == "none":
        return [None] * count
    rng = np.random.default_rng(seed)
    if kind == CATEGORY:  # the one kind whose literals come again once all were used
        turns = [str(groups[place % len(groups)]) for place in range(count)]
        return [Filter((("lex", "=", name),)) for name in turns]
    if kind == CORRELATED:  # a few rows less each time: the group as it is, but a new literal
        lows = rng.permutation(max(count, rows // 50))[:count]
        return [Filter((("lex", "=", group), ("rank", ">=", int(low)))) for low in lows]
    width = max(1, round(rows * SHARES[kind]))
    lows = rng.choice(rows - width, count, replace=False)
    return [Filter((("rank", ">=", int(low)), ("rank", "<", int(low) + width))) for low in lows]
