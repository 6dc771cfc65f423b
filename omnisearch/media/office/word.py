"""Word documents: paragraphs, headings, tables, notes and pictures, page by page as last laid out.

Deleted text is left out, inserted text is read. Where no program laid the document out, its own
breaks part the pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from omnisearch.media.office.drawing import DRAWN, Drawings
from omnisearch.media.office.elements import Attributes, Done, named
from omnisearch.media.office.leaf import PLACE, Leaf, Room, Writing
from omnisearch.media.office.notes import Notes
from omnisearch.media.office.package import Package
from omnisearch.media.office.styles import Styles, level_of

_LAID_OUT = b"lastRenderedPageBreak"
_UNSEEN = frozenset(("w:del", "w:moveFrom", "w:instrText", "w:delInstrText", "w:rPr"))
_PARTS = frozenset(
    "w:p w:tr w:tc w:br w:lastRenderedPageBreak w:pageBreakBefore w:pStyle w:outlineLvl w:sectPr "
    "w:type".split()
)
_SIGNS = {"w:tab": "\t", "w:cr": "\n", "w:noBreakHyphen": "-", "w:ptab": "\t"}
_SAYS = frozenset(("w:t", "m:t"))
_NOTES = {
    "w:footnoteReference": "footnotes",
    "w:endnoteReference": "endnotes",
    "w:commentReference": "comments",
}
_CELLS = " | "


def leaves(package: Package, room: Room) -> Iterator[Leaf]:
    """Give the pages of a document."""
    part, archive = package.main, package.archive
    body = _Body(_Parts.of(package), Drawings(package, part), room)
    for name in dict.fromkeys(package.related(part, "header")):
        body.print(_plain(package, name))
    for _ in archive.telling(part, body):
        yield from body.taken()
    for name in dict.fromkeys(package.related(part, "footer")):
        body.print(_plain(package, name))
    yield from body.finish()


def _plain(package: Package, name: str) -> list[str]:
    """Give the lines of a header or footer."""
    room = Room(20_000, 1)
    body = _Body(_Parts(Styles(), {}, laid_out=True), Drawings(package, name), room)
    package.archive.told(name, body)
    return [" ".join(leaf.text.replace(PLACE, " ").split()) for leaf in body.finish()]


@dataclass(frozen=True, slots=True)
class _Parts:
    """What stands beside the text."""

    styles: Styles
    notes: Mapping[str, Mapping[str, str]]
    laid_out: bool

    @classmethod
    def of(cls, package: Package) -> _Parts:
        styles, archive = Styles(), package.archive
        for name in package.related(package.main, "styles"):
            package.archive.told(name, styles)
        notes = dict[str, Mapping[str, str]]()
        for kind in _NOTES.values():
            reader = Notes()
            for name in package.related(package.main, kind):
                package.archive.told(name, reader)
            notes[kind] = reader.found
        return cls(styles, notes, laid_out=archive.holds(package.main, _LAID_OUT))


@dataclass(slots=True)
class _Open:
    """A paragraph that is being read."""

    said: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    heads: bool = False
    section: bool = False  # one ends behind it


class _Body:
    """The text of a document, paragraph by paragraph and row by row."""

    wanted = frozenset((*_PARTS, *_SIGNS, *_SAYS, *_NOTES, *DRAWN))
    unseen = _UNSEEN

    def __init__(self, parts: _Parts, drawings: Drawings, room: Room) -> None:
        self._parts, self._drawings, self._room = parts, drawings, room
        self._writing = Writing(room)
        self._leaves: list[Leaf] = []
        self._open: list[_Open] = []
        self._rows: list[list[str]] = []
        self._cells: list[list[str]] = []
        self._speaks = False
        self._turns = False  # the page, once the row ends

    def start(self, name: str, attributes: Attributes) -> None:
        """Begin an element."""
        self._speaks = name in _SAYS
        if self._speaks:
            return
        if name == "w:p":
            self._open.append(_Open())
        elif name in ("w:tr", "w:tc"):
            (self._rows if name == "w:tr" else self._cells).append([])
        elif name in DRAWN:
            self._drawings.start(name, attributes)
        elif self._open:
            self._inside(name, attributes)

    def end(self, name: str) -> None:
        """End an element."""
        self._speaks = False
        if name == "w:p" and self._open:
            self._close(self._open.pop())
        elif name == "w:tc" and self._cells and self._rows:
            self._rows[-1].append(" ".join(" ".join(self._cells.pop()).split()))
        elif name == "w:tr" and self._rows:
            self._say(_CELLS.join(cell for cell in self._rows.pop() if cell), row=True)

    def text(self, data: str) -> None:
        """Take characters."""
        if self._speaks and self._open:
            self._open[-1].said.append(data)

    def print(self, lines: list[str]) -> None:
        """Add what is printed on every page."""
        self._writing.all(lines)

    def finish(self) -> list[Leaf]:
        """End the last page, and give what is left."""
        self._turn()
        return self.taken()

    def _turn(self) -> None:
        """End the page."""
        leaf, heading = self._writing.done(), self._writing.heading
        if not leaf.empty:
            self._leaves.append(leaf)
        self._writing = Writing(self._room, leaf.number + 1, heading)

    def taken(self) -> list[Leaf]:
        """Give the pages that are finished."""
        found, self._leaves = self._leaves, []
        return found

    def _next(self) -> None:
        if self._writing.number >= self._room.leaves:
            self._room.truncated = True
            raise Done
        self._turn()

    def _inside(self, name: str, attributes: Attributes) -> None:
        """Take what is in a paragraph beside its words."""
        now = self._open[-1]
        if name in _SIGNS:
            now.said.append(_SIGNS[name])
        elif name == "w:br":
            page = named(attributes).get("w:type") == "page"
            now.said.append("\n")
            self._break(told=False) if page else None
        elif name == "w:lastRenderedPageBreak":
            self._break(told=True)
        elif name == "w:pageBreakBefore":
            off = named(attributes).get("w:val", "true") in ("0", "false", "off")
            self._break(told=False) if not off else None
        elif name == "w:pStyle":
            now.heads = self._parts.styles.heads(named(attributes).get("w:val", ""))
        elif name == "w:outlineLvl":
            now.heads = level_of(attributes) < 9
        elif name == "w:sectPr":
            now.section = True
        elif name == "w:type" and named(attributes).get("w:val") == "continuous":
            now.section = False
        elif name in _NOTES:
            number = named(attributes).get("w:id", "")
            now.notes.append(self._parts.notes.get(_NOTES[name], {}).get(number, ""))

    def _break(self, *, told: bool) -> None:
        """Begin a page here, by the last layout if there was one, else by what the text says."""
        if told is not self._parts.laid_out:
            return
        if self._cells or len(self._open) > 1:
            self._turns = True
            return
        now = self._open[-1]
        self._say("".join(now.said), heads=now.heads)
        now.said = []
        self._next()

    def _close(self, ended: _Open) -> None:
        self._say("".join(ended.said), heads=ended.heads)
        for note in ended.notes:
            self._say(note)
        if ended.section:
            self._open.append(ended)
            ended.said = []
            self._break(told=False)
            self._open.pop()

    def _say(self, said: str, *, heads: bool = False, row: bool = False) -> None:
        """Put a paragraph where it belongs: into the cell that is open, else onto the page."""
        if self._cells:
            self._cells[-1].append(said)
            return
        self._writing.say(said, begins=heads, row=row)
        self._drawings.give(self._writing)
        if self._room.text <= 0:
            raise Done
        if self._turns:
            self._turns = False
            self._next()
