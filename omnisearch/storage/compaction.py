"""Several shards become one, without their deleted rows; vectors and codes are copied, never made.

The base generation stays, so what the log says after it holds for the new shards too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from omnisearch.storage import batch, coding, manifest, opening, sealing
from omnisearch.storage.generation import Generation
from omnisearch.storage.manifest import Manifest, ShardEntry
from omnisearch.storage.shard import Coder, Place, Shard, ShardRows, write_shard
from omnisearch.storage.store import Store
from omnisearch.storage.tombs import Mask
from omnisearch.storage.words.loose import joined
from omnisearch_indexes import Codes, merge_codes

TIER = 8  # so many shards of about one size are merged into one
TIER_RATIO = 4
DEAD_SHARE = 0.2
SHARD_ROWS = 4_000_000  # more would make one merge too long and its table too large
SHARD_TABLE_BYTES = 1 << 30
_STEP = 4096

Pick = Callable[[Sequence["Candidate"]], Sequence["Candidate"]]


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A shard, as the manifest lists it now, and the rows of it that would stay."""

    shard: Shard
    entry: ShardEntry
    keep: Mask

    @property
    def dead(self) -> int:
        """Count the rows that would go."""
        return self.shard.rows - int(np.count_nonzero(self.keep))


def everything(candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    """Pick all shards, unless they are one without deleted rows already."""
    small = [one for one in candidates if one.shard.rows < SHARD_ROWS or one.dead]
    if len(small) == 1 and not small[0].dead:
        return []
    return small


def dead_only(candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    """Pick every shard with a deleted row."""
    return [one for one in candidates if one.dead]


def when_due(candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    """Pick shards with many deleted rows, or a tier of shards that grew too many."""
    for one in candidates:
        if one.dead > DEAD_SHARE * one.shard.rows:
            return [one]
    by_size = sorted(candidates, key=lambda one: one.shard.rows)
    for start, smallest in enumerate(by_size):
        tier = [c for c in by_size[start:] if c.shard.rows <= TIER_RATIO * smallest.shard.rows]
        if len(tier) >= TIER and sum(c.shard.rows for c in tier) <= SHARD_ROWS:
            return [one for one in candidates if one in tier]
    return []


def may_be_due(now: Generation) -> bool:
    """Tell from counts alone whether `when_due` could pick any, so that a write wakes no scan."""
    rows = [shard.rows for shard in now.sealed.shards]
    return len(rows) >= TIER or (bool(rows) and now.deleted > DEAD_SHARE * min(rows))


def compact(store: Store, pick: Pick) -> bool:
    """Merge the picked shards; writers wait only while the result is shown."""
    with store.maintaining:
        with store.lock:
            store.check_no_transaction()
            store.begin_writing()
            now = store.state.generation
        candidates = list(_candidates(now))
        picked = pick(candidates)
        if not picked:
            return False
        kept = [one for one in candidates if one not in picked]
        merged = [_merge(store.place, group, now) for group in _groups(picked)]
        before = now.sealed.manifest
        shards = [one.entry for one in kept] + [entry for entry in merged if entry]
        number = manifest.newest(store.root) + 1
        made = replace(before, number=number, shards=tuple(shards))
        _publish(store, made, now)
    return True


def recode(store: Store) -> bool:
    """Train a new codebook where the rows have outgrown the old one."""
    with store.maintaining:
        with store.lock:
            store.check_no_transaction()
            store.begin_writing()
            now = store.state.generation
        coded = coding.ensure_codes(store.place, now, retrain=True)
        if coded.written is None or coded.coder is None:
            return False
        made = replace(
            now.sealed.manifest,
            number=manifest.newest(store.root) + 1,
            shards=tuple(coded.entries),
            codebook=coded.coder.name,
            codebook_file=coded.written,
        )
        _publish(store, made, now)
    return True


def _publish(store: Store, made: Manifest, now: Generation) -> None:
    dead = opening.read_dead(store.place, made)
    sealing.publish(store, made, now, lambda state, sealed: state.swap(sealed, dead))


def _candidates(now: Generation) -> Iterator[Candidate]:
    sealed = now.sealed
    listed = zip(sealed.shards, sealed.manifest.shards, strict=True)
    for (shard, entry), start in zip(listed, now.starts.tolist(), strict=False):
        keep = np.ones(shard.rows, bool)
        dead = now.dead[start : start + shard.rows]
        np.logical_not(dead, out=keep[: len(dead)])
        yield Candidate(shard, entry, keep)


def _groups(picked: Sequence[Candidate]) -> Iterator[list[Candidate]]:
    group: list[Candidate] = []
    rows = size = 0
    for one in picked:
        if group and (
            rows + one.shard.rows > SHARD_ROWS or size + one.shard.table.nbytes > SHARD_TABLE_BYTES
        ):
            yield group
            group, rows, size = [], 0, 0
        group.append(one)
        rows += one.shard.rows
        size += one.shard.table.nbytes
    yield group


def _merge(place: Place, group: Sequence[Candidate], now: Generation) -> ShardEntry | None:
    if not any(one.keep.any() for one in group):
        return None
    coder = now.sealed.coder
    tables = [
        one.shard.table if one.keep.all() else one.shard.table.filter(one.keep) for one in group
    ]
    codes = _codes(place, group, coder) if coder is not None else None
    said = joined([(one.shard.words, one.shard.rows, one.keep) for one in group])
    rows = ShardRows(batch.merge(tables, now.schema), _vectors(group), codes, said)
    return write_shard(place, rows, now.schema, coder)


def _codes(place: Place, group: Sequence[Candidate], coder: Coder) -> Codes | None:
    if place.settings.index == "hnsw":  # graphs cannot be merged, only made
        return coder.codebook.encode(np.concatenate(list(_vectors(group))))
    parts = [(one.shard.codes, one.keep) for one in group if one.shard.codes is not None]
    return merge_codes(parts, coder.codebook) if len(parts) == len(group) else None


def _vectors(group: Sequence[Candidate]) -> Iterator[np.ndarray]:
    for one in group:
        one.shard.touch(None)
        for start in range(0, one.shard.rows, _STEP):
            rows = slice(start, start + _STEP)
            yield one.shard.vectors[rows][one.keep[rows]]
