"""Near-duplicates among all segments, by the 64 bits that were stored of how each looks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from omnisearch.relations.graph import Graph
from omnisearch.storage.ranks import Numbers

Bits = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]

_COLUMNS = (("segment.look", 8), ("segment.twin", 4))  # and in how many bits they may differ
_ALIKE = np.float16(0.98)  # cosine of what differs in 4 bits of 64, where none were stored
_MASK = np.uint64((1 << 64) - 1)


@dataclass(frozen=True)
class Duplicates:
    """Finds what looks or reads the same as a segment."""

    graph: Graph

    def of(self, node: int) -> Places:
        """List the nodes that show the same as one; its own item's are no news."""
        for (bits, known), (_, apart) in zip(self._signs, _COLUMNS, strict=True):
            if known[node]:
                same = known & (np.bitwise_count(bits ^ bits[node]) <= apart)
                break
        else:
            same = np.zeros(len(self.graph.nodes), bool)
            links = self.graph.links
            near = links.targets[node][links.cosines[node] >= _ALIKE]
            same[near[near >= 0]] = True
        items = self.graph.nodes.items
        return np.flatnonzero(same & (items != items[node]))

    @cached_property
    def _signs(self) -> list[tuple[Bits, Mask]]:
        return [self._column(name) for name, _ in _COLUMNS]

    def _column(self, name: str) -> tuple[Bits, Mask]:
        now = self.graph.nodes.now
        bits, known = np.zeros(now.rows, np.uint64), np.zeros(now.rows, bool)
        for part, start in zip(now.parts, now.starts.tolist(), strict=False):
            column = part.columns.column(name)
            if column is None or not isinstance(column.keys, Numbers) or not len(column.keys):
                continue
            here = slice(start, start + part.rows)
            there = column.codes < len(column.keys)
            codes = np.where(there, column.codes, 0)
            bits[here] = column.keys.array.astype(np.int64).view(np.uint64)[codes]
            known[here] = there
        rows = self.graph.nodes.rows
        return bits[rows], known[rows]
