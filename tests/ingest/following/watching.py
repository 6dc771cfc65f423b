"""A watch in a thread, whose events a test waits for."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import omnisearch as om
from omnisearch.locations import Location
from tests.ingest.following.upheaval import Upheaval

LONG_S = 120.0


class Watched:
    """Events of a watch as they come."""

    def __init__(self) -> None:
        self.events: list[om.WatchEvent] = []
        self.error: BaseException | None = None
        self._come = threading.Condition()

    def tell(self, event: om.WatchEvent) -> None:
        with self._come:
            self.events.append(event)
            self._come.notify_all()

    def wait(self, true: Callable[[], bool], why: str) -> None:
        """Wait until something is so; that it never is, is a failure."""
        until = time.monotonic() + LONG_S
        while not true():
            assert self.error is None, repr(self.error)
            assert time.monotonic() < until, f"{why}: {[one.message for one in self.events]}"
            with self._come:
                self._come.wait(0.1)

    def kinds(self) -> list[str]:
        return [one.kind for one in self.events]


@contextmanager
def watching(collection: Path, *paths: Path, **options: Any) -> Iterator[Watched]:
    """Follow folders until the block ends; everything that was there is taken in when it begins."""
    watched, stop = Watched(), threading.Event()

    def follow() -> None:
        try:
            om.watch(collection, *paths, on_event=watched.tell, stop=stop, **options)
        except BaseException as error:
            watched.error = error

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        watched.wait(lambda: "ready" in watched.kinds(), "it is not ready")
        yield watched
    finally:
        stop.set()
        thread.join(LONG_S)
    assert not thread.is_alive()
    if watched.error is not None:
        raise watched.error


def found(collection: Path) -> dict[str, tuple[str, ...]]:
    """Give what is searchable, and in which files, as a reader sees it now."""
    with om.open(collection, mode="r") as col:
        there = (one for one in col.iterate() if "file.missing" not in one.metadata)
        return {one.id: tuple(sorted(one.locations)) for one in there}


def fresh(folder: Path, at: Path, encoder: om.Encoder) -> dict[str, tuple[str, ...]]:
    """Give what a new collection of a folder holds."""
    with om.open(at, encoder=encoder) as col:
        col.ingest(folder)
    return found(at)


def differences(home: Path, seed: int, changes: int) -> str:
    """Follow a folder through an upheaval; say how the end differs from a fresh ingest."""
    encoder, source = om.Encoder.load(), home / "files"
    source.mkdir()
    with watching(home / "followed", source, encoder=encoder) as watched:
        Upheaval(source, seed).go(changes)
        expected = fresh(source, home / "fresh", encoder)
        try:
            watched.wait(lambda: found(home / "followed") == expected, "it ends otherwise")
        except AssertionError as error:
            return f"seed {seed}: {error}"
    return ""


def wait_for(watched: Watched, collection: Path, folder: Path) -> None:
    """Wait until the collection holds just the files of a folder."""

    def same() -> bool:
        known = {place for places in found(collection).values() for place in places}
        there = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
        return known == {str(Location(0, os.fsencode(path))) for path in there}

    watched.wait(same, "the collection never came to hold what the folder does")
