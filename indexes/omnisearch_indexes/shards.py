"""The searcher over all pieces: immutable, safe for many threads, cheap to extend by a piece."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from omnisearch_indexes import exact, planner
from omnisearch_indexes.codebook import Codebook
from omnisearch_indexes.coded import Part
from omnisearch_indexes.engine import Engine, Outcome, no_outcome
from omnisearch_indexes.flat import Question
from omnisearch_indexes.pieces import Piece, Rows
from omnisearch_indexes.protocol import (
    Kind,
    Mask,
    Metric,
    Neighbours,
    Plan,
    Positions,
    Scores,
    Vectors,
)


class Shards:
    """Consecutive pieces as one array of rows, searched by position."""

    def __init__(
        self,
        pieces: Sequence[Piece],
        metric: Metric,
        codebook: Codebook | None = None,
        kind: Kind = "auto",
        *,
        old: Shards | None = None,
    ) -> None:
        self.metric, self.kind, self.codebook = metric, kind, codebook
        self.pieces = tuple(pieces)
        self.rows = Rows(self.pieces)
        parts = [] if codebook is None or kind == "flat" else self._parts()
        self._engine = Engine(self.rows, metric, codebook, parts)
        self._engine.index(old._engine if old is not None else None)

    def extended(self, pieces: Sequence[Piece]) -> Shards:
        """Return a searcher over other pieces that takes over what it shares with this one."""
        return Shards(pieces, self.metric, self.codebook, self.kind, old=self)

    def __len__(self) -> int:
        """How many rows there are, allowed or not."""
        return len(self.rows)

    def search(
        self,
        queries: Vectors,
        k: int,
        allow: Mask | None = None,
        recall: float = 0.99,
    ) -> list[Neighbours]:
        """Return the min(k, allowed) nearest rows of each query; `allow` has a bool a row."""
        self._check(queries, k, allow, recall)
        allowed = len(self.rows) if allow is None else int(np.count_nonzero(allow))
        if allowed == len(self.rows):
            allow = None
        k = min(k, allowed)
        choice = self._choose(allowed, k, recall)
        if choice.method == "empty":
            outcomes = [no_outcome() for _ in queries]
        else:
            asked = np.ascontiguousarray(queries, np.float32)
            question = Question(asked, k, allow, recall, allowed, choice.worth)
            outcomes = self._engine.answer(choice.method, question)
        return [self._neighbours(outcome, choice, allowed, recall) for outcome in outcomes]

    def scores(self, query: Vectors, positions: Positions) -> Scores:
        """Return the scores of rows for one query (d,), the same to the bit as `search` gives."""
        return exact.scores(self.closeness(query, positions), self.metric)

    def closeness(self, query: Vectors, positions: Positions) -> Scores:
        """Return how close rows are to one query, larger is nearer, as methods compare them."""
        return self._engine.closeness(query, positions)

    def _choose(self, allowed: int, k: int, recall: float) -> planner.Choice:
        coded = self._engine.coded
        efforts = [graph.effort(recall, k) for _, graph in self._engine.graphs]
        query = planner.Query(
            rows=len(self.rows),
            coded=coded.rows if coded else 0,
            listed=coded.listed if coded else 0,
            lists=self.codebook.lists if self.codebook else 0,
            linked=bool(efforts) and all(efforts),
            allowed=allowed,
            k=k,
            recall=recall,
        )
        calibration = self.codebook.calibration if self.codebook else None
        return planner.choose(query, self.kind, calibration)

    def _parts(self) -> list[Part]:
        numbered = zip(self.rows.starts.tolist(), self.pieces, strict=False)
        return [
            (start, piece.codes)
            for start, piece in numbered
            if piece.codes is not None and piece.codes.rows
        ]

    def _neighbours(
        self, outcome: Outcome, choice: planner.Choice, allowed: int, recall: float
    ) -> Neighbours:
        positions, closeness = outcome.found
        certain = choice.method in ("flat", "exact")
        plan = Plan(
            choice.method,
            len(self.rows),
            allowed,
            choice.reason,
            outcome.candidates,
            outcome.rounds,
            outcome.probed,
            1.0 if certain else recall,
        )
        return Neighbours(positions, exact.scores(closeness, self.metric), plan)

    def _check(self, queries: Vectors, k: int, allow: Mask | None, recall: float) -> None:
        if queries.ndim != 2 or (len(self.rows) and queries.shape[1] != self.rows.dim):
            raise ValueError(f"queries must be (q, {self.rows.dim}), not {queries.shape}")
        if k < 1 or not 0 < recall <= 1:
            raise ValueError(f"k must be 1 or more and recall in (0, 1], not {k} and {recall}")
        if allow is not None and (allow.dtype != np.bool_ or allow.shape != (len(self.rows),)):
            raise ValueError(f"allow must be one bool for each of {len(self.rows)} rows")
