"""The items of a file: which pictures and texts it has, where they lie, what they are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from omnisearch.media.heif.boxes import BOXES, Fields, boxes, full

_LINKS = 100_000  # in all, of each kind: a picture of 200 million pixels is made of 800 tiles
_FILE, _INSIDE = 0, 1  # where bytes lie: beside the description, or in it
Property = tuple[bytes, memoryview]


@dataclass(slots=True)
class Item:
    """A picture, or what is said of one; `parts` are the items that it is made of, in order."""

    kind: bytes = b""
    properties: list[Property] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    about: list[int] = field(default_factory=list)  # whom it describes
    inside: bool = False  # its bytes lie in the description
    places: list[tuple[int, int]] = field(default_factory=list)  # where bytes begin, how many

    def said(self, kind: bytes) -> memoryview | None:
        """Give the first property of a kind."""
        return next((body for one, body in self.properties if one == kind), None)


@dataclass(slots=True)
class Contents:
    """All items by number, which one is to be shown, and the bytes that lie beside their table."""

    items: dict[int, Item] = field(default_factory=dict)
    primary: int = 0
    data: memoryview = field(default_factory=lambda: memoryview(b""))

    def item(self, number: int) -> Item:
        """Give an item that must be there."""
        found = self.items.get(number)
        if found is None:
            raise ValueError(f"it names a picture {number} that is not there")
        return found


def contents(meta: memoryview) -> Contents:
    """Read the description of a file."""
    _, _, fields = full(meta)
    found, tables = Contents(), dict[bytes, memoryview]()
    for kind, body in boxes(fields.rest()):
        tables.setdefault(kind, body)
    for need in (b"pitm", b"iinf", b"iloc"):
        if need not in tables:
            raise ValueError(f"its description lacks {need.decode()}")
    _kinds(found, tables[b"iinf"])
    _places(found, tables[b"iloc"])
    _links(found, tables.get(b"iref"))
    _properties(found, tables.get(b"iprp"))
    version, _, fields = full(tables[b"pitm"])
    found.primary = fields.number(4 if version else 2)
    found.data = tables.get(b"idat", found.data)
    return found


def _kinds(found: Contents, table: memoryview) -> None:
    version, _, fields = full(table)
    fields.number(4 if version else 2)  # how many: the boxes tell
    for kind, body in boxes(fields.rest()):
        version, _, entry = full(body)
        if kind != b"infe" or version < 2:
            continue
        number, _ = entry.number(4 if version > 2 else 2), entry.number(2)
        found.items[number] = Item(entry.bytes(4))


def _places(found: Contents, table: memoryview) -> None:
    version, _, fields = full(table)
    widths, more = fields.number(1), fields.number(1)
    offset, length, base = widths >> 4, widths & 15, more >> 4
    index = more & 15 if version else 0
    if not {offset, length, base, index} <= {0, 4, 8}:
        raise ValueError("its table of places has numbers of an odd width")
    left = _LINKS
    for _ in _counted(fields.number(2 if version < 2 else 4), BOXES):
        item = found.items.get(fields.number(2 if version < 2 else 4))
        method, elsewhere = fields.number(2) & 15 if version else _FILE, fields.number(2)
        start, places = fields.number(base), list[tuple[int, int]]()
        extents = fields.number(2)
        left -= extents
        for _ in _counted(extents, left + extents):
            fields.number(index)
            places.append((start + fields.number(offset), fields.number(length)))
        if item is not None and not elsewhere and method in (_FILE, _INSIDE):
            item.inside, item.places = method == _INSIDE, places


def _links(found: Contents, table: memoryview | None) -> None:
    if table is None:
        return
    version, _, fields = full(table)
    width, left = 4 if version else 2, _LINKS
    for kind, body in boxes(fields.rest()):
        entry = Fields(body)
        item, count = found.items.get(entry.number(width)), entry.number(2)
        left -= count
        numbers = [entry.number(width) for _ in _counted(count, left + count)]
        if item is not None and kind == b"dimg":
            item.parts = numbers
        elif item is not None and kind == b"cdsc":
            item.about = numbers


def _properties(found: Contents, table: memoryview | None) -> None:
    """Give each item its properties, in the order in which they are to be applied."""
    known = list[Property]()
    left = _LINKS
    for kind, body in boxes(table if table is not None else memoryview(b"")):
        if kind == b"ipco":
            known = list(boxes(body))
        if kind != b"ipma":
            continue
        version, flags, fields = full(body)
        width, mask = (2, 0x7FFF) if flags & 1 else (1, 0x7F)
        for _ in _counted(fields.number(4), BOXES):
            item, count = found.items.get(fields.number(4 if version else 2)), fields.number(1)
            left -= count
            places = [fields.number(width) & mask for _ in _counted(count, left + count)]
            if item is not None:
                item.properties += [known[at - 1] for at in places if 0 < at <= len(known)]


def _counted(count: int, most: int) -> Iterator[int]:
    if count > most:
        raise ValueError(f"it counts {count:,} things, {max(0, most):,} more are read")
    return iter(range(count))


def described(found: Contents, kind: bytes) -> Item | None:
    """Give what is said of the picture that is shown, else of no picture in particular."""
    said = [item for item in found.items.values() if item.kind == kind]
    about = (item for item in said if found.primary in item.about)
    return next(about, next((item for item in said if not item.about), None))
