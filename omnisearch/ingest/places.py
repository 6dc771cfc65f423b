"""Places below roots, and what lies in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from contextlib import ExitStack, contextmanager, suppress
from types import TracebackType
from typing import Self

from omnisearch.ingest.beneath import Beneath
from omnisearch.locations import Location, Root


def within(location: Location, places: Set[Location]) -> bool:
    """Tell whether a location is one of some places, or lies below one."""
    if not places:
        return False
    path = location.path
    while path:
        if Location(location.root, path) in places:
            return True
        path = path.rpartition(b"/")[0]
    return Location(location.root, b"") in places


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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
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
