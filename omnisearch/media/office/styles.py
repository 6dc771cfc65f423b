"""Styles of Word: which of them are headings, and of which level."""

from __future__ import annotations

import re
from dataclasses import dataclass

from omnisearch.media.office.elements import NOTHING, Attributes, named

_HEADING = re.compile(r"heading ([1-9])$", re.IGNORECASE)
_LEVELS = 9
_MOST = 10_000
_LONGEST_CHAIN = 20  # styles that stand on each other


@dataclass(slots=True)
class _Style:
    name: str = ""
    below: str = ""
    level: int | None = None


class Styles:
    """Reads the table of styles."""

    wanted = frozenset(("w:style", "w:name", "w:basedOn", "w:outlineLvl"))
    unseen = NOTHING

    def __init__(self) -> None:
        self._found: dict[str, _Style] = {}
        self._now = _Style()

    def start(self, name: str, attributes: Attributes) -> None:
        """Take what says of a style what it is."""
        if name == "w:style":
            self._now = _Style()
            if len(self._found) < _MOST:
                self._found[named(attributes).get("w:styleId", "")] = self._now
        elif name == "w:name":
            self._now.name = named(attributes).get("w:val", "")
        elif name == "w:basedOn":
            self._now.below = named(attributes).get("w:val", "")
        elif name == "w:outlineLvl":
            self._now.level = level_of(attributes)

    def end(self, name: str) -> None:
        """End an element: nothing hangs on it."""

    def text(self, data: str) -> None:
        """Take characters: there are none that count."""

    def heads(self, style: str) -> bool:
        """Tell whether a style is that of headings."""
        for _ in range(_LONGEST_CHAIN):
            found = self._found.get(style)
            if found is None:
                return _HEADING.match(style.replace("Heading", "heading ")) is not None
            if found.level is not None:
                return found.level < _LEVELS
            if _HEADING.match(found.name) or found.name.lower() == "title":
                return True
            style = found.below
            if not style:
                break
        return False


def level_of(attributes: Attributes) -> int:
    """Read the level of an outline; 9 is that of plain text."""
    said = named(attributes).get("w:val", "")
    return int(said) if said.isdecimal() and len(said) < 3 else _LEVELS
