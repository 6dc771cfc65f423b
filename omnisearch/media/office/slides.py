"""Slides of a presentation in their order: the title first, then all shapes, notes and remarks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from omnisearch.media.office.drawing import DRAWN, Drawings, words_of
from omnisearch.media.office.elements import NOTHING, Attributes, named
from omnisearch.media.office.leaf import Leaf, Room, Writing
from omnisearch.media.office.package import Package

_TITLES = frozenset(("title", "ctrTitle"))
_UNSEEN_FIELDS = ("slidenum", "datetime")
_SHAPES = frozenset(
    "p:sp p:pic p:graphicFrame p:cxnSp xdr:sp xdr:pic xdr:graphicFrame xdr:cxnSp".split()
)
_MOST = 10_000  # slides that are named
_CELLS = " | "


def leaves(package: Package, room: Room) -> Iterator[Leaf]:
    """Give the slides of a presentation."""
    order = _Order()
    package.archive.told(package.main, order)
    relations = package.relations(package.main)
    parts = [relations[name].target for name in order.found if name in relations]
    for number, part in enumerate(parts, 1):
        if number > room.leaves or room.text <= 0:
            room.truncated = True
            return
        if package.archive.find(part) is None:
            room.damaged = True
            continue
        writing = Writing(room, number)
        shapes(package, part, writing)
        for notes in package.related(part, "notesSlide"):
            _note(package, notes, writing)
        for remarks in package.related(part, "comments"):
            writing.say(words_of(package, remarks))
        leaf = writing.done()
        if not leaf.empty:
            yield leaf


def shapes(package: Package, part: str, writing: Writing) -> None:
    """Add the shapes of a slide or of the drawing on a sheet."""
    drawings = Drawings(package, part)
    handler = _Shapes(drawings)
    package.archive.told(part, handler)
    for shape in sorted(handler.found, key=lambda one: not one.title):
        for said, row in shape.said:
            writing.say(said, begins=shape.title, row=row)
        shape.drawings.give(writing)


def _note(package: Package, part: str, writing: Writing) -> None:
    """Add what the speaker is to say."""
    handler = _Shapes(Drawings(package, part))
    package.archive.told(part, handler)
    for shape in handler.found:
        if shape.kind == "body":
            writing.all(said for said, _ in shape.said)


class _Order:
    """Reads in which order slides are shown."""

    wanted, unseen = frozenset(("p:sldId",)), NOTHING

    def __init__(self) -> None:
        self.found: list[str] = []

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "p:sldId" and len(self.found) < _MOST:
            self.found.append(named(attributes).get("r:id", ""))

    def end(self, name: str) -> None:
        pass

    def text(self, data: str) -> None:
        pass


@dataclass(slots=True)
class _Shape:
    """What one shape says and shows."""

    drawings: Drawings
    kind: str = ""
    said: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def title(self) -> bool:
        return self.kind in _TITLES


class _Shapes:
    """Reads the shapes of a part."""

    wanted = frozenset((*_SHAPES, *DRAWN, *"p:ph a:t a:fld a:br a:p a:tr a:tc".split()))
    unseen = NOTHING

    def __init__(self, drawings: Drawings) -> None:
        self.found: list[_Shape] = []
        self._drawings = drawings
        self._now = _Shape(drawings)
        self._said: list[str] = []
        self._row: list[str] = []
        self._cell: list[str] | None = None
        self._speaks = self._field = False

    def start(self, name: str, attributes: Attributes) -> None:
        self._speaks = name == "a:t" and not self._field
        if name in _SHAPES:
            self._now = _Shape(self._drawings.apart())
        elif name in DRAWN:
            self._now.drawings.start(name, attributes)
        elif name == "p:ph":
            self._now.kind = named(attributes).get("type", "obj")
        elif name == "a:fld":
            self._field = named(attributes).get("type", "").startswith(_UNSEEN_FIELDS)
        elif name == "a:br":
            self._said.append("\n")
        elif name == "a:tr":
            self._row = []
        elif name == "a:tc":
            self._cell = []

    def end(self, name: str) -> None:
        self._speaks = False
        if name == "a:fld":
            self._field = False
        elif name == "a:p":
            self._close()
        elif name == "a:tc" and self._cell is not None:
            self._row.append(" ".join(" ".join(self._cell).split()))
            self._cell = None
        elif name == "a:tr":
            self._now.said.append((_CELLS.join(cell for cell in self._row if cell), True))
        elif name in _SHAPES:
            self.found.append(self._now)

    def text(self, data: str) -> None:
        if self._speaks:
            self._said.append(data)

    def _close(self) -> None:
        said, self._said = "".join(self._said), []
        if self._cell is not None:
            self._cell.append(said)
        else:
            self._now.said.append((said, False))
