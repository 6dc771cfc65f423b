"""What a document says of itself: title, author and time, from a part with one element for each."""

from __future__ import annotations

from collections.abc import Mapping

from omnisearch.media.office.elements import NOTHING, Attributes

_LONGEST = 2_000  # characters of one


class Properties:
    """Reads the elements of these names; `found` has them by what they mean."""

    unseen = NOTHING

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names, self.wanted = names, frozenset(names)
        self.found: dict[str, str] = {}
        self._key: str | None = None

    def start(self, name: str, attributes: Attributes) -> None:
        """Begin an element."""
        self._key = self._names.get(name)

    def end(self, name: str) -> None:
        """End an element."""
        self._key = None

    def text(self, data: str) -> None:
        """Take what stands in it."""
        if self._key is not None:
            self.found[self._key] = (self.found.get(self._key, "") + data)[:_LONGEST]
