"""The nearest rows of many rows at once: what a graph of neighbours is made of.

Rows are sorted into lists, and those of one list look at the same lists around it: one product of
matrices for hundreds of rows, where asking for each alone would read every code. A neighbour just
behind the border of the last list is missed; a graph has others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import faiss
import numpy as np
from numpy.typing import NDArray

from omnisearch_indexes.protocol import Positions, Scores, Vectors
from omnisearch_indexes.threads import one_thread
from omnisearch_indexes.training import learn_lists

Gather = Callable[[Positions], Vectors]

_WHOLE = 4096  # rows: fewer are all looked at
_LOOKED_AT = 3072  # rows of the lists around, at least
_LIST = 64  # rows of a list: with 256, 79 in 100 neighbours of 20,000 rows are found and not 96
_MOST_LISTS = 1536  # sorting into more costs as much as looking at longer ones
_SAMPLE = 10  # rows of each list that it is learnt from
_BLOCK = 1024  # rows that ask at a time: their scores stay in the cache
_READ = 8192  # rows that are read at a time


@dataclass(frozen=True)
class Neighbourhood:
    """Some rows among which others look for their nearest; `gather` reads unit vectors."""

    gather: Gather
    positions: Positions
    seed: int

    def nearest(self, asking: Positions, k: int) -> tuple[Positions, Scores]:
        """Give the nearest rows (n, k) of each row that asks, itself left out, and cosines.

        Where there are no more, the position is -1.
        """
        found = np.full((len(asking), k), -1, np.int64)
        scores = np.full((len(asking), k), -np.inf, np.float32)
        if not len(self.positions) or not len(asking):
            return found, scores
        with one_thread():
            for places, among in self._groups(asking):
                near, cosines = self._nearest(asking[places], among, k)
                found[places], scores[places] = near, cosines
        return found, scores

    def _groups(self, asking: Positions) -> Iterator[tuple[Positions, Positions]]:
        """Give rows that ask, by their places, and among which they look."""
        if len(self.positions) <= _WHOLE:
            yield np.arange(len(asking)), self.positions
            return
        all_ask = np.array_equal(asking, self.positions)
        own, order = self._owners if all_ask else self._lists_of(asking), self._order
        together = np.argsort(own, kind="stable")
        edges = np.searchsorted(own[together], np.arange(len(self._centroids) + 1))
        for number in np.flatnonzero(np.diff(edges)).tolist():
            around = self._around(number)
            rows = np.concatenate([order[self._starts[n] : self._starts[n + 1]] for n in around])
            yield together[edges[number] : edges[number + 1]], self.positions[np.sort(rows)]

    def _around(self, number: int) -> list[int]:
        """List the lists nearest to one, itself first, until they hold enough rows."""
        nearest = np.argsort(-(self._centroids @ self._centroids[number]), kind="stable")
        sizes = np.diff(self._starts)[nearest]
        return list(nearest[: int(np.searchsorted(np.cumsum(sizes), _LOOKED_AT)) + 1].tolist())

    def _nearest(self, asking: Positions, among: Positions, k: int) -> tuple[Positions, Scores]:
        rows = self.gather(among)
        found, scores = [], []
        for begin in range(0, len(asking), _BLOCK):
            block = asking[begin : begin + _BLOCK]
            most = min(k + 1, len(among))
            cosines, places = faiss.knn(
                self.gather(block), rows, most, metric=faiss.METRIC_INNER_PRODUCT
            )
            near = np.where(places >= 0, among[places], -1)
            own = near == block[:, None]
            cosines = np.where((near < 0) | own, -np.inf, cosines)
            order = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
            near = np.where(own, -1, near)
            found.append(_wide(np.take_along_axis(near, order, axis=1), k, -1))
            scores.append(_wide(np.take_along_axis(cosines, order, axis=1), k, -np.inf))
        return np.concatenate(found), np.concatenate(scores)

    @cached_property
    def _centroids(self) -> Vectors:
        count = min(_MOST_LISTS, max(2, len(self.positions) // _LIST))
        random = np.random.default_rng(self.seed)
        drawn = min(count * _SAMPLE, len(self.positions))
        chosen = np.sort(random.choice(len(self.positions), drawn, replace=False))
        found = learn_lists(self.gather(self.positions[chosen]), count, self.seed)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        return np.asarray(found / np.maximum(lengths, 1e-12), np.float32)

    @cached_property
    def _owners(self) -> NDArray[np.int64]:
        return self._lists_of(self.positions)

    @cached_property
    def _order(self) -> NDArray[np.int64]:
        return np.argsort(self._owners, kind="stable")

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        return np.searchsorted(self._owners[self._order], np.arange(len(self._centroids) + 1))

    def _lists_of(self, positions: Positions) -> NDArray[np.int64]:
        found = [np.zeros(0, np.int64)]
        for begin in range(0, len(positions), _READ):
            rows = self.gather(positions[begin : begin + _READ])
            _, nearest = faiss.knn(rows, self._centroids, 1, metric=faiss.METRIC_INNER_PRODUCT)
            found.append(nearest[:, 0])
        return np.concatenate(found)


def _wide(array: NDArray[np.generic], k: int, empty: float) -> NDArray[np.generic]:
    """Fill rows of an array (n, fewer) up to k columns."""
    missing = k - array.shape[1]
    return np.pad(array, ((0, 0), (0, missing)), constant_values=empty) if missing else array
