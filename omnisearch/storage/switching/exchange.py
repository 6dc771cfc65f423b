"""The switch itself: one manifest, published as any other, names the shards of another space.

Before it everything is as it was, after it everything is new, and no generation has both.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from omnisearch.errors import CorruptCollectionError, InputError, StorageError
from omnisearch.storage import backup, calibration, catalog, gc, layout, manifest, sealing, verify
from omnisearch.storage.generation import Generation, Mask
from omnisearch.storage.identity import read_identity
from omnisearch.storage.ledger import Ledger
from omnisearch.storage.manifest import Manifest
from omnisearch.storage.mapping import map_file
from omnisearch.storage.shard import Place
from omnisearch.storage.store import Store
from omnisearch.storage.switching import lacking
from omnisearch.storage.switching.lacking import Forgotten
from omnisearch.storage.switching.settling import Done, finish, keep_learnt, remove, settle
from omnisearch.storage.switching.waiting import is_whole

_log = logging.getLogger(__name__)


def switch(store: Store) -> int:
    """Put what was built in place of what is there, which is kept; give the new generation."""
    fault = "no other space is being built: begin one with `omnisearch reencode --encoder`"
    return _exchange(store, layout.NEXT, "switch", fault)


def rollback(store: Store) -> int:
    """Go back to the state before the last switch, so that the next rollback undoes this one."""
    return _exchange(store, layout.PREVIOUS, "rollback", "no state of another space is kept")


def drop_previous(store: Store) -> None:
    """Keep nothing of the state before the last switch."""
    with store.maintaining, store.lock:
        settle(store.root, store.identity)
        previous = store.root / layout.PREVIOUS
        if previous.is_dir():
            remove(previous, store.identity.collection)
            keep_learnt(store.root)


def _exchange(store: Store, name: str, doing: Done, fault: str) -> int:
    with store.maintaining, store.lock:
        store.check_no_transaction()
        store.begin_writing()
        if settle(store.root, store.identity) == doing:  # a process was killed at the end of it
            return store.reading().number
        source = store.root / name
        if not is_whole(source):
            raise InputError(f"{store.root}: {fault}")
        with _opened(source, store) as other:
            try:
                made = _prepared(store, other)
            except StorageError:
                with suppress(StorageError):  # what was begun takes room on a full disk
                    settle(store.root, store.identity)
                    gc.collect(store.root, store.identity)
                raise
            store.replace(made)
        try:
            finish(store.root, store.identity)
            gc.collect(store.root, store.identity)
        except StorageError as error:  # the switch is done; the next one brings this in order
            _log.warning("%s", error)
        return store.reading().number


@contextmanager
def _opened(source: Path, store: Store) -> Iterator[Store]:
    """Open a collection inside as its writer, with all its rows sealed."""
    identity = read_identity(source)
    if identity.collection != store.identity.collection:
        raise InputError(f"{source} belongs to another collection: move it elsewhere")
    with ExitStack() as stack:
        try:
            other = Store(source, identity)
            stack.callback(other.close)
            if other.reading().sealed.manifest.space == store.reading().sealed.manifest.space:
                raise InputError(f"{source} is of the same space as {store.root}")
            sealing.seal(other)
            _check(other)
        except CorruptCollectionError as error:
            raise _damaged(source, error) from error
        yield other


def _check(other: Store) -> None:
    """Refuse to switch to what is damaged: every byte is read."""
    place, made = other.place, other.reading().sealed.manifest
    found = next((one for e in made.shards for one in verify.check_shard(place, e)), None)
    if found is not None:
        raise CorruptCollectionError(f"{found.fault}: {found.remedy}")
    if made.codebook:
        map_file(other.root / layout.CODEBOOKS / f"{made.codebook}.faiss", made.codebook_file)


def _damaged(source: Path, error: CorruptCollectionError) -> CorruptCollectionError:
    """Say how to go on: all of it can be made again, or what is derived."""
    fault, colon, _ = str(error).rpartition(": ")
    remedy = f"run `omnisearch doctor --index {source} --repair`"
    if source.name == layout.NEXT:
        remedy += ", or build it again after `omnisearch reencode --discard`"
    return CorruptCollectionError(f"{fault if colon else error}: {remedy}")


def _prepared(store: Store, other: Store) -> Manifest:
    """Keep what is there now, bring in the files of the other, and give the manifest of both."""
    root, identity = store.root, store.identity
    sealing.seal(store)
    gc.collect(root, identity, kept=1)  # else a file could have the name of one that comes
    backup.snapshot(store, root / layout.LEAVING)
    catalog.forget(root / layout.LEAVING, identity.collection)
    store.write_ledger(lacking.brought(store, other))  # before the switch: its lines name a space
    now, new = store.reading(), other.reading()
    whole = new.sealed.manifest
    bare = [replace(e, deleted=0, tombs=None, tombs_file=None) for e in whole.shards]
    backup.share(other.root, root, replace(whole, shards=tuple(bare)))
    calibration.carry(other.root, root, whole.space)
    number = manifest.newest(root) + 1
    place = Place(root, identity, whole.settings)
    return replace(
        whole,
        number=number,
        base_generation=now.number + 1,
        shards=sealing.with_tombs(place, number, bare, _dead(new, store.read_ledger())),
    )


def _dead(now: Generation, ledger: Ledger) -> Mask:
    """Mark deleted rows, and those of files that were forgotten since they came."""
    dead = np.zeros(now.rows, bool)
    dead[: len(now.dead)] = now.dead
    forgotten = Forgotten.of(ledger)
    gone = {text for text in now.items.locations if forgotten.has(text)}
    for item in {now.items.of_location(text) for text in gone}:
        if item is not None and gone.issuperset(now.items[item].locations):
            dead[now.items.positions(item)] = True
    return dead
