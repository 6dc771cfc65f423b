"""All coded pieces as a few immutable FAISS indexes: a new piece rebuilds only the last ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from omnisearch_indexes.allowed import Allowed
from omnisearch_indexes.codebook import Codebook
from omnisearch_indexes.codes import Codes
from omnisearch_indexes.lists import Candidates, Lists
from omnisearch_indexes.protocol import Mask, Positions, Vectors

_GROWTH = 4  # an index is joined with the next ones once they reach a quarter of it
_LOOKED_AT = 1 << 14  # rows that show whether a filter goes with the lists
_NARROW = 0.3  # of the lists that as many rows from anywhere could be in

Part = tuple[int, Codes]  # the first position of a piece and its codes


@dataclass(frozen=True)
class Group:
    """Pieces that share one FAISS index."""

    parts: tuple[Part, ...]
    lists: Lists

    @property
    def rows(self) -> int:
        """How many rows are in it."""
        return self.lists.rows

    @cached_property
    def own(self) -> NDArray[np.uint16]:
        """The list of each row, from the group's first position on; made when first asked for."""
        begin, last = self.parts[0][0], self.parts[-1]
        own = np.zeros(last[0] + last[1].rows - begin, np.uint16)
        for start, codes in self.parts:
            lists = np.arange(len(codes.counts), dtype=np.uint16)
            order = slice(None) if codes.order is None else codes.order
            own[start - begin : start - begin + codes.rows][order] = np.repeat(lists, codes.counts)
        return own


class Coded:
    """The coded pieces in the order of their positions."""

    def __init__(self, codebook: Codebook, groups: Sequence[Group]) -> None:
        self.codebook = codebook
        self.groups = tuple(groups)
        self.rows = sum(group.rows for group in groups)
        self.listed = sum(group.rows for group in groups if group.lists.lists > 1)
        self.sizes = np.zeros(codebook.lists, np.int64)  # of the lists
        for group in groups:
            if group.lists.lists > 1:
                self.sizes += group.lists.sizes

    @staticmethod
    def of(codebook: Codebook, parts: Sequence[Part], old: Coded | None) -> Coded:
        """Index the parts, taking over each group of `old` that is unchanged and not outgrown."""
        kept: list[Group] = []
        begin = 0
        for group in old.groups if old is not None and old.codebook is codebook else ():
            end = begin + len(group.parts)
            if not _same(parts[begin:end], group.parts):
                break
            kept.append(group)
            begin = end
        fresh = list(parts[begin:])
        while fresh and kept and kept[-1].rows < _GROWTH * sum(codes.rows for _, codes in fresh):
            fresh = [*kept.pop().parts, *fresh]
        return Coded(codebook, [*kept, *_grouped(codebook, fresh)])

    def holding(self, allow: Mask) -> Mask | None:
        """Mark the lists that hold allowed rows; None where chance spread these over most lists."""
        some = self._holding(allow, max(1, len(allow) // _LOOKED_AT))
        found = int(np.count_nonzero(some[0]))
        if found > _NARROW * min(self.codebook.lists, some[1]):
            return None
        return self._holding(allow, 1)[0]

    def _holding(self, allow: Mask, step: int) -> tuple[Mask, int]:
        """Look at one row of so many: which lists they are in, and how many rows are allowed."""
        held, allowed = np.zeros(self.codebook.lists, np.bool_), 0
        for group in self.groups:
            if group.lists.lists > 1:
                begin, end = group.parts[0][0], group.parts[0][0] + len(group.own)
                lists = group.own[::step].take(np.flatnonzero(allow[begin:end:step]))
                held[lists] = True
                allowed += len(lists)
        return held, allowed

    def search(
        self, rotated: Vectors, count: int, probes: Positions | None, allowed: Allowed | None
    ) -> Candidates:
        """Return the closest codes of all groups, best first; unlisted groups are read whole."""
        return self._search(self.groups, rotated, count, probes, allowed)

    def search_listed(
        self, rotated: Vectors, count: int, probes: Positions, allowed: Allowed | None
    ) -> Candidates:
        """Return the closest codes in the probed lists, the unlisted groups left out."""
        listed = [group for group in self.groups if group.lists.lists > 1]
        return self._search(listed, rotated, count, probes, allowed)

    @staticmethod
    def _search(
        groups: Sequence[Group],
        rotated: Vectors,
        count: int,
        probes: Positions | None,
        allowed: Allowed | None,
    ) -> Candidates:
        found = [
            group.lists.search(rotated, count, probes if group.lists.lists > 1 else None, allowed)
            for group in groups
        ]
        if len(found) == 1:
            return found[0]
        closeness = np.concatenate([part[0] for part in found], axis=1)
        positions = np.concatenate([part[1] for part in found], axis=1)
        closeness[positions < 0] = -np.inf
        order = np.argsort(-closeness, axis=1, kind="stable")[:, :count]
        taken = np.take_along_axis(closeness, order, axis=1)
        return taken, np.take_along_axis(positions, order, axis=1)


def _same(parts: Sequence[Part], others: Sequence[Part]) -> bool:
    return len(parts) == len(others) and all(
        start == other_start and codes is other
        for (start, codes), (other_start, other) in zip(parts, others, strict=True)
    )


def _grouped(codebook: Codebook, parts: Sequence[Part]) -> list[Group]:
    """One group for the listed pieces and one for those from before there were lists."""
    groups = []
    for count in sorted({len(codes.counts) for _, codes in parts}):
        alike = tuple(part for part in parts if len(part[1].counts) == count)
        groups.append(Group(alike, Lists(codebook, alike)))
    return groups
