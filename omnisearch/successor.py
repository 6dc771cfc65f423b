"""The collection beside another one, which takes its place: who fills it, and who may do so."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from omnisearch.collection import Collection
from omnisearch.errors import CollectionLockedError, InputError
from omnisearch.ingest.reencoding.forgone import taken_up
from omnisearch.remembered import Remembered, lasting, origin_of
from omnisearch.storage import backup, handle, layout, switching
from omnisearch.storage.identity import read_identity
from omnisearch.storage.store import Store

if TYPE_CHECKING:
    from omnisearch.encoder.encoder import Encoder
    from omnisearch.storage.origin import Origin

_PATIENCE_S, _PAUSE_S = 10.0, 0.2  # for another writer to finish what it writes just now
_guard = threading.Lock()
_busy: set[Path] = set()  # collections that this process encodes anew


@dataclass(frozen=True, slots=True)
class Chosen:
    """The encoder that comes, and what storage keeps of it."""

    encoder: Encoder
    origin: Origin


@contextmanager
def opened(
    collection: Collection | str | Path, encoder: Encoder | None = None
) -> Iterator[Collection]:
    """Take a collection as it is, or open the one at a path, by an encoder if it is the present."""
    if isinstance(collection, Collection):
        yield collection
        return
    path, options = Path(collection), handle.Options(create=False)
    with Collection(path, options) as col:
        if encoder is None or str(encoder.space) != space_of(col):
            yield col
            return
    with Collection(path, options, encoder) as col:
        yield col


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Let one thread of this process change the encoder of a collection; others are refused."""
    real = path.resolve()
    with _guard:
        if real in _busy:
            raise _locked(path)
        _busy.add(real)
    try:
        yield
    finally:
        with _guard:
            _busy.discard(real)


def _locked(path: Path) -> CollectionLockedError:
    fault = f"{path} is encoded anew by another run already"
    return CollectionLockedError(f"{fault}: wait until it is done, or stop it; it can be gone on")


def space_of(col: Collection) -> str:
    """Name the space that answers now; vectors of the user's own cannot be made anew."""
    made = col._handle.origin()
    if made is None:
        col._handle.need()  # says that nothing is stored
    assert made is not None
    return made.space


def chosen_for(store: Store, encoder: Encoder | str | None) -> Chosen:
    """Load the encoder that was named, or the one of the change that was begun."""
    from omnisearch.encoder.encoder import Encoder

    if encoder is None:
        waiting = switching.spaces(store.root).next
        if waiting is None:
            raise InputError(f"{store.root} has no change of encoder under way: name an encoder")
        if waiting.unreadable is not None:
            fault = f"{waiting.path} is damaged ({waiting.unreadable})"
            raise InputError(f"{fault}: give it up with `omnisearch reencode --discard`")
        with Collection(waiting.path, handle.Options(create=False, writable=False)) as after:
            made, encoder = after._handle.origin(), after.encoder
        return Chosen(encoder, origin_of(encoder, None if made is None else made.encoder))
    if isinstance(encoder, str):
        loaded = Encoder.load(encoder)
        return Chosen(loaded, origin_of(loaded, lasting(encoder)))
    return Chosen(encoder, origin_of(encoder))


@contextmanager
def held(store: Store, chosen: Chosen) -> Iterator[Collection]:
    """Hold the collection beside another one as its only writer."""
    settings = replace(store.reading().sealed.manifest.settings, dim=chosen.encoder.dim)
    with _not_empty(store), ExitStack() as stack:
        try:
            taken = _take_up_previous(store, chosen)
            path = switching.begin(store, settings, chosen.origin)
            opening = handle.Options(create=False, origin=chosen.origin)
            after = stack.enter_context(Collection(path, opening, chosen.encoder))
            held = after._handle.need()
            with held.lock:
                held.begin_writing()
            if taken:  # what it went without once, somebody agreed to then
                held.write_ledger(replace(held.read_ledger(), left_out=()))
        except CollectionLockedError as error:
            raise _locked(store.root) from error
        yield after


@contextmanager
def _not_empty(store: Store) -> Iterator[None]:
    """Leave nothing of a run that was refused or failed before anything was encoded."""
    fresh = switching.spaces(store.root).next is None
    try:
        yield
    except Exception:
        waiting = switching.spaces(store.root).next if fresh else None
        if waiting is not None and not done_in(store, waiting.space):
            switching.discard(store)
        raise


def _take_up_previous(store: Store, chosen: Chosen) -> bool:
    """Begin with the state before the last change, where that was of the same encoder."""
    before, path = taken_up(store, chosen.origin.space), store.root / layout.NEXT
    if before is None:
        return False
    if path.exists():  # what was left by a run that was killed just here
        switching.discard(store)
    kept = Store(before.path, read_identity(before.path))
    try:
        backup.snapshot(kept, path)
    finally:
        kept.close()
    return True


@contextmanager
def writing(store: Store) -> Iterator[None]:
    """Be the writer, while nobody else writes, not even what this process does behind writes."""
    with store.maintaining, store.lock:
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                store.begin_writing()
                break
            except CollectionLockedError as error:
                if time.monotonic() > until:
                    told = "everything is encoded, and another process writes"
                    raise CollectionLockedError(f"{told}: switch when it is done") from error
            time.sleep(_PAUSE_S)
        yield


def adopt(col: Collection, chosen: Chosen | None) -> None:
    """Let whoever holds the collection go on with the encoder that it has now."""
    given = None if chosen is None or col._options.origin is None else chosen
    made = None if given is None else given.origin
    col._options = col._handle.options = replace(col._options, origin=made)
    lent = None if chosen is None else chosen.encoder
    col._remembered = Remembered(col._handle, None if given is None else given.encoder, lent)


def done_in(store: Store, space: str) -> frozenset[str]:
    """Name the items that were encoded before."""
    waiting = switching.spaces(store.root).next
    if waiting is None or waiting.space != space:
        return frozenset()
    with Collection(waiting.path, handle.Options(create=False, writable=False)) as after:
        return frozenset(after._handle.need().reading().items)
