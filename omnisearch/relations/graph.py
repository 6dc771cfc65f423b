"""The links of one generation, both ways, for walks and for topics."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from omnisearch.encoder.calibration.calibrator import probability
from omnisearch.relations.linking import LINKS, Links, nearest_among
from omnisearch.relations.nodes import Nodes
from omnisearch.relations.scale import Scale

Places = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
_SUREST, _NEARER = 0.94, 0.01  # no link is certain; of two that are sure, the nearer is stronger
_LEAST = 0.001  # the nearest are near, however little that says


def strength(odds: Floats, cosines: npt.NDArray[np.floating]) -> Floats:
    """Give how strong links are, 0 to 1."""
    sure = probability(odds) * (_SUREST + _NEARER * cosines.astype(np.float32))
    return np.asarray(np.maximum(sure, _LEAST), np.float32)


@dataclass(frozen=True)
class Graph:
    """Nodes and how strongly each is linked with those near to it."""

    nodes: Nodes
    links: Links
    scale: Scale

    @cached_property
    def strengths(self) -> Floats:
        """Give how sure each link is (n, LINKS): 0 where there is none."""
        found = strength(self.links.odds, self.links.cosines)
        found[self.links.targets < 0] = 0
        return found

    @cached_property
    def edges(self) -> tuple[Places, Places, Floats]:
        """Give each link once both ways, by source: starts (n + 1), targets, strengths."""
        count = len(self.nodes)
        there = self.links.targets.ravel() >= 0
        sources = np.repeat(np.arange(count), LINKS)[there]
        targets = self.links.targets.ravel()[there].astype(np.int64)
        strengths = self.strengths.ravel()[there]
        both = np.concatenate([sources * count + targets, targets * count + sources])
        twice = np.concatenate([strengths, strengths])
        order = np.lexsort((-twice, both))
        names = both[order]
        first = np.diff(names, prepend=-1) != 0
        names, kept = names[first], twice[order][first]
        starts = np.searchsorted(names, np.arange(count + 1) * count)
        return starts, names % max(count, 1), np.asarray(kept, np.float32)

    def near(self, node: int) -> tuple[Places, Floats]:
        """Give the nodes that one is linked with, and how strongly."""
        starts, targets, strengths = self.edges
        run = slice(int(starts[node]), int(starts[node + 1]))
        return targets[run], strengths[run]

    def nearest(self, node: int, allowed: Mask, k: int) -> tuple[Places, Floats]:
        """Find the k nodes nearest to one among those allowed, and how strongly they are linked."""
        near, odds, cosines = nearest_among(self.nodes, self.scale, node, allowed, k)
        return near, strength(odds, cosines)

    @property
    def bytes(self) -> int:
        """Count what is kept of it on the disk."""
        return self.nodes.keys.nbytes + self.links.targets.nbytes + self.links.cosines.nbytes
