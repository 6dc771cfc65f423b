"""Places below roots, and what lies in them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import ExitStack, contextmanager, suppress
from typing import Literal, Self

from omnisearch.ingest.beneath import Beneath
from omnisearch.locations import Location, Root


def within(location: Location, places: Set[Location]) -> bool:
    """Tell whether a location is one of some places, or lies below one."""
    return bool(places) and any(one in places for one in upwards(location))


def upwards(location: Location) -> Iterator[Location]:
    """Give a location and all that it lies in, up to the root."""
    path = location.path
    while path:
        yield Location(location.root, path)
        path = path.rpartition(b"/")[0]
    yield Location(location.root, b"")


def below(path: bytes, place: bytes) -> bool:
    """Tell whether a path of a root is a place of it, or lies below that."""
    return not place or path == place or path.startswith(place + b"/")


def place_of(path: bytes, roots: Sequence[Root]) -> Location | None:
    """Find the root that holds an absolute path: the innermost, should they be nested."""
    holding = [root for root in roots if _holds(root, path)]
    if not holding:
        return None
    root = max(holding, key=lambda one: len(one.path))
    return Location(root.number, path[len(root.path) :].lstrip(b"/"))


def lies_in(path: bytes, folder: bytes) -> bool:
    """Tell whether an absolute path is a folder, or lies below it."""
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")


def _holds(root: Root, path: bytes) -> bool:
    return lies_in(path, root.path) if root.kind == "folder" else path == root.path


class Handles:
    """Folders that are roots, held open for a run; files are opened when they are looked at."""

    def __init__(self, roots: Iterable[Root]) -> None:
        self._roots = {root.number: root for root in roots}
        self._open: dict[int, Beneath] = {}
        self._stack = ExitStack()
        for number, root in self._roots.items():
            if root.kind == "folder":
                with suppress(OSError):  # it is not there just now
                    self._open[number] = self._stack.enter_context(Beneath(root))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._stack.close()

    @contextmanager
    def held(self, number: int) -> Iterator[Beneath | None]:
        """Give the handle of a root; None where the root is not there."""
        root = self._roots[number]
        if root.kind == "folder":
            yield self._open.get(number)
            return
        try:
            handle = Beneath(root)
        except OSError:
            yield None
            return
        with handle:
            yield handle

    def state(self, location: Location) -> Literal["there", "gone", "unknown"]:
        """Tell whether a file is where it was; its root may be gone as well."""
        with self.held(location.root) as handle:
            if handle is not None:
                return handle.state(location.path)
        try:
            os.lstat(self._roots[location.root].path)
        except (FileNotFoundError, NotADirectoryError):
            return "gone"
        except OSError:
            return "unknown"
        return "unknown"
