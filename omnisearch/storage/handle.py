"""Handles on stores: the same folder opened twice in one process is one store with two handles."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from omnisearch.errors import CollectionNotFoundError, ReadOnlyError, SpaceMismatchError
from omnisearch.schema import Metadata, Schema
from omnisearch.storage import creation, layout, maintenance, origin
from omnisearch.storage.admission import Floats, admit, admit_segments, make_settings
from omnisearch.storage.batch import Segments
from omnisearch.storage.derived import Derived
from omnisearch.storage.identity import read_identity
from omnisearch.storage.locks import FileLock
from omnisearch.storage.maintenance import Maintenance
from omnisearch.storage.manifest import Manifest, Settings
from omnisearch.storage.origin import Origin
from omnisearch.storage.store import Store
from omnisearch.storage.tail import LOOSE_ROWS


@dataclass(frozen=True, slots=True)
class Options:
    """How a collection is opened; None takes what it was made with."""

    create: bool = True
    writable: bool = True
    private: bool = False
    metric: str | None = None
    index: str | None = None
    columns: Mapping[str, str] | None = None
    origin: Origin | None = None
    derived: Derived | None = None  # of what is opened, if it is still the same


class _Shared:
    """A store, its maintenance, and how many handles hold it."""

    def __init__(self, store: Store) -> None:
        self.store, self.holders, self.process = store, 0, os.getpid()
        self.maintenance = Maintenance(store)
        store.on_write = self.maintenance.wake
        store.before_write = self.maintenance.throttle


_open: dict[str, _Shared] = {}
_guard = threading.RLock()  # a collection that nobody closed may be dropped while it is held


def _key(path: Path) -> str:
    return os.path.realpath(path)


class Handle:
    """One user's hold on a collection that may not exist yet."""

    def __init__(self, path: Path, options: Options) -> None:
        self.path, self.options = path, options
        self._shared: _Shared | None = None
        self._closed = False
        self._waiting: ExitStack | None = None
        if self.existing() is None and not (options.create and options.writable):
            read_identity(path)

    def existing(self) -> Store | None:
        """Give the store, or None while there is no collection."""
        if self._closed:
            raise ValueError(f"this handle on {self.path} is closed: open the collection again")
        if self._shared is None and (self.path / layout.FORMAT).exists():
            with _guard:
                self._hold(None)
        elif self._shared is None and not self._may_create:
            read_identity(self.path)
        return None if self._shared is None else self._shared.store

    @property
    def _may_create(self) -> bool:
        return self.options.create and self.options.writable

    def canaries(self) -> Mapping[str, Floats]:
        """Give the vectors that known inputs had when the collection was made, if they are kept."""
        store = self.existing()
        kept = {} if store is None else store.reading().sealed.manifest.canaries
        return origin.unpacked(kept)

    def origin(self) -> Origin | None:
        """Tell which encoder made the collection; None where there is none yet."""
        store = self.existing()
        if store is None:
            return None
        made = store.reading().sealed.manifest
        if made.space == origin.OWN_VECTORS:
            fault = f"{self.path} holds vectors of the user's own, which no encoder made"
            raise SpaceMismatchError(f"{fault}: keep what is encoded in another collection")
        return Origin(made.space, made.settings.dim, self.canaries, made.encoder)

    def need(self) -> Store:
        """Give the store of a collection that must exist."""
        store = self.existing()
        if store is None:
            raise CollectionNotFoundError(f"{self.path} holds nothing yet: store something first")
        return store

    def for_changing(self) -> Store:
        """Give the store for writing to what exists."""
        self.check_writable()
        return self.need()

    def for_storing(self, ids: Sequence[str], vectors: Floats, metadata: Metadata | None) -> Store:
        """Give the store for new vectors; the first ones make the collection, if they are sound."""
        self.check_writable()
        store = self.existing()
        chosen = self.options
        origin.check_dim(vectors.shape[1], chosen.origin)
        if store is not None:
            origin.check(self.path, _space(store), chosen.origin)
            return store
        settings = make_settings(vectors, chosen.metric or "cosine", chosen.index or "auto")
        admit(ids, vectors, metadata, settings, Schema.declare(chosen.columns or {}))
        return self._made(settings, chosen.origin)

    def for_encoding(self, given: Origin, rows: Segments | None = None) -> Store:
        """Give the store for what an encoder makes; an empty collection is made if need be.

        It is not made for rows that are not sound.
        """
        self.check_writable()
        store = self.existing()
        if store is not None:
            origin.check(self.path, _space(store), given)
            return store
        chosen = self.options
        settings = Settings(given.dim, chosen.metric or "cosine", chosen.index or "auto")
        if rows is not None:
            admit_segments(rows, settings, Schema.declare(chosen.columns or {}))
        return self._made(settings, given)

    def _made(self, settings: Settings, given: Origin | None) -> Store:
        declared = dict(self.options.columns or {})
        with _guard:
            if not (self.path / layout.FORMAT).exists():
                first = _first(settings, declared, given)
                lock = creation.create(self.path, first, ignored=self.options.private)
                if lock is not None:
                    self._hold(lock)
        store = self.need()
        if self._waiting is not None:
            self._waiting.enter_context(store.transaction())
        return store

    def _hold(self, writer: FileLock | None) -> None:
        key = _key(self.path)
        shared = _open.get(key)
        if shared is None or shared.process != os.getpid():
            store = Store(self.path, read_identity(self.path), writer)
            shared = _open[key] = _Shared(store)
            if self.options.derived is not None:
                self.options.derived.lend(store.reading().sealed)
        shared.holders += 1
        try:
            self._check_options(shared.store)
        except BaseException:
            shared.holders -= 1
            raise
        self._shared = shared

    def _check_options(self, store: Store) -> None:
        found = store.reading()
        settings, given = found.sealed.manifest.settings, self.options
        if given.origin is not None:
            origin.check(self.path, _space(store), given.origin)
        for name, wanted, made in (
            ("metric", given.metric, settings.metric),
            ("index", given.index, settings.index),
        ):
            if wanted is not None and wanted != made:
                raise SpaceMismatchError(
                    f"{self.path} was made with {name}={made!r}, not {wanted!r}: "
                    f"leave {name} out, or make another collection"
                )
        for name, kind in (given.columns or {}).items():
            known = found.schema.columns.get(name)
            if known != kind:
                raise SpaceMismatchError(
                    f"{self.path} has column {name!r} as {known or 'nothing yet'}, not {kind}: "
                    "columns are declared when a collection is made"
                )

    def check_writable(self) -> None:
        """Refuse to change what was opened for reading."""
        if not self.options.writable:
            raise ReadOnlyError(f"{self.path} is open with mode='r': open it with mode='a'")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what is written inside one generation."""
        self.check_writable()
        store = self.existing()
        with ExitStack() as stack:
            if store is not None:
                stack.enter_context(store.transaction())
            elif self._waiting is not None:
                raise ValueError("a transaction is open already: finish it first")
            else:
                self._waiting = stack
            try:
                yield
            finally:
                self._waiting = None

    def close(self) -> None:
        """Seal a long tail, unless another handle goes on; then drop."""
        shared = self._shared
        if shared is not None:
            shared.store.check_no_transaction()
        if shared is not None and shared.holders == 1 and shared.store.writing:
            if shared.store.tail_rows > LOOSE_ROWS:
                maintenance.seal(shared.store)
        self.drop()

    def drop(self) -> None:
        """Give the hold back; the last one closes the store and frees its lock."""
        self._closed = True
        shared, self._shared = self._shared, None
        if shared is None or shared.process != os.getpid():
            return
        with _guard:
            shared.holders -= 1
            if shared.holders:
                return
            key = _key(self.path)
            if _open.get(key) is shared:
                del _open[key]
        shared.maintenance.stop()
        shared.store.close()


def _space(store: Store) -> str:
    return store.reading().sealed.manifest.space


def _first(settings: Settings, declared: dict[str, str], given: Origin | None) -> Manifest:
    """Make the manifest that a collection begins with."""
    first = Manifest(1, 0, settings, declared, tuple(declared))
    if given is None:
        return first
    packed = origin.packed(given.canaries())
    return replace(first, space=given.space, canaries=packed, encoder=given.encoder)
