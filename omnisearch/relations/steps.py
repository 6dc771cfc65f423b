"""One step from a segment: to whatever has to do with it, by every relation there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from omnisearch.query.rows import read_records
from omnisearch.records import Record
from omnisearch.relations import shared
from omnisearch.relations.duplicates import Duplicates
from omnisearch.relations.graph import Graph
from omnisearch.relations.records import RELATIONS, Relation

# How much of what one segment is worth its neighbour is: of one that says the same nearly all,
# of one that only lies in the same item little.
_SAME, _NEXT, _ITEM = 0.97, 0.6, 0.3
_AROUND = 4  # segments before and behind that count as of the same item
_EACH = 16  # neighbours by what is shared, at most


class Move(NamedTuple):
    """A way to another node."""

    node: int
    relation: Relation
    strength: float
    why: str | None = None


@dataclass(frozen=True)
class Steps:
    """Finds the neighbours of nodes; `by` are the relations that count."""

    graph: Graph
    by: frozenset[Relation] = frozenset(RELATIONS)

    def moves(self, node: int) -> Iterator[Move]:
        """Give every step from a node; another node may be met by several."""
        for relation, ways in self._ways.items():
            if relation in self.by:
                yield from ways(node)

    @cached_property
    def _ways(self) -> Mapping[Relation, Callable[[int], Iterator[Move]]]:
        return {
            "next": self._next,
            "item": self._item,
            "duplicate": self._duplicate,
            "near": self._near,
            "value": self._value,
            "words": self._words,
        }

    @cached_property
    def _duplicates(self) -> Duplicates:
        return Duplicates(self.graph)

    def _around(self, node: int) -> tuple[list[int], int]:
        """List the nodes of the same item in their order, and the place of this one."""
        items = self.graph.nodes.items
        same = np.flatnonzero(items == items[node])
        return same.tolist(), int(np.searchsorted(same, node))

    def _next(self, node: int) -> Iterator[Move]:
        same, at = self._around(node)
        for place in (at - 1, at + 1):
            if 0 <= place < len(same):
                yield Move(same[place], "next", _NEXT)

    def _item(self, node: int) -> Iterator[Move]:
        same, at = self._around(node)
        for other in same[max(0, at - _AROUND) : at + _AROUND + 1]:
            if other != node:
                yield Move(other, "item", _ITEM)

    def _duplicate(self, node: int) -> Iterator[Move]:
        for other in self._duplicates.of(node)[:_EACH].tolist():
            yield Move(other, "duplicate", _SAME)

    def _near(self, node: int) -> Iterator[Move]:
        targets, strengths = self.graph.near(node)
        for other, strength in zip(targets.tolist(), strengths.tolist(), strict=True):
            yield Move(other, "near", strength)

    def _value(self, node: int) -> Iterator[Move]:
        yield from self._sharing(node, "value", shared.values)

    def _words(self, node: int) -> Iterator[Move]:
        yield from self._sharing(node, "words", shared.words)

    def _sharing(
        self,
        node: int,
        relation: Relation,
        find: Callable[..., Iterator[shared.Share]],
    ) -> Iterator[Move]:
        nodes = self.graph.nodes
        found = 0
        for share in find(nodes.now, self._record(node)):
            others = nodes.of_row[share.rows]
            for other in np.unique(others[others >= 0]).tolist():
                if nodes.items[other] == nodes.items[node]:
                    continue
                if found >= _EACH:
                    return
                found += 1
                yield Move(other, relation, share.strength, share.why)

    def _record(self, node: int) -> Record:
        """Read what a segment says: the row of its words, if it has one."""
        nodes = self.graph.nodes
        rows = [row for row in (nodes.beside[node], nodes.rows[node]) if row >= 0]
        return read_records(nodes.now, np.array(rows[:1], np.int64))[0]
