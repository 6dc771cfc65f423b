"""The searcher over all pieces: immutable, safe for many threads, cheap to extend by a piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from omnisearch_indexes import exact, planner
from omnisearch_indexes.codebook import Codebook
from omnisearch_indexes.coded import Coded, coded_parts
from omnisearch_indexes.exact import Found, Scorer
from omnisearch_indexes.flat import Flat, Question, search_allowed
from omnisearch_indexes.ivfpq import IVFPQ
from omnisearch_indexes.lists import Allowed
from omnisearch_indexes.pieces import Piece, Rows
from omnisearch_indexes.protocol import Kind, Mask, Method, Metric, Neighbours, Plan, Vectors
from omnisearch_indexes.refine import Progress, Refiner
from omnisearch_indexes.scan import Scan

_BATCH = 64  # queries whose candidates are held at a time


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a method found for one query, and the figures of its plan."""

    found: Found
    candidates: int
    rounds: int
    probed: float


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
        self._scorers: list[Scorer] = []  # one for each thread that ever searched at the same time
        self._coded: Coded | None = None
        if codebook is not None and kind != "flat":
            parts = coded_parts(self.pieces, self.rows.starts)
            if parts:
                self._coded = Coded.of(codebook, parts, old._coded if old is not None else None)
        bare = [n for n, piece in enumerate(self.pieces) if piece.codes is None or not self._coded]
        self._uncoded = Flat(self.rows, bare)

    def extended(self, pieces: Sequence[Piece]) -> Shards:
        """A searcher over other pieces that takes over what it shares with this one."""
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
        """The min(k, allowed) nearest rows of each query; `allow` is one bool for each row."""
        self._check(queries, k, allow, recall)
        allowed = len(self.rows) if allow is None else int(np.count_nonzero(allow))
        if allowed == len(self.rows):
            allow = None
        k = min(k, allowed)
        choice = self._choose(allowed, k, recall)
        if choice.method == "empty":
            plan = Plan("empty", len(self.rows), 0, choice.reason)
            none = np.empty(0, np.int64), np.empty(0, np.float32)
            return [Neighbours(*none, plan) for _ in queries]
        question = Question(np.ascontiguousarray(queries, np.float32), k, allow, recall)
        outcomes = self._run(choice.method, question)
        return [self._neighbours(outcome, choice, allowed, recall) for outcome in outcomes]

    def _choose(self, allowed: int, k: int, recall: float) -> planner.Choice:
        coded = self._coded
        query = planner.Query(
            coded=coded.rows if coded else 0,
            listed=coded.listed if coded else 0,
            uncoded=len(self.rows) - (coded.rows if coded else 0),
            allowed=allowed,
            k=k,
            recall=recall,
        )
        wanted: Method | None = None if self.kind == "auto" else self.kind
        calibration = self.codebook.calibration if self.codebook else None
        return planner.choose(query, wanted, calibration)

    def _run(self, method: Method, question: Question) -> list[Outcome]:
        scorer = self._scorers.pop() if self._scorers else self._new_scorer()
        try:
            return self._run_with(scorer, method, question)
        finally:
            self._scorers.append(scorer)

    def _new_scorer(self) -> Scorer:
        return Scorer(self.rows.dim, self.rows.dtype, self.metric)

    def _run_with(self, scorer: Scorer, method: Method, question: Question) -> list[Outcome]:
        if method == "flat":
            found = Flat(self.rows, range(len(self.pieces))).search(scorer, question)
            return [Outcome(best, len(self.rows), 1, 0.0) for best in found]
        if method == "exact":
            found = search_allowed(self.rows, scorer, question)
            scored = int(np.count_nonzero(question.allow))
            return [Outcome(best, scored, 1, 0.0) for best in found]
        return self._by_codes(method, scorer, question)

    def _by_codes(self, method: Method, scorer: Scorer, question: Question) -> list[Outcome]:
        assert self._coded is not None and self.codebook is not None
        bits = None
        if question.allow is not None:
            bits = Allowed(np.packbits(question.allow, bitorder="little"))
        calibration = self.codebook.calibration
        miss = 1 - question.recall
        listed = method == "ivfpq"
        filtered = question.allow is not None
        certainty = 1 - miss * (1.5 if listed else 2.5)
        refiner = Refiner(scorer, self.rows, calibration, question.k, max(0.0, certainty))
        most = max(4096, len(self.rows) // 16)
        first = calibration.share(1 - miss * 0.8)
        follow = max(0.0, 1 - miss * (1.5 if filtered else 10))
        way = IVFPQ(self._coded, most, first, follow) if listed else Scan(self._coded, most)
        base = self._uncoded.search(scorer, question)
        outcomes = []
        for begin in range(0, len(question.queries), _BATCH):
            asked = question.queries[begin : begin + _BATCH]
            known = base[begin : begin + _BATCH]
            rotated = self.codebook.rotate(asked)
            under_way = [
                Progress(query, mean, unit, found, found)
                for query, (mean, unit), found in zip(
                    asked, self.codebook.units(rotated), known, strict=True
                )
            ]
            way.search(refiner, rotated, under_way, bits)
            outcomes += [self._outcome(progress, scorer, question) for progress in under_way]
        return outcomes

    def _outcome(self, progress: Progress, scorer: Scorer, question: Question) -> Outcome:
        """What was found; a query whose bound was never met is answered exactly."""
        if progress.done:
            return Outcome(progress.best, progress.candidates, progress.rounds, progress.probed)
        alone = Question(progress.query[None], question.k, question.allow, 1.0)
        found = Flat(self.rows, range(len(self.pieces))).search(scorer, alone)[0]
        return Outcome(found, len(self.rows), progress.rounds + 1, 1.0)

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
