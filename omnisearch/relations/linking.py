"""Links from segments to the nearest others: made for all, or for those that came since."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.calibration.calibrator import probability
from omnisearch.query.nearest import Question, nearest
from omnisearch.relations.nodes import Nodes
from omnisearch.relations.scale import Scale, unit
from omnisearch.storage import sides
from omnisearch.storage.relations import StoredLinks
from omnisearch_indexes.neighbourhood import Neighbourhood

Positions = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

LINKS = 8  # of a segment: 48 bytes
_OTHERS = 2  # of them are for other modalities, where there are any
_CANDIDATES = 12  # rows of each kind: some are of the same item
_SEED = 20
_LISTED = 20  # times as many rows are searched for a few rows sooner than sorted into lists
_RECALL = 0.95
_FEW = 1 / 2  # of its links are left: a segment looks for others
_SUREST, _NEARER = 0.94, 0.01  # no link is certain; of two that are sure, the nearer is stronger
_LEAST = 0.001  # the nearest are near, however little that says


def strength(odds: Floats, cosines: npt.NDArray[np.floating]) -> Floats:
    """Give how strong links are, 0 to 1."""
    sure = probability(odds) * (_SUREST + _NEARER * cosines.astype(np.float32))
    return np.asarray(np.maximum(sure, _LEAST), np.float32)


@dataclass(frozen=True)
class Links:
    """The nearest segments (n, LINKS) of each node, -1 where there are no more."""

    targets: npt.NDArray[np.int32]
    cosines: npt.NDArray[np.float16]
    odds: Floats

    @cached_property
    def edges(self) -> tuple[Positions, Positions, Floats]:
        """Give each link once both ways, by source: starts (n + 1), targets, strengths."""
        count, strengths = len(self.targets), strength(self.odds, self.cosines)
        there = self.targets.ravel() >= 0
        sources = np.repeat(np.arange(count), LINKS)[there]
        targets = self.targets.ravel()[there].astype(np.int64)
        twice = np.tile(strengths.ravel()[there], 2)
        both = np.concatenate([sources * count + targets, targets * count + sources])
        order = np.lexsort((-twice, both))
        names = both[order]
        first = np.diff(names, prepend=-1) != 0
        names, kept = names[first], twice[order][first]
        starts = np.searchsorted(names, np.arange(count + 1) * count)
        return starts, names % max(count, 1), np.asarray(kept, np.float32)


@dataclass(frozen=True)
class _Pairs:
    """Candidates for links, one after another."""

    sources: Positions
    targets: Positions
    cosines: Floats
    odds: Floats

    def chosen(self, which: npt.NDArray[np.generic] | slice) -> _Pairs:
        return _Pairs(*(one[which] for one in self._columns))

    def joined(self, other: _Pairs) -> _Pairs:
        pairs = zip(self._columns, other._columns, strict=True)
        columns: list[npt.NDArray[Any]] = [np.concatenate(pair) for pair in pairs]
        return _Pairs(*columns)

    def turned(self) -> _Pairs:
        return _Pairs(self.targets, self.sources, self.cosines, self.odds)

    @property
    def _columns(self) -> tuple[npt.NDArray[Any], ...]:
        return self.sources, self.targets, self.cosines, self.odds


def link(nodes: Nodes, scale: Scale, known: StoredLinks | None) -> Links:
    """Link all segments; those that are known, as they were, and nearer new ones beside."""
    kept = _none() if known is None else _carried(nodes, scale, known)
    new = _unlinked(nodes, kept)
    found = _candidates(nodes, scale, new)
    if len(new) < len(nodes):
        fresh = np.zeros(len(nodes), bool)
        fresh[new] = True
        found = found.joined(found.chosen(~fresh[found.targets]).turned())
        found = kept.joined(found)
    return _laid_out(nodes, _selected(nodes, found))


def stored(nodes: Nodes, links: Links) -> StoredLinks:
    """Give links as they are kept."""
    return StoredLinks(nodes.keys, links.targets, links.cosines)


def nearest_among(
    nodes: Nodes, scale: Scale, node: int, allowed: npt.NDArray[np.bool_], k: int
) -> tuple[Positions, Floats, Floats]:
    """Find the k nearest of the nodes allowed, of whatever kind: nodes, log odds and cosines."""
    right = allowed & (nodes.items != nodes.items[node])
    rows = (nodes.of_row >= 0) & right[nodes.of_row]
    pairs = _pairs(nodes, scale, np.array([node]), rows, k)
    pairs = pairs.chosen(np.lexsort((pairs.targets, -pairs.odds)))
    pairs = pairs.chosen(_firsts(pairs.targets)).chosen(slice(k))
    return pairs.targets, pairs.odds, pairs.cosines


def _none() -> _Pairs:
    empty = np.zeros(0, np.int64)
    return _Pairs(empty, empty, np.zeros(0, np.float32), np.zeros(0, np.float32))


def _carried(nodes: Nodes, scale: Scale, known: StoredLinks) -> _Pairs:
    """Find again what was linked; links to what is gone are left out."""
    order = np.argsort(nodes.keys, kind="stable")
    keys = nodes.keys[order]
    places = np.minimum(np.searchsorted(keys, known.keys), max(len(keys) - 1, 0))
    now = np.full(len(known.keys) + 1, -1, np.int64)  # the last one stands for no link
    if len(keys):
        now[:-1] = np.where(keys[places] == known.keys, order[places], -1)
    each = known.targets.shape[1]
    sources, targets = np.repeat(now[:-1], each), now[known.targets.ravel()]
    there = (sources >= 0) & (targets >= 0)
    sources, targets = sources[there], targets[there]
    cosines = known.cosines.ravel()[there].astype(np.float32)
    kinds = nodes.now.sides.kinds
    odds = scale.odds(kinds[nodes.rows[sources]], kinds[nodes.rows[targets]], cosines)
    return _Pairs(sources, targets, cosines, odds)


def _unlinked(nodes: Nodes, kept: _Pairs) -> Positions:
    """List the nodes that have no links yet, or lost most of them."""
    counts = np.bincount(kept.sources, minlength=len(nodes))
    return np.flatnonzero(counts < min(LINKS * _FEW, max(len(nodes) - 1, 1)))


def _candidates(nodes: Nodes, scale: Scale, new: Positions) -> _Pairs:
    """Find for some nodes candidates of every kind; what is of the same item is no news."""
    pairs = _pairs(nodes, scale, new, nodes.of_row >= 0, _CANDIDATES)
    return pairs.chosen(nodes.items[pairs.sources] != nodes.items[pairs.targets])


def _pairs(
    nodes: Nodes, scale: Scale, new: Positions, among: npt.NDArray[np.bool_], count: int
) -> _Pairs:
    """Pair each view of some nodes with the nearest rows of every kind."""
    kinds, found = nodes.now.sides.kinds, [_none()]
    asking = np.concatenate([nodes.rows[new], nodes.beside[new]])
    asking = np.sort(asking[asking >= 0])
    for answering in nodes.now.sides.counts:
        of_kind = np.flatnonzero((kinds == answering) & among)
        rows, targets, cosines = _nearest(nodes, asking, of_kind, count)
        pairs = _Pairs(
            nodes.of_row[rows].astype(np.int64),
            nodes.of_row[targets].astype(np.int64),
            cosines,
            scale.odds(kinds[rows], kinds[targets], cosines),
        )
        found.append(pairs)
    whole = found[0]
    for one in found[1:]:
        whole = whole.joined(one)
    return whole


def _nearest(
    nodes: Nodes, asking: Positions, among: Positions, count: int
) -> tuple[Positions, Positions, Floats]:
    """Pair rows with the nearest among others, and give cosines as they are kept."""
    now = nodes.now
    if len(asking) * _LISTED < len(among) and now.sealed.manifest.settings.metric == "cosine":
        allow = np.zeros(now.rows, bool)
        allow[among] = True
        found = nearest(now, unit(now, asking), Question(count + 1, _RECALL), allow)
        rows = np.repeat(asking, [len(one.positions) for one in found])
        near = np.concatenate([np.zeros(0, np.int64), *(one.positions for one in found)])
        cosines = np.concatenate([np.zeros(0, np.float32), *(one.scores for one in found)])
    else:
        around = Neighbourhood(lambda places: unit(now, places), among, _SEED)
        best, scores = around.nearest(asking, count)
        rows, near, cosines = np.repeat(asking, count), best.ravel(), scores.ravel()
    there = np.flatnonzero((near >= 0) & (near != rows))
    kept = np.clip(cosines[there], -1, 1).astype(np.float16).astype(np.float32)
    return rows[there], near[there], kept


def _selected(nodes: Nodes, pairs: _Pairs) -> _Pairs:
    """Keep the best links of each node, with places for modalities that would have none."""
    pairs = pairs.chosen(np.lexsort((pairs.targets, -pairs.odds, pairs.sources)))
    pairs = pairs.chosen(_firsts(pairs.sources * len(nodes) + pairs.targets))
    rank = _ranks(pairs.sources)
    many = rank < 2 * LINKS * sides.WORDS
    pairs, rank = pairs.chosen(many), rank[many]
    theirs = nodes.modalities[pairs.targets]
    first = _firsts(pairs.sources * sides.WORDS + theirs)
    other = first & (theirs != nodes.modalities[pairs.sources])
    worth = np.where(rank < LINKS - _OTHERS, 0, np.where(other, 1, 2))
    pairs = pairs.chosen(np.lexsort((rank, worth, pairs.sources)))
    pairs = pairs.chosen(_ranks(pairs.sources) < LINKS)
    return pairs.chosen(np.lexsort((pairs.targets, -pairs.odds, pairs.sources)))


def _firsts(names: Positions) -> npt.NDArray[np.bool_]:
    """Mark the first of each that have a name."""
    order = np.argsort(names, kind="stable")
    found = np.zeros(len(names), bool)
    found[order[np.flatnonzero(np.diff(names[order], prepend=-1))]] = True
    return found


def _ranks(sources: Positions) -> Positions:
    """Count the places within runs of equal numbers."""
    begins = np.flatnonzero(np.diff(sources, prepend=-1))
    lengths = np.diff(begins, append=len(sources))
    return np.arange(len(sources)) - np.repeat(begins, lengths)


def _laid_out(nodes: Nodes, pairs: _Pairs) -> Links:
    targets = np.full((len(nodes), LINKS), -1, np.int32)
    cosines = np.zeros((len(nodes), LINKS), np.float16)
    odds = np.full((len(nodes), LINKS), -np.inf, np.float32)
    at = pairs.sources, _ranks(pairs.sources)
    targets[at], cosines[at], odds[at] = pairs.targets, pairs.cosines, pairs.odds
    return Links(targets, cosines, odds)
