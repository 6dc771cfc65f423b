"""Derived files that were found damaged, written anew: by whoever writes anyway, behind it.

A reader builds them in memory each time; only truth that is damaged needs a person.
"""

from __future__ import annotations

from dataclasses import replace

from omnisearch.storage import batch, columns, ids, layout, manifest, opening, sealing
from omnisearch.storage.files import Buffer
from omnisearch.storage.generation import Generation
from omnisearch.storage.manifest import ShardEntry
from omnisearch.storage.shard import Shard, write_sibling
from omnisearch.storage.store import Store
from omnisearch.storage.words.file import encode


def is_due(now: Generation) -> bool:
    """Tell whether some derived file did not read; words are opened, if nobody asked for any."""
    return any(shard.words is not None and shard.faulty for shard in now.sealed.shards)


def mend(store: Store) -> bool:
    """Write shards that share all but their damaged files with the old ones."""
    with store.maintaining:
        with store.lock:
            store.check_no_transaction()
            store.begin_writing()
            now = store.state.generation
        if not is_due(now):
            return False
        before = now.sealed.manifest
        pairs = zip(now.sealed.shards, before.shards, strict=True)
        made = replace(
            before,
            number=manifest.newest(store.root) + 1,
            shards=tuple(_mended(store, entry, shard, now) for shard, entry in pairs),
        )
        dead = opening.read_dead(store.place, made)
        sealing.publish(store, made, now, lambda state, sealed: state.swap(sealed, dead))
    return not is_due(store.state.generation)  # else the disk does not keep what is written


def _mended(store: Store, entry: ShardEntry, shard: Shard, now: Generation) -> ShardEntry:
    if not shard.faulty:
        return entry
    anew = {name: _anew(name, shard, now) for name in sorted(shard.faulty)}
    return write_sibling(store.place, entry, anew)


def _anew(name: str, shard: Shard, now: Generation) -> Buffer:
    """Give the bytes of a derived file, of what was built in its place."""
    match name:
        case layout.IDS:
            return b"".join(ids.build(shard.table.column(batch.SEGMENT).to_pylist()))
        case layout.COLUMNS:
            return columns.build(batch.user_columns(shard.table), now.sealed.manifest.schema)
        case layout.WORDS:
            (block,) = shard.words
            return b"".join(encode(block.postings))
    assert name == layout.CODES and shard.codes is not None
    return shard.codes.to_bytes()
