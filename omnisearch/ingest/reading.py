"""Files to segments: each is hashed, looked up, and only then given to a decoder.

Any number of threads may run it, one for each decoder; they wait for decoders and decide nothing
about each other.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from omnisearch.errors import (
    EmptyError,
    MediaError,
    MissingReaderError,
    PoolError,
    UnsupportedTypeError,
)
from omnisearch.ingest import opening, pieces
from omnisearch.ingest.drafts import Draft, Fault, Segment, Spot, segment_id
from omnisearch.ingest.encoding import Task
from omnisearch.ingest.entries import Entry, Refused, RefusedError
from omnisearch.ingest.opening import Copy
from omnisearch.ingest.pieces import EndTold, ItemTold, SegmentTold
from omnisearch.ingest.run import Failed, Found, Lost, Run, Skipped
from omnisearch.locations import Location, plain
from omnisearch.media.pool.ask import Ask
from omnisearch.media.sniff import format_of
from omnisearch.media.source import named
from omnisearch.storage.batch import WORDS_MARK

if TYPE_CHECKING:
    from omnisearch.ingest.beneath import Beneath
    from omnisearch.ingest.lazy import Lazy
    from omnisearch.media.pool.pool import Pool

READ, DECODE = "read", "decode"  # stages, as failures tell them
UNSUPPORTED, EMPTY = "unsupported type", "empty text"
DAMAGED = "damaged: some of it does not decode and is left out"
_WRITTEN = ("text", "document")
_TRIES = 3  # of a large file that changes while it is decoded


class _UnwantedError(Exception):
    """A modality that the encoder lacks, or that was not asked for."""

    def __init__(self, reason: str, *, kept: bool) -> None:
        super().__init__(reason)
        self.reason, self.kept = reason, kept


class Reading:
    """Takes files from the agenda until there are no more."""

    def __init__(self, run: Run, pool: Lazy[Pool]) -> None:
        self._run, self._pool = run, pool
        self._again: list[Entry] = []  # of bytes that failed under another name
        self._failed: dict[str, list[Location]] = {}  # where contents are that are known to fail
        for place, failure in run.failures.items():
            if failure.digest is not None:
                self._failed.setdefault(failure.digest, []).append(place)

    def run(self) -> None:
        """Read until the agenda is over."""
        while (entry := self._next()) is not None:
            self._run.forecast.begin()
            self._run.now = entry.path
            for attempt in range(_TRIES):
                if self._read(entry, last=attempt == _TRIES - 1):
                    break

    def _next(self) -> Entry | None:
        """Take a file; whoever puts one back looks here once more before it ends."""
        with self._run.lock:
            if self._again:
                return self._again.pop()
        return self._run.agenda.get()

    def _read(self, entry: Entry, *, last: bool) -> bool:
        """Read a file; False where it has to be read again."""
        run, spot = self._run, Spot(entry, time.time_ns())
        copied = min(entry.size, opening.COPIED_BYTES)
        with run.copies.held(copied):
            try:
                with run.handles.held(entry.root) as handle, self._opened(handle, entry) as copy:
                    return self._take(copy, Spot(copy.entry, spot.read_at_ns), last=last)
            except RefusedError as error:
                self._refuse(spot, error.refused)
            except _UnwantedError as error:
                run.events.put(Skipped(spot, error.reason, kept=error.kept))
            except UnsupportedTypeError:
                run.events.put(Skipped(spot, UNSUPPORTED))
        return True

    def _opened(self, handle: Beneath | None, entry: Entry) -> Copy:
        if handle is None:
            raise RefusedError(Refused(entry.root, entry.path, "gone", "its folder is gone"))
        return opening.opened(handle, entry, self._admit(entry))

    def _admit(self, entry: Entry) -> opening.Admit:
        """Make what decides by a file's first bytes whether it is read at all."""

        def admit(head: bytes, size: int) -> None:
            found = format_of(head, size, entry.suffix)
            if found is None:
                raise UnsupportedTypeError("no type that is known")
            self._check(found.kind)

        return admit

    def _check(self, modality: str) -> None:
        wanted = self._run.options.modalities
        if modality not in self._run.encoder().modalities:
            raise _UnwantedError(f"{modality}: the encoder does not read it", kept=True)
        if wanted is not None and modality not in wanted:
            raise _UnwantedError(f"{modality}: not asked for", kept=False)

    def _take(self, copy: Copy, spot: Spot, *, last: bool) -> bool:
        """Look a content up, and decode it where it is new."""
        run, item = self._run, copy.digest
        with run.lock:
            draft = run.drafts.get(item)
            if draft is not None and draft.speaks_for(spot):
                self._join(draft, spot)
                return True
            if draft is None and run.stored(item):
                self._find(item, spot)
                return True
            draft = run.drafts[item] = Draft(item, [spot], run.rows(item))
            self._empty(item, spot)
        self._decode(draft, copy)
        try:
            copy.check()
        except RefusedError:
            if not last:
                self._forget(draft)
                return False
            draft.fail(READ, "it changes while it is read")
        with run.lock:
            self._again += [other.entry for other in draft.part()]
        if draft.end():
            run.events.put(draft)
        self._follow(item, spot)
        return True

    def _join(self, draft: Draft, spot: Spot) -> None:
        """Let a copy share what becomes of a content, or became of it."""
        if not draft.closed:
            draft.found.append(spot)
        elif (fault := draft.fault_of(spot)) is not None:
            self._run.events.put(Failed(spot, fault, draft.item))
        elif draft.skipped is not None:
            self._run.events.put(Skipped(spot, draft.skipped, draft.item, kept=draft.kept))
        else:
            self._find(draft.item, spot)

    def _find(self, item: str, spot: Spot) -> None:
        """Tell that a stored content is here."""
        self._run.events.put(Found(item, spot))
        self._empty(item, spot)

    def _empty(self, item: str, spot: Spot) -> None:
        """Tell that a stored content moved, where another place of it is empty.

        Places that this run does not visit are looked at as well.
        """
        run = self._run
        stored = run.store.reading().items.get(item)
        if stored is None or str(spot.location) in stored.locations:
            return
        if item not in run.empty:  # found out once, since there may be a thousand copies
            places = map(Location.parse, stored.locations)
            empty = [place for place in places if run.handles.state(place) == "gone"]
            with run.lock:
                run.empty.setdefault(item, empty)
        with run.lock:
            left = run.empty[item].pop() if run.empty[item] else None
            run.vacated.update([left] if left else [])
        if left:
            run.events.put(Lost(left))

    def _follow(self, item: str, spot: Spot) -> None:
        """Tell from where a content has moved that is known to fail: nothing of it is missing."""
        run = self._run
        with run.lock:
            places = [one for one in self._failed.pop(item, []) if one != spot.location]
        for place in places:
            if run.handles.state(place) == "gone":
                with run.lock:
                    run.vacated.add(place)
                run.events.put(Lost(place))

    def _forget(self, draft: Draft) -> None:
        """Take a draft back whose file was another one in the end."""
        with self._run.lock:
            draft.fail(READ, "it changed while it was read")  # spares the encoders what waits
            self._again += [copy.entry for copy in draft.found[1:]]
            self._run.dismiss(draft)

    def _decode(self, draft: Draft, copy: Copy) -> None:
        name = draft.found[0].name
        ask = Ask(name, self._run.bounds.caps, regions=self._run.regions)
        begun = time.monotonic()
        pool = self._pool()
        try:
            for told in pieces.read(iter(pool.decode(copy.fd, ask))):
                self._run.stop.check()
                if draft.fault is not None:
                    return
                self._hear(draft, told)
        except EmptyError:
            draft.skipped = EMPTY
        except MissingReaderError as error:  # it may be there the next time
            draft.skipped, draft.kept = _without(name, str(error)), False
        except UnsupportedTypeError:
            draft.skipped = UNSUPPORTED
        except _UnwantedError as error:
            draft.skipped, draft.kept = error.reason, error.kept
        except PoolError:
            self._run.stop.check()  # closed because the run ends
            raise
        except MediaError as error:
            draft.fail(DECODE, _without(name, str(error)))
        finally:
            draft.took(time.monotonic() - begun)

    def _hear(self, draft: Draft, told: pieces.Told) -> None:
        match told:
            case ItemTold():
                self._check(told.modality)
                draft.modality, draft.type = told.modality, told.type
                draft.columns.update(told.columns)
                draft.truncated |= told.truncated
                draft.notes += told.notes
            case SegmentTold():
                self._cut(draft, told)
            case EndTold():
                draft.columns.update(told.columns)
                draft.truncated |= told.truncated
                draft.notes += [DAMAGED] if told.damaged else []

    def _cut(self, draft: Draft, told: SegmentTold) -> None:
        """Give a segment to the encoders, once there is room for it."""
        run = self._run
        again = draft.times(told.span, told.views)
        name = segment_id(draft.item, told.span, run.version, again=again)
        if not draft.stored.isdisjoint((name, name + WORDS_MARK)):
            return
        segment = Segment(name, told.modality, told.span, told.words, told.look)
        waited = run.budget.take(told.bytes)
        draft.took(-waited)
        place = draft.expect()
        if told.words and told.modality in _WRITTEN:
            run.languages.hear(told.words, place)
        run.tasks.put(Task(draft, place, segment, told.views, told.arrays, told.bytes))

    def _refuse(self, spot: Spot, refused: Refused) -> None:
        run = self._run
        match refused.outcome:
            case "skipped":
                run.events.put(Skipped(spot, refused.reason))
            case "failed":
                run.events.put(Failed(spot, Fault(READ, refused.reason)))
            case "gone":  # between the walk and now: then it was not seen
                with run.lock:
                    run.counts.seen -= 1
                    run.forecast.settle(spot.entry)


def _without(name: str, message: str) -> str:
    """Take a file's name from the front of a message, and write it in one way elsewhere."""
    shown = plain(name)
    blank = "".join(one if one.isprintable() else " " for one in name)  # as the pool hands it on
    for other in (named(name), blank):
        if other not in (shown, ""):
            message = message.replace(other, shown)
    return message.removeprefix(f"{shown}: ")
