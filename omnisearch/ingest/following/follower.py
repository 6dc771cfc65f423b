"""The loop: wait for a burst of changes, take it in, and tell; a fault is tried again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from omnisearch.errors import (
    CollectionLockedError,
    CollectionNotFoundError,
    InputError,
    SpaceMismatchError,
    StorageError,
)
from omnisearch.locations import shown

if TYPE_CHECKING:
    from omnisearch.ingest.following.pending import Pending
    from omnisearch.ingest.report import IngestReport

_SELDOM_S = 900.0  # between looks at everything, whatever was heard
_SHARE = 500  # times as long as such a look takes lies between two
_AGAIN_S, _LATEST_S = 1.0, 60.0  # after a fault; each time twice as long
_PATIENCE_S = 5.0  # for another writer, before anybody is told


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """What happened while folders are followed; `message` tells it to a person.

    `ready`: everything is taken in; `changed`: something was; `lost`, `back`: a folder is gone, or
    there again (a collection that is lost ends it); `waiting`: somebody else writes; `trouble`: it
    will be tried again.
    """

    kind: Literal["ready", "changed", "lost", "back", "waiting", "trouble"]
    message: str
    report: IngestReport | None = None


class Runs(Protocol):
    """What a follower can have done."""

    def whole(self) -> IngestReport:
        """Look at everything that is there."""

    def part(self, paths: frozenset[bytes]) -> IngestReport:
        """Look at what changed."""

    def absent(self) -> frozenset[bytes]:
        """Give the folders that are not there just now."""


class Follower:
    """Follows until it is stopped."""

    def __init__(
        self,
        runs: Runs,
        pending: Pending,
        tell: Callable[[WatchEvent], object],
        stop: threading.Event,
        every_s: float | None = None,
    ) -> None:
        self._runs, self._pending, self._tell, self._stop = runs, pending, tell, stop
        self._every_s = every_s  # None: whoever tells of changes is trusted for long
        self._absent: frozenset[bytes] = frozenset()
        self._held: tuple[str, ...] = ()  # what was said of files that are held back
        self._next = 0.0

    def run(self) -> None:
        """Take in everything, then what changes."""
        self._do(None, first=True)
        try:
            self._follow()
        except CollectionNotFoundError as error:
            self._tell(WatchEvent("lost", f"the collection is gone: {error}"))
            raise

    def _follow(self) -> None:
        while not self._stop.is_set():
            paths = self._pending.take(self._next, self._stop.is_set)
            if self._stop.is_set():
                return
            back = self._look()
            due = time.monotonic() >= self._next
            if paths is None or back or due:
                self._do(None)
            elif paths:
                self._do(paths)

    def _look(self) -> bool:
        """Tell of folders that went or came; say whether any came."""
        absent, before = self._runs.absent(), self._absent
        self._absent = absent
        for path in sorted(absent - before):
            told = f"{shown(path)} is not there: what it held is kept until it is back"
            self._tell(WatchEvent("lost", told))
        for path in sorted(before - absent):
            self._tell(WatchEvent("back", f"{shown(path)} is there again"))
        return bool(before - absent)

    def _do(self, paths: frozenset[bytes] | None, *, first: bool = False) -> None:
        """Take in what changed, as often as it takes."""
        begun, pause_s, waited, changed = time.monotonic(), _AGAIN_S, False, False
        while not self._stop.is_set():
            try:
                started = time.monotonic()
                report = self._runs.whole() if paths is None else self._runs.part(paths)
                break
            except CollectionLockedError as error:
                if not waited and time.monotonic() - begun >= _PATIENCE_S:
                    self._tell(WatchEvent("waiting", str(error)))
                    waited = True
                self._stop.wait(_AGAIN_S)
            except SpaceMismatchError:
                if changed:
                    raise
                changed = True  # the encoder, while this one was at work: the new one is loaded
            except (StorageError, InputError) as error:
                if first:
                    raise
                told = f"{error}; it is tried again in {pause_s:.0f} s"
                self._tell(WatchEvent("trouble", told))
                self._stop.wait(pause_s)
                pause_s, paths = min(2 * pause_s, _LATEST_S), None
        else:
            return
        if paths is None:
            done = time.monotonic()
            self._next = done + (self._every_s or max(_SELDOM_S, _SHARE * (done - started)))
        held = report.warnings if report.withheld else ()
        news, self._held = _did_something(report) or held != self._held, held
        if first or news:
            self._tell(WatchEvent("ready" if first else "changed", told_of(report), report))


def told_of(report: IngestReport) -> str:
    """Say in a line what a run did."""
    counts = (
        (report.stored, "stored"),
        (report.duplicate, "duplicate"),
        (report.moved, "moved"),
        (report.missing, "gone"),
        (report.new_failures, "failed"),
    )
    facts = [f"{count:,} {name}" for count, name in counts if count]
    facts += ["some held back"] if report.withheld else []
    return ", ".join([*(facts or ["nothing new"]), f"generation {report.generation:,}"])


def _did_something(report: IngestReport) -> bool:
    done = report.stored + report.duplicate + report.moved + report.missing + report.pruned
    return bool(done or report.new_failures)
