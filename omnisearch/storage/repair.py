"""Mending a damaged collection, with nothing lost where truth or log still have it.

What cannot be had back is named in the report, row by count, before it goes.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from omnisearch.errors import CorruptCollectionError
from omnisearch.locations import Location, Root
from omnisearch.records import RepairReport, VerifyReport
from omnisearch.storage import (
    creation,
    files,
    gc,
    layout,
    ledger,
    locks,
    log,
    manifest,
    opening,
    sealing,
    verify,
)
from omnisearch.storage.generation import Generation
from omnisearch.storage.identity import Head, Identity, encode_head, read_head, read_identity
from omnisearch.storage.ledger import Ledger
from omnisearch.storage.manifest import Manifest, ShardEntry
from omnisearch.storage.mapping import map_file
from omnisearch.storage.shard import Coder, Place, Shard, ShardRows, write_shard, write_sums
from omnisearch.storage.switching import settling
from omnisearch.storage.tombs import read_tombs

_log = logging.getLogger(__name__)


def doctor(path: str | Path) -> VerifyReport:
    """Check every byte of a collection, changing nothing."""
    return verify.verify(Path(path))


def reclaim(path: str | Path) -> int:
    """Remove what no reader and no manifest needs; give the bytes freed."""
    root = Path(path)
    identity = read_identity(root)
    lock = locks.lock_writer(root)
    try:
        settling.settle(root, identity)
        return gc.collect(root, identity, unfinished=True)
    finally:
        lock.release()


def repair(path: str | Path) -> RepairReport:
    """Mend what the doctor finds; the report says how many rows and generations are gone."""
    root = Path(path)
    _mend_format(root)
    identity = read_identity(root)
    before = verify.verify(root)
    if before.ok:
        return RepairReport(True, (), 0, 0, 0)
    lock = locks.lock_writer(root)
    try:
        _mend_small_files(root)
        found = _newest_readable(root, identity)
        place = Place(root, identity, found.settings)
        mended, lost_rows = _mended(place, found)
        generation, lost_generations = _replayed(place, mended)
        _publish(place, generation, generation.number + lost_generations)
    finally:
        lock.release()
    after = verify.verify(root)
    mended_count = len(before.problems) - len(after.problems)
    return RepairReport(after.ok, after.problems, mended_count, lost_rows, lost_generations)


def _mend_format(root: Path) -> None:
    """Write FORMAT again where it is lost or damaged and a manifest still says whose it is."""
    try:
        read_identity(root)
    except CorruptCollectionError:
        lock = locks.lock_writer(root)
        try:
            _mend_small_files(root)
            made = Identity(manifest.owner(root), files.probe_publishing(root / layout.TMP))
            files.remove(root / layout.FORMAT, missing_ok=True)
            creation.finish(root, made)
        finally:
            lock.release()


def _mend_small_files(root: Path) -> None:
    for name in layout.FOLDERS:
        if not (root / name).is_dir():
            files.make_folder(root / name)
    ignore = root / layout.IGNORE
    if ignore.exists() and ignore.read_bytes() != creation.IGNORE_TEXT:
        files.remove(ignore)
        files.write_file(ignore, [creation.IGNORE_TEXT], mode=0o600)
    files.sync_folder(root)


def _newest_readable(root: Path, identity: Identity) -> Manifest:
    for number in reversed(layout.numbers(root / layout.MANIFESTS, ".json")):
        try:
            return manifest.read(root, number, identity)
        except CorruptCollectionError as error:
            _log.warning("%s", error)
    raise CorruptCollectionError(f"{root} has no manifest that reads: restore it from a snapshot")


def _mended(place: Place, found: Manifest) -> tuple[Manifest, int]:
    """Write anew every shard with a fault; gives the manifest with them, and the rows lost."""
    coder = opening.read_coder(place, found)
    if coder is None:
        found = replace(found, codebook=None, codebook_file=None)
    entries, lost = [], 0
    for entry in found.shards:
        if not any(verify.check_shard(place, entry)):
            entries.append(entry)
            continue
        sound, gone = _mended_shard(place, entry, found, coder)
        lost += gone
        if sound is not None:
            entries.append(sound)
    return replace(found, shards=tuple(entries)), lost


def _mended_shard(
    place: Place, entry: ShardEntry, found: Manifest, coder: Coder | None
) -> tuple[ShardEntry | None, int]:
    try:
        dead = read_tombs(place, entry)
    except CorruptCollectionError:
        dead = np.zeros(entry.rows, bool)  # deleted rows come back rather than others going
    try:
        shard = Shard(place, _with_sums(place, entry), found.schema, coder)
    except CorruptCollectionError as error:
        _log.warning("%s", error)
        return None, entry.rows - int(np.count_nonzero(dead))
    bad = shard.unsound_rows()
    keep = ~(bad | dead)
    if not keep.any():
        return None, int(np.count_nonzero(bad & ~dead))
    codes = coder.codebook.encode(shard.vectors[keep]) if coder is not None else None
    rows = ShardRows(shard.table.filter(keep), [shard.vectors[keep]], codes)
    return write_shard(place, rows, found.schema, coder), int(np.count_nonzero(bad & ~dead))


def _with_sums(place: Place, entry: ShardEntry) -> ShardEntry:
    """Make block sums anew where only they are damaged; they say nothing that a file does not."""
    try:
        map_file(place.shard(entry.name) / layout.VECTOR_SUMS, entry.files.get(layout.VECTOR_SUMS))
    except CorruptCollectionError:
        return write_sums(place, entry)
    return entry


def _replayed(place: Place, mended: Manifest) -> tuple[Generation, int]:
    """Apply what the log still has; gives the state, and how many generations do not read."""
    try:
        acknowledged = read_head(place.root, place.identity).generation
    except CorruptCollectionError:
        acknowledged = 0
    state = opening.make_state(place, mended, {})
    records = log.salvage(place.root, place.identity, mended.base_generation)
    opening.replay(state, records)
    state.freeze()
    newest = log.newest_generation(place.root)
    return state.generation, max(0, max(acknowledged, newest) - state.generation.number)


def _mend_ledger(root: Path, identity: Identity, now: Generation) -> int:
    """Go back to the newest ledger that reads, if the newest does not; give its number.

    Roots that rows name and no ledger has keep their numbers, under no path.
    """
    numbers = ledger.numbers(root)
    reached = max([_acknowledged_ledger(root, identity), *numbers])
    found = Ledger()
    for number in reversed(numbers):
        with suppress(CorruptCollectionError):
            found = ledger.read(root, number, identity)
            if number == reached:
                return reached
            break
    if not reached:
        return 0
    known = {root.number for root in found.roots}
    lost = {Location.parse(one).root for one in now.items.locations} - known
    roots = (*found.roots, *(Root(number, b"", 0, "folder") for number in sorted(lost)))
    ledger.write(root, reached + 1, identity, replace(found, roots=roots))
    ledger.remove_old(root, kept=1)
    return reached + 1


def _acknowledged_ledger(root: Path, identity: Identity) -> int:
    try:
        return read_head(root, identity).ledger
    except CorruptCollectionError:
        return 0


def _publish(place: Place, now: Generation, base: int) -> None:
    root, identity = place.root, place.identity
    taken = [
        *layout.numbers(root / layout.MANIFESTS, ".json"),
        *layout.numbers(root / layout.MANIFESTS, ".pin"),
    ]
    books = _mend_ledger(root, identity, now)
    made = sealing.next_manifest(place, now, number=max(taken) + 1, base=base)
    manifest.publish(made, root, identity)
    for number in layout.numbers(root / layout.LOG, ".log"):
        if number > base:
            files.remove(layout.log_path(root, number))
    log.create(root, identity, base + 1).close()
    files.remove(root / layout.HEAD, missing_ok=True)
    head = encode_head(identity, Head(base, made.number, books))
    files.write_file(root / layout.HEAD, [head], mode=0o600)
    files.sync_folder(root)
    gc.collect(root, identity, kept=1, unfinished=True)
