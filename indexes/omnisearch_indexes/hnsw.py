"""Walk a graph to the neighbours: the shortest way where most rows are allowed.

A graph can neither merge nor forget. It is derived data like codes: built from the rows, searched
under a bitmap, and left aside where a filter leaves too few rows to walk on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from omnisearch_indexes.exact import Found, Scorer, merge, nearest_of
from omnisearch_indexes.flat import Question, nothing
from omnisearch_indexes.graph import Graph
from omnisearch_indexes.pieces import Rows

_LEAST_SHARE = 0.1  # of the rows allowed, that a walk is lengthened for
_SPARE = 10  # candidates beyond twice k: 8-bit rows misjudge few neighbours


@dataclass(frozen=True, slots=True)
class HNSW:
    """The graphs of some pieces, searched one after the other."""

    rows: Rows
    graphs: Sequence[tuple[int, Graph]]  # the first position of a piece and its graph

    def search(self, scorer: Scorer, question: Question) -> list[Found]:
        """Return the k nearest of each query, walked to by 8-bit rows and scored by truth."""
        best = [nothing() for _ in question.queries]
        count = 2 * question.k + _SPARE
        for start, graph in self.graphs:
            share = max(question.allowed_rows / len(self.rows), _LEAST_SHARE)
            effort = int(graph.effort(question.recall, question.k) / share)
            allowed = question.allowed(start, graph.rows)
            walked = graph.candidates(question.queries, count, effort, allowed)
            for place, (query, found) in enumerate(zip(question.queries, walked, strict=True)):
                positions = np.sort(found[found >= 0]) + start
                scorer.ask(query)
                nearest = nearest_of(scorer, self.rows, positions, question.k)
                best[place] = merge(best[place], nearest, question.k)
        return best
