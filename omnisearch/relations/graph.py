"""The links of one generation, both ways, for walks and for topics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from omnisearch.relations.linking import Links, nearest_among, strength
from omnisearch.relations.nodes import Nodes
from omnisearch.relations.scale import Scale

Places = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Graph:
    """Nodes and how strongly each is linked with those near to it."""

    nodes: Nodes
    links: Links
    scale: Scale

    @property
    def edges(self) -> tuple[Places, Places, Floats]:
        """Give each link once both ways, by source: starts (n + 1), targets, strengths."""
        return self.links.edges

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
