"""The space that is being built: begun, taken up again, and given up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from omnisearch.errors import InputError, SpaceMismatchError
from omnisearch.locations import Location
from omnisearch.storage import catalog, creation, layout
from omnisearch.storage.identity import read_identity
from omnisearch.storage.ledger import Ledger
from omnisearch.storage.manifest import Manifest, Settings
from omnisearch.storage.origin import Origin, packed
from omnisearch.storage.store import Store
from omnisearch.storage.switching.settling import is_settled, remove_alone, settle
from omnisearch.storage.switching.waiting import is_whole


def begin(store: Store, settings: Settings, origin: Origin) -> Path:
    """Make an empty collection for vectors of another space, or take up the one that is there.

    It has the identity, the columns, the folders and the forgotten places of the one around it.
    """
    path = store.root / layout.NEXT
    if not is_settled(store.root):
        with store.maintaining, store.lock:
            store.begin_writing()
            settle(store.root, store.identity)
    now = store.reading()
    if now.sealed.manifest.space == origin.space:
        fault = f"{store.root} holds vectors of {origin.space} already"
        raise InputError(f"{fault}: name another encoder")
    if path.is_dir() and not is_whole(path):
        remove_alone(path, store.identity.collection)
    if not is_whole(path):
        _make(store, path, settings, origin)
    _take_up(store, path, settings, origin)
    return path


def _make(store: Store, path: Path, settings: Settings, origin: Origin) -> None:
    now = store.reading()
    first = Manifest(
        number=1,
        base_generation=0,
        settings=settings,
        columns=dict(now.schema.columns),
        declared=now.sealed.manifest.declared,
        space=origin.space,
        canaries=packed(origin.canaries()),
        encoder=origin.encoder,
    )
    own = store.identity.collection
    lock = creation.create(path, first, ignored=False, collection=own)
    if lock is not None:
        lock.release()
        catalog.forget(path, own)


def _take_up(store: Store, path: Path, settings: Settings, origin: Origin) -> None:
    scratch = Store(path, read_identity(path))
    try:
        made = scratch.reading().sealed.manifest
        if made.space != origin.space or made.settings != settings:
            there, wanted = (
                f"{space} ({one.metric}, {one.index})"
                for space, one in ((made.space, made.settings), (origin.space, settings))
            )
            raise SpaceMismatchError(
                f"{path} is being filled with vectors of {there}, not of {wanted}: go on with that "
                "encoder, or give it up with `omnisearch reencode --discard`"
            )
        scratch.write_ledger(_ledger(store.read_ledger(), scratch.read_ledger()))
    finally:
        scratch.close()


def _ledger(around: Ledger, own: Ledger) -> Ledger:
    """Give the folders and forgotten places of now, and what the space itself has told of."""
    known = {root.number for root in around.roots}
    failures = {
        text: one for text, one in own.failures.items() if Location.parse(text).root in known
    }
    return replace(around, failures=failures, left_out=own.left_out)


def discard(store: Store) -> int:
    """Give up what is being built; gives the bytes freed. Nobody may be filling it."""
    path = store.root / layout.NEXT
    return remove_alone(path, store.identity.collection) if path.is_dir() else 0
