"""The walk over files that a collection has: no folder is listed, so no rule of a walk applies."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from typing import TYPE_CHECKING

from omnisearch.ingest.beneath import LOOK, Beneath
from omnisearch.ingest.entries import Entry, entry_of

if TYPE_CHECKING:
    from omnisearch.ingest.places import Handles
    from omnisearch.ingest.run import Lost, Run
    from omnisearch.locations import Location


class Located:
    """Puts the files at some places on the agenda of a run; `done` are counted, and not read."""

    def __init__(self, run: Run, places: Sequence[Location], done: int) -> None:
        self._run, self._places, self._done = run, places, done

    def run(self) -> None:
        """Look at each place; what is not there any more is passed over."""
        run = self._run
        with run.lock:
            run.counts.seen += self._done
            run.counts.unchanged += self._done
        for entry in files_at(run.handles, self._places):
            run.stop.check()
            with run.lock:
                run.counts.seen += 1
                run.forecast.expect(entry)
            run.agenda.put(entry)
        run.walking = False

    def lost(self) -> Iterator[Lost]:
        """Give nothing: what is gone is told by the collection that is encoded anew."""
        return iter(())


def files_at(handles: Handles, places: Iterable[Location]) -> Iterator[Entry]:
    """Give the regular files that lie at some places."""
    for number, some in groupby(sorted(places), key=lambda one: one.root):
        with handles.held(number) as handle:
            for place in some if handle is not None else ():
                found = None if handle is None else _entry(handle, place)
                if found is not None:
                    yield found


def _entry(handle: Beneath, place: Location) -> Entry | None:
    """Look at one file, through links too: a run that took it in was told to follow them."""
    for opened, link in ((handle.open, False), (handle.follow, True)):
        with suppress(OSError):
            descriptor = opened(place.path, LOOK | (0 if link else os.O_NOFOLLOW))
            try:
                found = os.fstat(descriptor)
            finally:
                os.close(descriptor)
            if stat.S_ISREG(found.st_mode):
                return entry_of(place.root, place.path, found, link=link)
    return None
