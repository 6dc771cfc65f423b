"""How each method is carried out over the same pieces: what is exact, coded, linked or bare."""

from __future__ import annotations

import dataclasses
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from omnisearch_indexes.calibration import GRADES, part
from omnisearch_indexes.codebook import Codebook
from omnisearch_indexes.coded import Coded, Part
from omnisearch_indexes.exact import Found, Scorer, merge, nearest_of
from omnisearch_indexes.flat import Flat, Question, nothing, search_allowed
from omnisearch_indexes.graph import Graph
from omnisearch_indexes.hnsw import HNSW
from omnisearch_indexes.ivfpq import IVFPQ
from omnisearch_indexes.pieces import Rows
from omnisearch_indexes.planner import BARE_SHARE
from omnisearch_indexes.protocol import Method, Metric, Positions, Scores, Vectors
from omnisearch_indexes.refine import Progress, Refiner
from omnisearch_indexes.scan import Scan, first_count

_BATCH = 64  # queries whose candidates are held at a time
_MOST_CANDIDATES = 1 << 20  # of them together
_EXACT_SHARE = 2  # scoring half of the allowed rows after a scan costs as much as all
_LEAST_MOST = 1024
_GATHERED = 1 << 9  # rows that are copied at a time to be scored: they stay in the cache

# Shares of the misses that a recall allows. The k-th neighbour is missed more often than the k on
# average, and a list that is left out costs more than a candidate.
_SCAN_CODES, _LIST_CODES, _LISTS = 5.0, 1.5, 0.9
_FOLLOWED, _FOLLOWED_FILTERED = 10.0, 1.6


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a method found for one query, and the figures of its plan."""

    found: Found
    candidates: int
    rounds: int = 1
    probed: float = 0.0


class Engine:
    """The pieces of a searcher, sorted by how they can be searched."""

    def __init__(
        self, rows: Rows, metric: Metric, codebook: Codebook | None, parts: Sequence[Part]
    ) -> None:
        self.rows, self.metric, self.codebook = rows, metric, codebook
        coded = {start for start, _ in parts}
        starts = enumerate(rows.starts[:-1].tolist())
        self.bare = Flat(rows, [number for number, start in starts if start not in coded])
        self.graphs: tuple[tuple[int, Graph], ...] = tuple(
            (start, codes.graph) for start, codes in parts if codes.graph is not None
        )
        linked = {start for start, _ in self.graphs}
        self.unlinked: Coded | None = None
        self._coded: Coded | None = None
        self._making = threading.Lock()
        self._old: weakref.ref[Engine] | None = None  # what is sealed is held by who extends it
        self._loose = [part for part in parts if part[0] not in linked]
        self._parts = list(parts)
        apart = [start + codes.strays.astype(np.int64) for start, codes in parts]
        self._strays = np.concatenate([np.empty(0, np.int64), *apart])
        self._scorers: list[Scorer] = []  # one for each search that ever ran at the same time

    def index(self, old: Engine | None) -> None:
        """Say over which of the same pieces there is an engine already: its codes are taken over.

        The first search does it: many who open a collection search it in other ways.
        """
        self._old = None if old is None else weakref.ref(old)
        if self.codebook is None or not self._parts:
            return
        if old is not None and old._coded is not None:
            self._coded = Coded.of(self.codebook, self._parts, old._coded)
        if self.graphs and self._loose:
            self.unlinked = Coded.of(self.codebook, self._loose, None)

    @property
    def coded(self) -> Coded | None:
        """Give the codes as FAISS reads them; None where there are none."""
        if self._coded is None and self.codebook is not None and self._parts:
            with self._making:
                if self._coded is None:
                    old = None if self._old is None else self._old()
                    before = None if old is None else old.coded
                    self._coded = Coded.of(self.codebook, self._parts, before)
        return self._coded

    def answer(self, method: Method, question: Question) -> list[Outcome]:
        """Return the nearest rows of each query, by one method."""
        with self._scorer() as scorer:
            if method == "flat":
                return self._flat(scorer, question)
            if method == "exact":
                found = search_allowed(self.rows, scorer, question)
                return [Outcome(best, question.allowed_rows) for best in found]
            if method == "hnsw":
                return self._walk(scorer, question)
            coded = self.coded
            assert coded is not None
            known = self.bare.search(scorer, question)
            return self._read(coded, method == "ivfpq", scorer, question, known)

    def closeness(self, query: Vectors, positions: Positions) -> Scores:
        """Return how close some rows are to one query, in their order."""
        found = np.empty(len(positions), np.float32)
        with self._scorer() as scorer:
            scorer.ask(query)
            for begin in range(0, len(positions), _GATHERED):
                block = positions[begin : begin + _GATHERED]
                rows = self.rows.gather(block, scorer.room(len(block)))
                found[begin : begin + len(block)] = scorer.each(rows)
        return found

    @contextmanager
    def _scorer(self) -> Iterator[Scorer]:
        try:
            scorer = self._scorers.pop()
        except IndexError:
            scorer = Scorer(self.rows.dim, self.rows.dtype, self.metric)
        try:
            yield scorer
        finally:
            self._scorers.append(scorer)

    def _flat(self, scorer: Scorer, question: Question) -> list[Outcome]:
        everything = Flat(self.rows, range(len(self.rows.pieces)))
        found = everything.search(scorer, question)
        return [Outcome(best, question.allowed_rows) for best in found]

    def _walk(self, scorer: Scorer, question: Question) -> list[Outcome]:
        """Graphs where there are some, codes for the other pieces, truth for bare rows."""
        walked = HNSW(self.rows, self.graphs).search(scorer, question)
        bare = self.bare.search(scorer, question)
        known = [merge(one, two, question.k) for one, two in zip(walked, bare, strict=True)]
        if self.unlinked is None:
            return [Outcome(best, len(self.graphs) * len(best[0])) for best in known]
        return self._read(self.unlinked, False, scorer, question, known)

    def _read(
        self,
        coded: Coded,
        listed: bool,
        scorer: Scorer,
        question: Question,
        known: Sequence[Found],
    ) -> list[Outcome]:
        """Candidates by code, whole or by list, on top of what is known of other rows."""
        known = self._with_strays(scorer, question, known)
        bits = question.allowed(0, len(self.rows))
        way = self._way(coded, listed, question)
        refiner = self._refiner(scorer, listed, question)
        outcomes: list[Outcome] = []
        step = max(1, min(_BATCH, _MOST_CANDIDATES // first_count(question.k)))
        for begin in range(0, len(question.queries), step):
            asked = question.queries[begin : begin + step]
            rotated = coded.codebook.rotate(asked)
            units = coded.codebook.units(rotated)
            pairs = zip(asked, units, known[begin : begin + step], strict=True)
            under_way = [
                Progress(query, mean, unit, found, found) for query, (mean, unit), found in pairs
            ]
            way.search(refiner, rotated, under_way, bits)
            outcomes += [self._outcome(progress, scorer, question) for progress in under_way]
        return outcomes

    def _with_strays(
        self, scorer: Scorer, question: Question, known: Sequence[Found]
    ) -> Sequence[Found]:
        """Score the rows that have no code."""
        if not len(self._strays):
            return known
        strays = self._strays
        if question.allow is not None:
            strays = strays[question.allow[strays]]
        found = []
        for query, before in zip(question.queries, known, strict=True):
            scorer.ask(query)
            near = nearest_of(scorer, self.rows, strays, question.k)
            found.append(merge(before, near, question.k))
        return found

    def _way(self, coded: Coded, listed: bool, question: Question) -> IVFPQ | Scan:
        most = max(_LEAST_MOST, question.allowed_rows // _EXACT_SHARE)
        if not listed:
            return Scan(coded, most)
        miss, measured = 1 - question.recall, coded.codebook.calibration
        deep = part(question.allowed_rows, len(self.rows), question.k)
        grades, sure = range(len(GRADES)), 1 - miss * _LISTS
        shares = [measured.share(sure, deep, grade) for grade in grades]
        depths = [measured.depth(deep, grade) for grade in grades]
        followed = _FOLLOWED if question.allow is None else _FOLLOWED_FILTERED
        line, held = measured.lists, None
        if question.allow is not None:
            held = coded.holding(question.allow)
        certain = line.miss(max(0.0, 1 - miss * followed))
        return IVFPQ(coded, most, question.worth, shares, depths, line, certain, held)

    def _refiner(self, scorer: Scorer, listed: bool, question: Question) -> Refiner:
        assert self.codebook is not None
        missed = (1 - question.recall) * (_LIST_CODES if listed else _SCAN_CODES)
        line = self.codebook.calibration.codes
        miss = line.miss(max(0.0, 1 - missed))
        return Refiner(scorer, self.rows, line, miss, question.k, question.allowed_rows)

    def _outcome(self, progress: Progress, scorer: Scorer, question: Question) -> Outcome:
        """Return what was found; where its bound takes too many candidates, the exact answer."""
        if progress.done and len(progress.best[0]) == question.k:
            return Outcome(progress.best, progress.candidates, progress.rounds, progress.probed)
        alone = dataclasses.replace(question, queries=progress.query[None])
        few = question.allowed_rows < BARE_SHARE * len(self.rows)
        found = (
            search_allowed(self.rows, scorer, alone)[0]
            if few
            else self._flat(scorer, alone)[0].found
        )
        return Outcome(found, question.allowed_rows, progress.rounds + 1, progress.probed)


def no_outcome() -> Outcome:
    """Return what is found where no row is allowed."""
    return Outcome(nothing(), 0, 0)
