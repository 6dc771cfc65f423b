"""Workbooks sheet by sheet, row by row: what cells show, as far as their values tell it.

Read as a stream, so that a cell in the last corner of a sheet costs what any other does. Formulas
are those of the program that saved them: their last values are read, nothing is calculated.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from omnisearch.media.office.dates import Formats, shown
from omnisearch.media.office.drawing import words_of
from omnisearch.media.office.elements import NOTHING, Attributes, Done, named
from omnisearch.media.office.leaf import Leaf, Room, Writing
from omnisearch.media.office.package import Package
from omnisearch.media.office.slides import shapes

ROWS = 100_000  # of a sheet
_SHEETS = 10_000
_STRINGS = 20_000_000  # characters of the table that cells point into
_CELLS = " | "


@dataclass(slots=True)
class _Book:
    """What the cells of all sheets share."""

    strings: list[str] = field(default_factory=list)
    formats: Formats = field(default_factory=Formats)
    since_1904: bool = False


def leaves(package: Package, room: Room) -> Iterator[Leaf]:
    """Give the sheets of a workbook."""
    names, book = _Names(), _Book()
    main, archive = package.main, package.archive
    package.archive.told(main, names)
    book.since_1904 = names.since_1904
    for part in package.related(main, "styles"):
        package.archive.told(part, book.formats)
    for part in package.related(main, "sharedStrings"):
        package.archive.told(part, _Strings(book.strings, room))
    relations = package.relations(main)
    for number, (name, key) in enumerate(names.found, 1):
        if number > room.leaves or room.text <= 0:
            room.truncated = True
            return
        relation = relations.get(key)
        if relation is None or archive.find(relation.target) is None:
            room.damaged = True
            continue
        leaf = _sheet(package, relation.target, book, Writing(room, number), name)
        if leaf is not None:
            yield leaf


def _sheet(package: Package, part: str, book: _Book, writing: Writing, name: str) -> Leaf | None:
    """Read a sheet; one that holds nothing is none."""
    writing.say(name, begins=True)
    reader = _Rows(book, writing, name)
    package.archive.told(part, reader)
    for remarks in package.related(part, "comments"):
        writing.say(words_of(package, remarks))
    for drawn in package.related(part, "drawing"):
        shapes(package, drawn, writing)
    leaf = writing.done()
    return leaf if len(leaf.paragraphs) > 1 or leaf.pictures else None


class _Names:
    """Reads which sheets there are."""

    wanted, unseen = frozenset(("x:sheet", "x:workbookPr")), NOTHING

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []
        self.since_1904 = False

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "x:sheet" and len(self.found) < _SHEETS:
            told = named(attributes)
            self.found.append((told.get("name", ""), told.get("r:id", "")))
        elif name == "x:workbookPr":
            self.since_1904 = attributes.get("date1904") in ("1", "true")

    def end(self, name: str) -> None:
        pass

    def text(self, data: str) -> None:
        pass


class _Strings:
    """Reads the texts that cells point to; how they are pronounced is left out."""

    wanted, unseen = frozenset(("x:t", "x:si")), frozenset(("x:rPh",))

    def __init__(self, found: list[str], room: Room) -> None:
        self._found, self._room, self._left = found, room, _STRINGS
        self._said: list[str] = []
        self._speaks = False

    def start(self, name: str, attributes: Attributes) -> None:
        self._speaks = name == "x:t"

    def end(self, name: str) -> None:
        self._speaks = False
        if name == "x:si":
            self._found.append("".join(self._said))
            self._said = []
            if self._left <= 0:
                self._room.truncated = True
                raise Done

    def text(self, data: str) -> None:
        if self._speaks:
            self._left -= len(data) + 1
            self._said.append(data)


class _Rows:
    """Reads the rows of a sheet."""

    wanted, unseen = frozenset(("x:row", "x:c", "x:v", "x:t")), frozenset(("x:rPh",))

    def __init__(self, book: _Book, writing: Writing, name: str) -> None:
        self._book, self._writing, self._name = book, writing, name
        self._rows = 0
        self._cells: list[str] = []
        self._said: list[str] = []
        self._kind, self._style = "n", ""
        self._plain = True  # no cell of the row is a number
        self._speaks = False

    def start(self, name: str, attributes: Attributes) -> None:
        self._speaks = name in ("x:v", "x:t")
        if name == "x:c":
            self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
            self._said = []
        elif name == "x:row":
            self._cells, self._plain = [], True

    def end(self, name: str) -> None:
        self._speaks = False
        if name == "x:c":
            said = self._value()
            if said:
                self._cells.append(said)
        elif name == "x:row" and self._cells:
            self._row()

    def text(self, data: str) -> None:
        if self._speaks:
            self._said.append(data)

    def _row(self) -> None:
        said = _CELLS.join(self._cells)
        self._writing.say(said, row=True)
        self._rows += 1
        if self._rows == 1 and self._plain and len(self._cells) > 1:
            self._writing.heading = f"{self._name}: {said}"
        if self._rows >= ROWS or self._writing.full:
            self._writing.cut()
            raise Done

    def _value(self) -> str:
        """Say what a cell shows."""
        said = "".join(self._said)
        if self._kind == "s":
            with suppress(ValueError, IndexError):
                return " ".join(self._book.strings[int(said)].split())
            return ""
        if self._kind in ("str", "inlineStr"):
            return " ".join(said.split())
        if self._kind == "b":
            return "TRUE" if said == "1" else "FALSE"
        if self._kind == "n":
            self._plain = self._plain and not said
            date = self._book.formats.date(self._style)
            return shown(said, date=date, since_1904=self._book.since_1904)
        return said.strip()
