"""The newest generation and the means to make the next: what a writer changes and a reader follows.

The caller holds the store's lock for everything here; generations handed out stay true without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from omnisearch.schema import Schema, kind_of
from omnisearch.storage import batch
from omnisearch.storage.batch import Batch, Change
from omnisearch.storage.generation import Coded, Generation, Mask, Sealed
from omnisearch.storage.tail import LOOSE_ROWS, Chunk, Loose, TailIds


class State:
    """Applies changes, one generation each."""

    def __init__(self, sealed: Sealed, dead: Mask) -> None:
        manifest = sealed.manifest
        self._settings = manifest.settings
        self._loose = Loose(self._settings.dim, self._settings.dtype)
        self._tail_ids = TailIds()
        # Deletes behind the base generation. Those of tail rows count too: a seal under way may
        # have cut the log before them.
        self.lost: list[tuple[int, tuple[str, ...]]] = []
        self.generation = Generation(
            number=manifest.base_generation,
            schema=manifest.schema,
            coded=Coded(sealed),
            loose=self._loose.view(),
            tail_ids=self._tail_ids,
            dead=dead,
            deleted=int(np.count_nonzero(dead)),
        )

    def apply(self, number: int, changes: Sequence[Change]) -> Generation:
        """Make the next generation."""
        for change in changes:
            if change.deleted:
                self._delete(number, change.deleted)
            if change.added is not None:
                self._add(change.added)
        self.generation = replace(self.generation, number=number)
        return self.generation

    def _delete(self, number: int, names: tuple[str, ...]) -> None:
        now = self.generation
        positions = now.find(names)
        positions = np.unique(positions[positions >= 0])
        if not len(positions):
            return
        dead = np.zeros(now.rows, bool)
        dead[: len(now.dead)] = now.dead
        dead[positions] = True
        self.lost.append((number, names))
        deleted = now.deleted + len(positions)
        self.generation = replace(now, dead=dead, deleted=deleted)

    def _add(self, added: Batch) -> None:
        now = self.generation
        self._tail_ids.add(added.ids, now.rows - now.sealed.rows)
        self._loose.append(added)
        schema = _extended(now.schema, added)
        self.generation = replace(now, schema=schema, loose=self._loose.view())

    def freeze(self) -> None:
        """Turn the loose rows into a chunk, not yet coded; positions stay."""
        now = self.generation
        if not now.loose.rows:
            return
        chunk = self._loose.freeze(now.schema)
        self._loose = Loose(self._settings.dim, self._settings.dtype)
        coded = replace(now.coded, chunks=(*now.coded.chunks, chunk))
        self.generation = replace(now, coded=coded, loose=self._loose.view())

    def code_tail(self) -> Generation:
        """Code what a reader met in the log, where no maintenance of its own does it."""
        coder = self.generation.sealed.coder
        if coder is not None and self.generation.loose.rows >= LOOSE_ROWS:
            self.freeze()
            chunk = self.generation.coded.chunks[-1]
            self.replace_chunk(chunk, chunk.encoded(coder))
        return self.generation

    def replace_chunk(self, old: Chunk, new: Chunk) -> None:
        """Put a chunk with codes in place of the same rows without."""
        now = self.generation
        chunks = tuple(new if chunk is old else chunk for chunk in now.coded.chunks)
        self.generation = replace(now, coded=replace(now.coded, chunks=chunks))

    def seal(self, sealed: Sealed, chunks_sealed: int) -> None:
        """Count the first chunks among the shards from now on; positions stay."""
        now = self.generation
        chunks = now.coded.chunks[chunks_sealed:]
        self._tail_ids = TailIds()
        first = 0
        for table in [*(chunk.table for chunk in chunks), *now.loose.tables]:
            self._tail_ids.add(table.column(batch.SEGMENT).to_pylist(), first)
            first += table.num_rows
        base = sealed.manifest.base_generation
        self.lost = [(number, names) for number, names in self.lost if number > base]
        coded = Coded(sealed, chunks)
        self.generation = replace(now, coded=coded, tail_ids=self._tail_ids)

    def swap(self, sealed: Sealed, dead: Mask) -> None:
        """Put other shards in place of the sealed ones; `dead` marks their rows as published."""
        now = self.generation
        tail = now.dead[now.sealed.rows :]
        coded = Coded(sealed, _relabelled(now, sealed))
        whole = np.concatenate([dead, tail])
        moved = replace(now, coded=coded, dead=whole)
        positions = moved.find_sealed([name for _, names in self.lost for name in names])
        whole[positions[positions >= 0]] = True
        self.generation = replace(moved, deleted=int(np.count_nonzero(whole)))


def _relabelled(now: Generation, sealed: Sealed) -> tuple[Chunk, ...]:
    """Let chunks keep their codes when the codebook only got other lists."""
    old, new = now.sealed.coder, sealed.coder
    if old is None or new is None or old.name == new.name:
        return now.coded.chunks
    return tuple(
        chunk.relabelled(new.name) if chunk.coded_by == old.name else chunk
        for chunk in now.coded.chunks
    )


def _extended(schema: Schema, added: Batch) -> Schema:
    """Add the columns of a batch; a column that is float already stays so."""
    fields = batch.user_columns(added.table).schema
    kinds = {column.name: kind_of(column) for column in fields}
    wider = {
        name: kind
        for name, kind in kinds.items()
        if schema.columns.get(name) not in (kind, "float")
    }
    return schema.with_columns(wider) if wider else schema
