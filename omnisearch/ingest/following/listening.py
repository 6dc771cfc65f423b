"""Hearing of changes from the system, by way of watchfiles, in threads of their own.

It tells neither when the kernel's queue ran over nor of names that are not UTF-8: whoever follows
looks at everything after many changes, whenever listening had to begin anew, and now and then.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Self

from omnisearch.errors import MissingExtraError
from omnisearch.ingest.places import lies_in

if TYPE_CHECKING:
    from omnisearch.ingest.following.pending import Pending

_GROUPED_MS, _STEP_MS = 400, 200  # waking less often costs less
_LOOK_MS = 1_000  # how often it is seen whether the folders are still the same
_AGAIN_S = 1.0  # after a fault, or while nothing is there to listen to
_FULL = ("limit", "too many open files")  # how it is told that the system has no more to give


def watchfiles() -> ModuleType:
    """Give the library, or say how it is installed."""
    try:
        import watchfiles
    except ImportError as error:
        remedy = "pip install 'omnisearch[watch]'"
        raise MissingExtraError(f"following folders needs the extra watch: {remedy}") from error
    return watchfiles


class Listener:
    """Listens to folders with all below them, and to files; a context manager."""

    def __init__(self, paths: Mapping[bytes, bool], pending: Pending, ours: Iterable[Path]) -> None:
        self._pending = pending
        self._ours = tuple(os.fsencode(path) for path in ours)
        self._stop, self._full = threading.Event(), threading.Event()
        folders = [path for path, folder in paths.items() if folder]
        beside = sorted({os.path.dirname(path) for path, folder in paths.items() if not folder})  # noqa: PTH120 - bytes
        self._library = watchfiles()
        self._groups = [
            (group, deep) for group, deep in ((folders, True), (beside, False)) if group
        ]
        self._begun = [threading.Event() for _ in self._groups]
        self._threads = [
            threading.Thread(target=self._listen, args=(*group, begun), daemon=True)
            for group, begun in zip(self._groups, self._begun, strict=True)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        for begun in self._begun:
            begun.wait()  # what changes from now on is heard
        return self

    def __exit__(self, *raised: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def full(self) -> bool:
        """Tell whether the system has no room for so many watches."""
        return self._full.is_set()

    def _listen(self, paths: Sequence[bytes], deep: bool, begun: threading.Event) -> None:
        while not self._stop.is_set():
            try:
                self._once(paths, deep, begun)
            except (OSError, RuntimeError) as error:
                if any(text in str(error).lower() for text in _FULL):
                    self._full.set()
                    begun.set()
                    return
            begun.set()
            self._stop.wait(_AGAIN_S)

    def _once(self, paths: Sequence[bytes], deep: bool, begun: threading.Event) -> None:
        """Listen until the folders are others than they were; nobody knows what came in between."""
        which = list(map(_identity, paths))
        there = [os.fsdecode(path) for path, one in zip(paths, which, strict=True) if one]
        again, listening = begun.is_set(), False
        for changes in self._changes(there, deep) if there else ():
            if again and not listening:
                self._pending.everything()
            listening = True
            begun.set()
            self._heard(os.fsencode(path) for _, path in changes)
            if list(map(_identity, paths)) != which:
                return

    def _changes(self, paths: Sequence[str], deep: bool) -> Iterable[set[tuple[object, str]]]:
        found: Iterable[set[tuple[object, str]]] = self._library.watch(
            *paths,
            watch_filter=None,
            debounce=_GROUPED_MS,
            step=_STEP_MS,
            rust_timeout=_LOOK_MS,
            yield_on_timeout=True,
            stop_event=self._stop,
            raise_interrupt=False,
            force_polling=False,
            recursive=deep,
            ignore_permission_denied=True,
        )
        return found

    def _heard(self, paths: Iterable[bytes]) -> None:
        """Pass on what changed, but for what we write ourselves."""
        others = {path for path in paths if not any(lies_in(path, own) for own in self._ours)}
        if others:
            self._pending.add(others)


def _identity(path: bytes) -> tuple[int, int] | None:
    """Say which folder is at a path just now."""
    try:
        found = Path(os.fsdecode(path)).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
