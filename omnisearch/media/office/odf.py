"""OpenDocument: texts by the pages of their last layout, slides, and sheets, all of one grammar."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from omnisearch.errors import MediaError
from omnisearch.media.office.archive import Archive
from omnisearch.media.office.elements import NOTHING, Attributes, Done, named
from omnisearch.media.office.leaf import Leaf, Room, Writing
from omnisearch.media.office.properties import Properties
from omnisearch.media.office.sheets import ROWS

TYPE = "application/vnd.oasis.opendocument."
KINDS = {"text": "odt", "presentation": "odp", "spreadsheet": "ods"}
_CONTENT, _META, _MANIFEST = "content.xml", "meta.xml", "META-INF/manifest.xml"
_LAID_OUT = b"soft-page-break"
_SPACES = re.compile(r"[ \t\r\n]+")
_BLANKS = {"text:tab": "\t", "text:line-break": "\n"}
_SHOWS = ("svg:title", "svg:desc")
_NAMES = {
    "dc:title": "Title",
    "meta:initial-creator": "Author",
    "meta:creation-date": "CreationDate",
}
_STYLES = 20_000
_CELLS = " | "


def leaves(archive: Archive, kind: str, room: Room) -> Iterator[Leaf]:
    """Give the pages, slides or sheets of a document."""
    body = _Body(archive, room, kind, laid_out=archive.holds(_CONTENT, _LAID_OUT))
    for _ in archive.telling(_CONTENT, body):
        yield from body.taken()
    yield from body.finish()


def facts(archive: Archive) -> dict[str, str]:
    """Give what a document says of itself; one with a password is an error."""
    if archive.find(_MANIFEST) is not None:
        manifest = _Manifest()
        archive.told(_MANIFEST, manifest, doctype=True)
        if manifest.secret:
            fault = f"{archive.name} is encrypted and opens with a password only"
            raise MediaError(f"{fault}: save it without one")
    reader = Properties(_NAMES)
    if archive.find(_META) is not None:
        archive.told(_META, reader)
    return reader.found


@dataclass(slots=True)
class _Open:
    """A paragraph that is being read; what stands inside it comes behind it."""

    heads: bool = False
    said: list[str] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)


class _Body:
    """The content of a document."""

    wanted = frozenset(
        (
            *"text:h text:p text:s text:soft-page-break table:table table:table-row".split(),
            *"table:table-cell draw:page draw:frame draw:image style:style".split(),
            *("style:paragraph-properties", *_BLANKS, *_SHOWS),
        )
    )
    unseen = frozenset(
        "text:tracked-changes text:note-citation text:ruby-text dc:creator dc:date "
        "meta:creator-initials ?:sender-initials".split()
    )

    def __init__(self, archive: Archive, room: Room, kind: str, *, laid_out: bool) -> None:
        self._archive, self._room, self._kind, self._laid_out = archive, room, kind, laid_out
        self._writing = Writing(room)
        self._leaves: list[Leaf] = []
        self._open: list[_Open] = []
        self._cells: list[list[str]] = []
        self._rows: list[list[str]] = []
        self._pictures: list[list[str]] = []  # part and what it shows
        self._breaks: set[str] = set()  # styles of paragraphs that begin a page
        self._style, self._title, self._sheet = "", False, ""
        self._shown: list[str] | None = None
        self._tables = self._count = 0
        self._started = False

    def start(self, name: str, attributes: Attributes) -> None:
        """Begin an element."""
        told = named(attributes)
        match name:
            case "text:p" | "text:h":
                self._paragraph(name, told.get("text:style-name", ""))
            case "text:s" if self._open:
                count = told.get("text:c", "1")[:2]
                self._open[-1].said.append(" " * int(count) if count.isdecimal() else " ")
            case "text:tab" | "text:line-break" if self._open:
                self._open[-1].said.append(_BLANKS[name])
            case "text:soft-page-break" if not self._cells:
                self._break(told=True)
            case "table:table-row":
                self._rows.append([])
            case "table:table-cell":
                self._cells.append([])
            case _:
                self._around(name, told)

    def _around(self, name: str, told: dict[str, str]) -> None:
        """Take what holds paragraphs, and what is drawn."""
        match name:
            case "table:table":
                self._table(told.get("table:name", ""))
            case "draw:page":
                self._turn()
            case "draw:frame":
                self._title = told.get("presentation:class") == "title"
            case "draw:image":
                self._pictures.append([told.get("xlink:href", ""), ""])
            case "svg:title" | "svg:desc":
                self._shown = []
            case "style:style":
                self._style = told.get("style:name", "")
            case "style:paragraph-properties" if told.get("fo:break-before") == "page":
                self._breaks.add(self._style) if len(self._breaks) < _STYLES else None

    def end(self, name: str) -> None:
        """End an element."""
        match name:
            case "text:p" | "text:h" if self._open:
                self._close(self._open.pop())
            case "table:table-cell" if self._cells and self._rows:
                self._rows[-1].append(" ".join(" ".join(self._cells.pop()).split()))
            case "table:table-row" if self._rows:
                self._row([cell for cell in self._rows.pop() if cell])
            case "table:table":
                self._tables -= 1
            case "draw:frame":
                self._title = False
                self._show()
            case "svg:title" | "svg:desc":
                said, self._shown = "".join(self._shown or []), None
                if self._pictures:
                    self._pictures[-1][1] = said

    def text(self, data: str) -> None:
        """Take characters."""
        if self._shown is not None:
            self._shown.append(data)
        elif self._open:
            self._open[-1].said.append(_SPACES.sub(" ", data))

    def taken(self) -> list[Leaf]:
        """Give the leaves that are finished."""
        found, self._leaves = self._leaves, []
        return found

    def finish(self) -> list[Leaf]:
        """End the last one, and give what is left."""
        self._started = True
        self._end_leaf()
        return self.taken()

    def _paragraph(self, name: str, style: str) -> None:
        if style in self._breaks and not self._open and not self._cells:
            self._break(told=False)
        self._open.append(_Open(name == "text:h" or self._title))

    def _close(self, ended: _Open) -> None:
        said = "".join(ended.said)
        if self._open:
            self._open[-1].inside += [said, *ended.inside]
            return
        self._say(said, heads=ended.heads)
        for inner in ended.inside:
            self._say(inner)
        self._show()

    def _say(self, said: str, *, heads: bool = False, row: bool = False) -> None:
        if self._cells:
            self._cells[-1].append(said)
            return
        self._writing.say(said, begins=heads, row=row)
        if self._room.text <= 0:
            raise Done

    def _row(self, cells: list[str]) -> None:
        said = _CELLS.join(cells)
        self._say(said, row=True)
        if self._kind != "ods" or self._cells or not cells:
            return
        self._count += 1
        if self._count == 1 and len(cells) > 1:
            self._writing.heading = f"{self._sheet}: {said}"
        if self._count >= ROWS:
            self._writing.cut()
            raise Done

    def _table(self, name: str) -> None:
        self._tables += 1
        if self._kind == "ods" and self._tables == 1:
            self._turn()
            self._sheet, self._count = name, 0
            self._writing.say(name, begins=True)

    def _show(self) -> None:
        """Put pictures behind the paragraph in which they are."""
        if self._open or self._cells:
            return
        for part, shows in self._pictures:
            if ":" not in part and self._archive.find(part) is not None:
                self._writing.show(part, " ".join(shows.split()))
        self._pictures = []

    def _break(self, *, told: bool) -> None:
        """Begin a page, by the last layout if there was one, else by styles."""
        if self._kind != "odt" or told is not self._laid_out:
            return
        if self._open:
            now = self._open[0]
            self._writing.say("".join(now.said), begins=now.heads)
            now.said = []
        self._started = True
        self._turn()

    def _turn(self) -> None:
        """Begin another leaf; the first was there from the beginning."""
        if self._started:
            self._end_leaf()
            if self._writing.number > self._room.leaves:
                self._room.truncated = True
                raise Done
        self._started = True

    def _end_leaf(self) -> None:
        leaf, heading = self._writing.done(), self._writing.heading
        if leaf.number <= self._room.leaves and not leaf.empty:
            self._leaves.append(leaf)
        kept = heading if self._kind == "odt" else ""
        self._writing = Writing(self._room, leaf.number + 1, kept)


class _Manifest:
    """Reads whether a document is encrypted."""

    wanted, unseen = frozenset(("manifest:encryption-data",)), NOTHING

    def __init__(self) -> None:
        self.secret = False

    def start(self, name: str, attributes: Attributes) -> None:
        self.secret = True

    def end(self, name: str) -> None:
        pass

    def text(self, data: str) -> None:
        pass
