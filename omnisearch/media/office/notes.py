"""Notes that a text refers to by number: footnotes, endnotes, comments."""

from __future__ import annotations

from omnisearch.media.office.elements import Attributes, named

_NOTES = ("w:footnote", "w:endnote", "w:comment")
_APART = ("w:p", "w:br", "w:cr", "w:tab")
_MOST = 20_000
_LONGEST = 20_000


class Notes:
    """Reads the words of each note."""

    wanted = frozenset((*_NOTES, *_APART, "w:t"))
    unseen = frozenset(("w:del", "w:moveFrom", "w:instrText"))

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self._number: str | None = None
        self._said: list[str] = []
        self._speaks = False

    def start(self, name: str, attributes: Attributes) -> None:
        """Begin a note, or a part of it."""
        if name in _NOTES:
            told = named(attributes)
            plain = told.get("w:type", "normal") == "normal"
            self._number = told.get("w:id") if plain and len(self.found) < _MOST else None
            self._said = []
        self._speaks = name == "w:t"

    def end(self, name: str) -> None:
        """End it."""
        self._speaks = False
        if name in _APART and self._number is not None:
            self._said.append(" ")
        elif name in _NOTES and self._number is not None:
            self.found[self._number] = " ".join("".join(self._said).split())[:_LONGEST]
            self._number = None

    def text(self, data: str) -> None:
        """Take words."""
        if self._speaks and self._number is not None:
            self._said.append(data)
