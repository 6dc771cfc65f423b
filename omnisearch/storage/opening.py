"""From files to a state: the newest manifest, its shards, and the log behind it.

Reading changes nothing on disk, so it works on a read-only file system and beside a writer.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from omnisearch.errors import CorruptCollectionError
from omnisearch.storage import batch, layout, ledger, locks, log, manifest
from omnisearch.storage.generation import Sealed
from omnisearch.storage.identity import Identity, read_head
from omnisearch.storage.locks import FileLock
from omnisearch.storage.manifest import Manifest
from omnisearch.storage.mapping import map_file
from omnisearch.storage.shard import Coder, Place, Shard
from omnisearch.storage.state import State
from omnisearch.storage.tombs import Mask, read_tombs
from omnisearch_indexes import Codebook, ShardError

_log = logging.getLogger(__name__)
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Opened:
    """A state, the log it was read from, and the lock that keeps its files."""

    place: Place
    state: State
    tail: log.Tail
    pin: FileLock | None


def load(root: Path, identity: Identity, known: Mapping[str, Shard]) -> Opened:
    """Read the newest state; when a writer moves on meanwhile, read again."""
    for attempt in range(_ATTEMPTS):
        number = manifest.newest(root)
        try:
            return _load(root, identity, number, known)
        except (CorruptCollectionError, FileNotFoundError):
            if manifest.newest(root) == number or attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


def _load(root: Path, identity: Identity, number: int, known: Mapping[str, Shard]) -> Opened:
    head = read_head(root, identity)
    if number < head.manifest:
        path = layout.manifest_path(root, head.manifest)
        raise CorruptCollectionError(
            f"{path} is missing: run `omnisearch doctor --index {root} --repair`"
        )
    if ledger.newest(root) < head.ledger:
        path = layout.ledger_path(root / layout.LEDGER, head.ledger)
        raise CorruptCollectionError(
            f"{path} is missing: run `omnisearch doctor --index {root} --repair`"
        )
    pin = locks.pin(layout.pin_path(root, number))
    try:
        found = manifest.read(root, number, identity)
        place = Place(root, identity, found.settings)
        state = make_state(place, found, known)
        tail = log.read_tail(root, identity, found.base_generation, head.generation)
        replay(state, tail.records)
    except BaseException:
        if pin is not None:
            pin.release()
        raise
    return Opened(place, state, tail, pin)


def make_state(place: Place, found: Manifest, known: Mapping[str, Shard]) -> State:
    """Open what a manifest names, as it was sealed."""
    return State(open_sealed(place, found, known), read_dead(place, found))


def open_sealed(place: Place, found: Manifest, known: Mapping[str, Shard]) -> Sealed:
    """Open the shards of a manifest, re-using those that are open already."""
    coder = read_coder(place, found)
    shards = [
        known.get(entry.name) or Shard(place, entry, found.schema, coder) for entry in found.shards
    ]
    return Sealed(place, found, coder, tuple(shards))


def read_dead(place: Place, found: Manifest) -> Mask:
    """Mark the deleted rows of all shards of a manifest."""
    masks = [read_tombs(place, entry) for entry in found.shards]
    return np.concatenate(masks) if masks else np.zeros(0, bool)


def read_coder(place: Place, found: Manifest) -> Coder | None:
    """Read the codebook; damaged, the rows are searched exactly until it is trained again."""
    if found.codebook is None:
        return None
    path = place.root / layout.CODEBOOKS / f"{found.codebook}.faiss"
    try:
        data = map_file(path, found.codebook_file)
        return Coder(found.codebook, Codebook.from_bytes(data))
    except (CorruptCollectionError, ShardError, ValueError) as error:
        _log.warning("%s: rows are searched exactly until the next compaction", error)
        return None


def replay(state: State, records: list[log.Record]) -> None:
    """Apply what the log holds."""
    for number, changes in decoded(state, records):
        state.apply(number, changes)


def decoded(state: State, records: list[log.Record]) -> Iterator[tuple[int, list[batch.Change]]]:
    """Read the changes of log records."""
    settings = state.generation.sealed.manifest.settings
    for record in records:
        yield record.generation, batch.decode(record.payload, settings.dim, settings.dtype)
