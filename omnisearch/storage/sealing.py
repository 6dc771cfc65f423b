"""From log to shard: the tail up to one generation becomes sealed rows, and the log starts anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from omnisearch.storage import batch, coding, files, layout, manifest, opening
from omnisearch.storage.generation import Generation, Sealed
from omnisearch.storage.manifest import Manifest, ShardEntry
from omnisearch.storage.shard import Coder, Place, ShardRows, write_shard
from omnisearch.storage.state import State
from omnisearch.storage.store import Store
from omnisearch.storage.tail import Chunk
from omnisearch.storage.tombs import Mask, write_tombs
from omnisearch.storage.words.loose import joined
from omnisearch_indexes import merge_codes

Show = Callable[[State, Sealed], None]


@dataclass(frozen=True, slots=True)
class Cut:
    """The generation at which the log was cut, and the chunks in front of the cut."""

    generation: Generation
    chunks: tuple[Chunk, ...]


def seal(store: Store) -> bool:
    """Move the tail into a shard; writers wait only while the log is cut and the result shown."""
    with store.maintaining:
        cut = _cut(store)
        before = cut.generation.sealed.manifest
        if cut.generation.number == before.base_generation:
            return False
        place = store.place
        base = cut.generation.number
        number = manifest.newest(store.root) + 1
        made = next_manifest(place, cut.generation, number=number, base=base)
        count = len(cut.chunks)
        publish(store, made, cut.generation, lambda state, sealed: state.seal(sealed, count))
    return True


def next_manifest(place: Place, now: Generation, *, number: int, base: int) -> Manifest:
    """Write the chunks of a generation as a shard, and what is deleted; nothing is published."""
    before = now.sealed.manifest
    coded = coding.ensure_codes(place, now)
    added = _write_chunks(place, now, coded.coder)
    return Manifest(
        number=number,
        base_generation=base,
        settings=before.settings,
        columns=dict(now.schema.columns),
        declared=before.declared,
        shards=with_tombs(place, number, [*coded.entries, *added], now.dead),
        codebook=coded.coder.name if coded.coder else before.codebook,
        codebook_file=coded.written or before.codebook_file,
        space=before.space,
        canaries=before.canaries,
        encoder=before.encoder,
    )


def _cut(store: Store) -> Cut:
    with store.lock:
        store.check_no_transaction()
        store.begin_writing()
        store.state.freeze()
        generation = store.state.generation
        store.show(generation)
        if generation.number > generation.sealed.manifest.base_generation:
            store.rotate_log()
        return Cut(generation, generation.coded.chunks)


def _write_chunks(place: Place, now: Generation, coder: Coder | None) -> list[ShardEntry]:
    chunks = now.coded.chunks
    if not chunks:
        return []
    codes = None
    if coder is not None:
        ready = [c if c.coded_by == coder.name else c.encoded(coder) for c in chunks]
        codes = merge_codes([(c.codes, None) for c in ready if c.codes], coder.codebook)
    table = batch.merge([chunk.table for chunk in chunks], now.schema)
    said = [(chunk.words, chunk.rows, None) for chunk in chunks]
    rows = ShardRows(table, [chunk.vectors for chunk in chunks], codes, joined(said))
    return [write_shard(place, rows, now.schema, coder)]


def with_tombs(
    place: Place, number: int, entries: list[ShardEntry], dead: Mask
) -> tuple[ShardEntry, ...]:
    """Write the bitmap of every shard whose deleted rows changed; `dead` covers their rows."""
    done, start, wrote = [], 0, False
    for entry in entries:
        mask = np.zeros(entry.rows, bool)
        part = dead[start : start + entry.rows]
        mask[: len(part)] = part
        start += entry.rows
        deleted = int(np.count_nonzero(mask))
        if deleted != entry.deleted:
            name, written = write_tombs(place, entry.name, number, mask)
            entry = replace(entry, deleted=deleted, tombs=name, tombs_file=written)
            wrote = True
        done.append(entry)
    if wrote:
        files.sync_folder(place.root / layout.TOMBS)
    return tuple(done)


def publish(store: Store, made: Manifest, now: Generation, show: Show) -> None:
    """Make a manifest durable, open it beside the old one, and let `show` put it in place."""
    manifest.publish(made, store.root, store.identity)
    sealed = _open_next(store, made, now)
    with store.lock:
        if store.state.generation.sealed is now.sealed:
            show(store.state, sealed)
            store.show(store.state.generation)
        else:
            store.reload()
        store.move_pin(made.number)
        store.write_head()


def _open_next(store: Store, made: Manifest, now: Generation) -> Sealed:
    known = {shard.name: shard for shard in now.sealed.shards}
    sealed = opening.open_sealed(store.place, made, known)
    sealed.take_over(now.sealed)
    return sealed
