"""Which rows are of one kind, and which two rows show the two sides of one segment.

Kept with each part, so that a generation costs what its newest rows cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from omnisearch.records import Modality, View
from omnisearch.storage import batch, wholes

if TYPE_CHECKING:
    from omnisearch.storage.generation import Generation

Kinds = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]

_WORDS = batch.VIEWS.index("words")
WORDS = _WORDS * len(batch.MODALITIES)  # the first kind whose rows show what is said
WHOLES = len(batch.VIEWS) * len(batch.MODALITIES)  # the first kind whose rows are means of passages
KINDS = WHOLES + len(batch.MODALITIES)
_PASSAGES = [_WORDS * len(batch.MODALITIES) + batch.MODALITIES.index(m) for m in wholes.PASSAGES]


def kind_of(modality: Modality | None, view: View) -> int:
    """Give the number that rows of one modality and view have."""
    return batch.VIEWS.index(view) * len(batch.MODALITIES) + batch.MODALITIES.index(modality)


def modality_of(kind: int) -> Modality | None:
    """Give the modality of a kind of rows."""
    return batch.MODALITIES[kind % len(batch.MODALITIES)]


def view_of(kind: int) -> View:
    """Give the view of a kind of rows."""
    return "words" if kind >= WHOLES else batch.VIEWS[kind // len(batch.MODALITIES)]


def target_of(kind: int) -> tuple[Modality, View]:
    """Give as what rows of a kind are compared; what has no modality counts as text."""
    return modality_of(kind) or "text", view_of(kind)


@dataclass(frozen=True)
class PartSides:
    """The kind of each row of a part, and the row of its other side there, -1 where none is."""

    tables: Sequence[pa.RecordBatch]
    kinds: Kinds
    others: Rows | None  # None where no row has one
    alone: Positions  # rows of words beside a content that is not in this part

    def of(self, tables: Sequence[pa.RecordBatch]) -> PartSides:
        """Give the same of equal tables, with what was made of these."""
        other = replace(self, tables=tables)
        other.__dict__["items"] = self.items
        return other

    @property
    def passages(self) -> Mask:
        """Mark the rows that are passages of texts and documents."""
        return np.isin(self.kinds, _PASSAGES)

    @cached_property
    def wholes(self) -> wholes.PartWholes | None:
        """Tell which rows are means of the passages of their item; None where none is."""
        means = np.flatnonzero(self.kinds >= WHOLES)
        return wholes.of_part(self, self.passages, means) if len(means) else None

    @cached_property
    def items(self) -> Rows:
        """Number the items of the rows, for questions: reading their names takes longer."""
        names = [
            pc.coalesce(table.column(batch.ITEM), table.column(batch.SEGMENT))
            for table in self.tables
        ]
        named = pa.chunked_array(names, pa.string()).combine_chunks().dictionary_encode()
        return np.asarray(named.indices.to_numpy(zero_copy_only=False), np.int32)


def sides_of(tables: Sequence[pa.RecordBatch]) -> PartSides:
    """Look at the rows of a part."""
    views, modalities = (_column(tables, at) for at in (batch.VIEW, batch.MODALITY))
    kinds = views * np.uint8(len(batch.MODALITIES)) + modalities
    _mark_wholes(tables, kinds)
    words = np.flatnonzero(kinds // len(batch.MODALITIES) == _WORDS)
    none = np.zeros(0, np.int64)
    if not len(words):
        return PartSides(tables, kinds, None, none)
    names = pa.chunked_array([table.column(batch.SEGMENT) for table in tables], pa.string())
    said = names.take(pa.array(words)).combine_chunks()
    marked = pc.ends_with(said, batch.WORDS_MARK).to_numpy(zero_copy_only=False)
    words = words[marked]
    if not len(words):
        return PartSides(tables, kinds, None, none)
    segments = pc.utf8_slice_codeunits(said.filter(pa.array(marked)), 0, -len(batch.WORDS_MARK))
    content = np.flatnonzero(kinds < WORDS)[::-1]  # the last row of an id is the one that lives
    shown = names.take(pa.array(content)).combine_chunks()
    found = pc.index_in(segments, value_set=shown).fill_null(-1).to_numpy(zero_copy_only=False)
    there = found >= 0
    others = np.full(len(kinds), -1, np.int32)
    others[words[there]] = content[found[there]]
    others[content[found[there]]] = words[there]
    return PartSides(tables, kinds, others, words[~there])


def _mark_wholes(tables: Sequence[pa.RecordBatch], kinds: Kinds) -> None:
    first = 0
    for table in tables:
        marked, own = wholes.is_whole(table), kinds[first : first + table.num_rows]
        first += table.num_rows
        if marked is not None:
            own[marked] = WHOLES + own[marked] % len(batch.MODALITIES)


def _column(tables: Sequence[pa.RecordBatch], at: int) -> Kinds:
    arrays = [table.column(at).to_numpy(zero_copy_only=False) for table in tables]
    return np.concatenate([np.zeros(0, np.uint8), *arrays])


class Sides:
    """The kinds and the other sides of all rows of one generation."""

    def __init__(self, now: Generation) -> None:
        parts = [part.sides for part in now.parts]
        self.kinds: Kinds = np.concatenate([np.zeros(0, np.uint8), *(one.kinds for one in parts)])
        self.others = _others(now, parts)
        self._present = now.present
        self._parts = parts
        self._masks: dict[int, Mask] = {}

    @cached_property
    def _counts(self) -> dict[int, int]:
        kinds = self.kinds if self._present is None else self.kinds[self._present]
        counts = np.bincount(kinds, minlength=KINDS)
        return {kind: int(counts[kind]) for kind in np.flatnonzero(counts).tolist()}

    @cached_property
    def counts(self) -> dict[int, int]:
        """Count the rows of each kind that are found."""
        return {kind: count for kind, count in self._counts.items() if kind < WHOLES}

    @cached_property
    def means(self) -> dict[int, int]:
        """Count the rows of each kind that are means of passages."""
        return {kind: count for kind, count in self._counts.items() if kind >= WHOLES}

    @cached_property
    def passages(self) -> Mask:
        """Mark the rows that are passages of texts and documents."""
        return np.concatenate([np.zeros(0, bool), *(one.passages for one in self._parts)])

    @cached_property
    def _bits(self) -> npt.NDArray[np.uint64]:
        """Pack the rows of each kind that has some (kinds, rows / 64)."""
        return np.stack([_packed(self.kinds == kind) for kind in self._counts])

    def counted(self, rows: Mask) -> dict[int, int]:
        """Count the rows of each kind among some that are found; packed, they are read sooner."""
        if not self._counts:
            return {}
        counts = np.bitwise_count(self._bits & _packed(rows)).sum(axis=1, dtype=np.int64)
        return dict(zip(self._counts, counts.tolist(), strict=True))

    def mask(self, kind: int) -> Mask | None:
        """Mark the rows of a kind that are found; None where that is every row."""
        if kind not in self._masks:
            mask = self.kinds == kind
            self._masks[kind] = mask if self._present is None else mask & self._present
        return None if self.counts.get(kind) == len(self.kinds) else self._masks[kind]


def _packed(rows: Mask) -> npt.NDArray[np.uint64]:
    bits = np.zeros(-(-len(rows) // 64) * 8, np.uint8)
    bits[: -(-len(rows) // 8)] = np.packbits(rows)
    return bits.view(np.uint64)


def _others(now: Generation, parts: Sequence[PartSides]) -> Rows | None:
    if all(one.others is None and not len(one.alone) for one in parts):
        return None
    found = np.full(now.rows, -1, np.int32)
    starts = now.starts.tolist()
    alone = [np.zeros(0, np.int64)]
    for one, start in zip(parts, starts, strict=False):
        if one.others is not None:
            here = found[start : start + len(one.kinds)]
            np.add(one.others, start, out=here, where=one.others >= 0)
        alone.append(one.alone + start)
    lost = np.concatenate(alone)
    if now.alive is not None:
        found[(found >= 0) & ~now.alive[found]] = -1
        divided = np.flatnonzero((found < 0) & now.alive & _is_words(parts))
        lost = np.unique(np.concatenate([lost[now.alive[lost]], divided]))
    _find_apart(now, lost, found)
    return found


def _is_words(parts: Sequence[PartSides]) -> Mask:
    """Mark rows that stood beside another side in their part."""
    masks = [
        np.zeros(len(one.kinds), bool)
        if one.others is None
        else (one.others >= 0) & (one.kinds >= WORDS)
        for one in parts
    ]
    return np.concatenate([np.zeros(0, bool), *masks])


def _find_apart(now: Generation, words: Positions, found: Rows) -> None:
    """Look up by id the content of words that were written in another part."""
    names = [now.id_at(position).removesuffix(batch.WORDS_MARK) for position in words.tolist()]
    content = now.find(names)
    there = content >= 0
    found[words[there]] = content[there]
    found[content[there]] = words[there]
