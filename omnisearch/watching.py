"""Following folders: a collection is kept as they are, until it is told to stop."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from omnisearch.collection import Collection
from omnisearch.errors import CollectionLockedError, CollectionNotFoundError, InputError
from omnisearch.estimating import target_of
from omnisearch.ingest.options import Options
from omnisearch.locations import joined, shown
from omnisearch.storage import handle, locks
from omnisearch.storage.catalog import folder_of

if TYPE_CHECKING:
    from uuid import UUID

    from omnisearch.encoder.encoder import Encoder
    from omnisearch.ingest.following.follower import WatchEvent
    from omnisearch.ingest.lazy import Lazy
    from omnisearch.ingest.options import IngestOptions, PathLike
    from omnisearch.ingest.plan import Plan
    from omnisearch.ingest.report import IngestReport
    from omnisearch.ingest.roots import Visit
    from omnisearch.ingest.stages import Show
    from omnisearch.media.pool.pool import Pool

_POLL_S = 30.0  # between looks, where the system has no room for watches


def watch(
    collection: str | Path,
    *paths: PathLike,
    on_event: Callable[[WatchEvent], object] | None = None,
    stop: threading.Event | None = None,
    encoder: Encoder | None = None,
    poll_s: float | None = None,
    private: bool = False,
    progress: Show | None = None,
    **options: Unpack[IngestOptions],
) -> None:
    """Take in files, then follow their folders and take in what changes, until `stop` is set.

    Without a path, everything that was taken in before is followed. The collection is held only
    while something is written, so others can write between. `poll_s` looks at everything that
    often, for file systems that tell of no changes. A collection that is gone ends it with
    CollectionNotFoundError, and is not made again.
    """
    from omnisearch.ingest.following.follower import Follower, WatchEvent
    from omnisearch.ingest.following.listening import Listener
    from omnisearch.ingest.following.pending import Pending

    if poll_s is not None and not 0 < poll_s < float("inf"):
        raise InputError(f"poll_s is {poll_s}: a number of seconds above 0")
    tell = on_event or (lambda event: None)
    stop = stop or threading.Event()
    runs = _Runs(
        Path(collection), paths, handle.Options(private=private), options, encoder, progress
    )
    pending = Pending()
    places = runs.places()
    if poll_s is not None:
        with runs.alone():
            return Follower(runs, pending, tell, stop, poll_s).run()
    listener = Listener(places, pending, [runs.path])
    with runs.alone(), listener:
        if listener.full:
            told = f"too many folders to be told of each: all are looked at every {_POLL_S:.0f} s; "
            told += "sysctl fs.inotify.max_user_watches=1048576 makes room"
            tell(WatchEvent("trouble", told))
        every_s = _POLL_S if listener.full else None
        Follower(runs, pending, tell, stop, every_s).run()


class _Runs:
    """The runs of one watch; each opens the collection, and lets it go."""

    def __init__(
        self,
        path: Path,
        named: tuple[PathLike, ...],
        opening: handle.Options,
        options: IngestOptions,
        encoder: Encoder | None,
        progress: Show | None,
    ) -> None:
        self.path = Path(os.path.realpath(path))
        self._named, self._opening, self._options = named, opening, options
        self._encoder, self._progress = encoder, progress
        self._followed: UUID | None = None  # the collection, once it is there
        self._loaded: Encoder | None = None  # by the name that the collection keeps
        self._scopes: tuple[Visit, ...] = ()
        self._decoders: Lazy[Pool] | None = None  # kept, since their start takes longest

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Refuse to follow for a collection for which another process does."""
        from omnisearch.ingest.decoders import close

        with self._open() as col:
            store = col._storing()
            self._followed = store.identity.collection
            folder = folder_of(store.root, self._followed)
        self._opening = replace(self._opening, create=False)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        held = locks.lock_watcher(folder / "watch.lock")
        if held is None:
            fault = f"{self.path} is followed by another process already"
            raise CollectionLockedError(f"{fault}: stop that one first")
        try:
            yield
        finally:
            held.release()
            if self._decoders is not None:
                close(self._decoders)

    def places(self) -> Mapping[bytes, bool]:
        """Give what is followed: absolute paths, and whether they are folders."""
        from omnisearch.ingest.plan import planned

        with self._open() as col:
            self._scopes = planned(target_of(col), self._named, Options.of(self._options)).visits
        places = [joined(one.root.path, one.beneath) for one in self._scopes]
        return {path: os.path.isdir(path) for path in places}  # noqa: PTH112 - bytes

    def absent(self) -> frozenset[bytes]:
        """Give what is followed and not there just now."""
        paths = (joined(one.root.path, one.beneath) for one in self._scopes)
        return frozenset(path for path in paths if not os.path.lexists(path))

    def whole(self) -> IngestReport:
        """Look at everything that is there."""
        absent = self.absent()
        if self._named and not absent:
            wanted = self._named
        else:
            paths = (joined(one.root.path, one.beneath) for one in self._scopes)
            wanted = tuple(path for path in paths if path not in absent)
        if not wanted:
            raise InputError(f"{', '.join(map(shown, sorted(absent)))} is not there")
        from omnisearch.ingest.plan import planned

        with self._open() as col:
            options = Options.of(self._options)
            return self._carried_out(col, planned(target_of(col), wanted, options), self._progress)

    def part(self, paths: frozenset[bytes]) -> IngestReport:
        """Look at what changed."""
        from omnisearch.ingest.following import scope
        from omnisearch.ingest.plan import Plan

        with self._open() as col:
            ledger = target_of(col).ledger()
            visits = scope.visits(paths, self._scopes, ledger.roots)
            return self._carried_out(col, Plan(visits, ledger, partial=True))

    def _carried_out(self, col: Collection, plan: Plan, show: Show | None = None) -> IngestReport:
        """Do what is planned, with the decoders of the last run; a run that fails ends them."""
        from omnisearch.ingest import bounds, ingest
        from omnisearch.ingest.decoders import close, decoders

        options = Options.of(self._options)
        kept, self._decoders = self._decoders or decoders(bounds.of(options)), None
        try:
            report = ingest.carried_out(target_of(col), plan, options, show, kept=kept)
        except BaseException:
            close(kept)
            raise
        self._decoders = kept
        return col._calibrating.now(report)

    @contextmanager
    def _open(self) -> Iterator[Collection]:
        with Collection(self.path, self._opening, self._encoder, lent=self._loaded) as col:
            self._check(col)
            yield col
            self._loaded = col._remembered.loaded or self._loaded

    def _check(self, col: Collection) -> None:
        """Refuse a collection that came in place of the one that is followed."""
        store = col._handle.existing()
        if self._followed not in (None, store and store.identity.collection):
            fault = f"{self.path} is another collection now"
            raise CollectionNotFoundError(f"{fault}: begin a new watch to follow for that one")
