"""Another encoder for a collection: built beside it, compared with it, and switched to at once."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack, cast

from omnisearch.collection import Collection
from omnisearch.errors import InputError, StorageError
from omnisearch.estimating import target_of
from omnisearch.ingest.options import IngestOptions, Options, ReadingOptions
from omnisearch.ingest.reencoding.forgone import forgone, missed, newer, refuse, unable_of
from omnisearch.ingest.reencoding.omissions import Omissions, allowed
from omnisearch.ingest.reencoding.report import (
    ReencodeEstimate,
    ReencodeReport,
    ReencodeStatus,
    SpaceStatus,
    Unable,
    named,
)
from omnisearch.storage import handle, switching
from omnisearch.successor import (
    Chosen,
    adopt,
    alone,
    chosen_for,
    done_in,
    held,
    opened,
    space_of,
    writing,
)

if TYPE_CHECKING:
    from omnisearch.encoder.encoder import Encoder
    from omnisearch.ingest.reencoding.building import Building
    from omnisearch.ingest.stages import Show
    from omnisearch.storage.store import Store
    from omnisearch.storage.switching import Waiting

_PASSES = 3  # over what changed meanwhile, before the last one, which others wait for


class ReencodeOptions(ReadingOptions, total=False):
    """How files are read; as for `Collection.ingest`."""


def reencode(
    collection: Collection | str | Path,
    encoder: Encoder | str | None = None,
    *,
    switch: bool = True,
    from_words: bool = False,
    leave_out: bool = False,
    progress: Show | None = None,
    **options: Unpack[ReencodeOptions],
) -> ReencodeReport:
    """Encode everything by another encoder beside what is there, then answer by it at once.

    It reads the files again; what is finished when it is stopped is kept, and the same call goes
    on. Until the last moment nothing of the collection changes, and others may use it. Without an
    `encoder` it goes on with the one that was begun.
    """
    begun, asked = time.monotonic(), _asked(options)
    with opened(collection) as col, alone(col.path):
        store = col._handle.for_changing()
        store.check_no_transaction()
        before = space_of(col)
        chosen = chosen_for(store, encoder)
        if chosen.origin.space == before:
            return _as_it_is(store, before, time.monotonic() - begun)
        space = chosen.origin.space
        may = allowed(store, space, anything=leave_out)
        refuse(may.lost(may.forgone), chosen.encoder.name)
        _check_room(store, chosen)
        with ExitStack() as stack:
            after = stack.enter_context(held(store, chosen))
            building = _building(store, after, asked, from_words, progress)
            lacking = _built(building, store, after, may)
            if switch:
                with writing(store):
                    lacking = _settled(building, store, may)
                    stack.close()
                    switching.switch(store)
                adopt(col, chosen)
        told = _as_it_is(store, before, time.monotonic() - begun)
        done = _done(told, building, lacking, space, switched=switch)
        return replace(done, left_out=(*done.left_out, *may.forgone))


def estimate_reencode(
    collection: Collection | str | Path,
    encoder: Encoder | str | None = None,
    *,
    from_words: bool = False,
    progress: Show | None = None,
    **options: Unpack[ReencodeOptions],
) -> ReencodeEstimate:
    """Say what `reencode` would do and take; a few files are tried, nothing is stored."""
    from omnisearch.ingest.reencoding.estimate import Trying

    asked = _asked(options)
    with opened(collection) as col, tempfile.TemporaryDirectory(prefix="omnisearch-") as name:
        store, before = col._handle.need(), space_of(col)
        chosen = chosen_for(store, encoder)
        with Collection(Path(name, "scratch"), handle.Options(), chosen.encoder) as scratch:
            target = target_of(scratch)
            building = _building(store, scratch, asked, from_words, None)
            done = done_in(store, chosen.origin.space)
            trying = Trying(building, target, done, progress)
            found = trying.told(store.reading(), (chosen.origin.space, before))
            return replace(found, unable=(*found.unable, *forgone(store, found.space)))


def reencode_status(collection: Collection | str | Path) -> ReencodeStatus:
    """Say which spaces there are, and which items each of them goes without."""
    with opened(collection) as col:
        store, now = col._handle.need(), space_of(col)
        found, roots = switching.spaces(store.root), store.read_ledger().roots
        return ReencodeStatus(
            SpaceStatus(now, missed(store)),
            _status(found.next, lambda one: unable_of(one.left_out, roots)),
            _status(found.previous, lambda one: newer(store, one)),
        )


def _status(
    found: Waiting | None, lacking: Callable[[Waiting], tuple[Unable, ...]]
) -> SpaceStatus | None:
    if found is None or found.unreadable is not None:
        return None if found is None else SpaceStatus("", (), found.unreadable)
    return SpaceStatus(found.space, lacking(found))


def rollback_encoder(collection: Collection | str | Path, *, force: bool = False) -> int:
    """Go back to the encoder before the last change; gives the generation.

    That is the state of then: `force` does so though something was written since.
    """
    with opened(collection) as col, alone(col.path):
        store = col._handle.for_changing()
        _check_unwritten(store, force=force)
        generation = switching.rollback(store)
        adopt(col, None)
        return generation


def _check_unwritten(store: Store, *, force: bool) -> None:
    """Lose nothing that was written since the change without having been told to."""
    before, now = switching.spaces(store.root).previous, store.reading().number
    if before is None or before.unreadable is not None or force:
        return
    since = now - before.generation - 1  # the change itself is one
    if since > 0:
        told = "1 write came" if since == 1 else f"{since:,} writes came"
        name = before.space.split(" ")[0]
        new, lacking = newer(store, before), forgone(store, before.space)
        items = "1 item" if len(lacking) == 1 else f"{len(lacking):,} items"
        drops = f", but drops {items} that the collection lacks now" if lacking else ""
        names = f" ({named(new)})" if new else ""
        raise InputError(
            f"{told} after the change, and the state before has none of that{names}: `omnisearch "
            f"reencode --encoder {name}` keeps it and encodes only what is new{drops}; --force "
            "goes back without"
        )


def discard_encoder(collection: Collection | str | Path) -> int:
    """Remove what was built for a change that shall not be; counts the bytes that it took."""
    with opened(collection) as col, alone(col.path):
        return switching.discard(col._handle.for_changing())


def _asked(options: ReencodeOptions) -> Options:
    for name in options:
        if name not in ReencodeOptions.__annotations__:
            raise TypeError(f"reencode() has no argument {name!r}")
    return Options.of(cast(IngestOptions, options))


def _as_it_is(store: Store, space: str, seconds: float) -> ReencodeReport:
    """Tell that the encoder is the present one: there is nothing to do."""
    now = store.reading()
    return ReencodeReport(space, space, len(now.items), 0, 0, (), seconds, False, now.number)


def _done(
    told: ReencodeReport,
    building: Building,
    lacking: tuple[Unable, ...],
    space: str,
    *,
    switched: bool,
) -> ReencodeReport:
    """Tell what was done; while the old encoder answers, its items are those of the collection."""
    return replace(
        told,
        space=space,
        items=told.items - (0 if switched else len(lacking)),
        segments=building.segments,
        from_words=building.by_words,
        left_out=lacking,
        switched=switched,
        warnings=tuple(building.warnings),
    )


def _check_room(store: Store, chosen: Chosen) -> None:
    """Refuse to begin what does not fit on the disk beside what is there."""
    from omnisearch.ingest.reencoding.estimate import disk_bytes, free_bytes

    waiting = switching.spaces(store.root).next
    there = 0 if waiting is None else waiting.bytes
    needed = disk_bytes(store.reading(), chosen.encoder.dim) - there
    free = free_bytes(store.root)
    if needed > free:
        fault = f"{store.root}: another space takes about {needed / 1e6:,.0f} MB beside the old one"
        raise StorageError(f"{fault}, and {free / 1e6:,.0f} MB are free: make room first")


def _building(
    store: Store, after: Collection, asked: Options, from_words: bool, progress: Show | None
) -> Building:
    from omnisearch.ingest.reencoding.building import Building

    return Building(store, target_of(after), asked, from_words, progress)


def _built(
    building: Building, store: Store, after: Collection, may: Omissions
) -> tuple[Unable, ...]:
    """Encode everything, and what changed meanwhile; what cannot be is refused before that."""
    successor, now = after._handle.need(), store.reading()
    there, first = successor.reading().items, successor.reading().number
    unable = building.contents(now, there).unable
    lost = [one for item, one in unable.items() if item not in there]
    may.refuse(lost, after.encoder)
    may.begin(successor, lost)
    for _ in range(_PASSES):
        lacking = building.catch_up(now)
        newest = store.reading()
        if newest.number == now.number:
            break
        now = newest
    if successor.reading().number != first:
        after.compact()  # learns what cosines are worth, too
    may.refuse(lacking, after.encoder)
    may.end(successor, lacking)
    return lacking


def _settled(building: Building, store: Store, may: Omissions) -> tuple[Unable, ...]:
    """Catch up as the writer; whoever watches the progress may write in this very thread."""
    while True:
        now = store.reading()
        lacking = building.catch_up(now)
        if store.reading().number == now.number:
            break
    may.refuse(lacking, building.target.encoder())
    may.end(building.target.store(), lacking)
    return lacking
