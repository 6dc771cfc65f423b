"""Books (EPUB): chapters in the order of reading, as the HTML that they are, and pictures."""

from __future__ import annotations

import html
import posixpath
import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from omnisearch.errors import MediaError
from omnisearch.media.charsets import decoded
from omnisearch.media.office.archive import Archive
from omnisearch.media.office.elements import NOTHING, Attributes, named
from omnisearch.media.office.leaf import Leaf, Picture, Room

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document")
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_SHOWN = re.compile(r"<(?:\w{1,20}:)?(?:img|image)\b([^<>]{0,4000}+)>", re.IGNORECASE)
_SOURCE = re.compile(r"""(?:\bsrc|\bhref)\s{0,9}=\s{0,9}["']([^"']{1,1000})["']""", re.IGNORECASE)
_ALT = re.compile(r"""\balt\s{0,9}=\s{0,9}["']([^"']{1,1000})["']""", re.IGNORECASE)
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}["']([\w.-]{2,40})""")
_MOST = 20_000  # files that a book names
_CHAPTER_BYTES = 32 << 20


@dataclass(slots=True)
class Book:
    """An open book: what it says of itself, and where its chapters are."""

    archive: Archive
    facts: dict[str, str]
    chapters: list[str]

    @classmethod
    def of(cls, archive: Archive) -> Book:
        """Read the table of a book."""
        root = _Root()
        archive.told(_CONTAINER, root)
        if root.found is None or archive.find(root.found) is None:
            raise MediaError(f"{archive.name} lacks its table of chapters: save the book anew")
        plan = _Plan()
        archive.told(root.found, plan, doctype=True)
        folder = posixpath.dirname(root.found)
        chapters = [
            _inside(folder, plan.files[name][0])
            for name in plan.order
            if name in plan.files and plan.files[name][1] in _PAGES
        ]
        if archive.find(_ENCRYPTION) is not None:
            _check_open(archive, set(chapters))
        return cls(archive, plan.facts, chapters)

    def leaves(self, room: Room) -> Iterator[Leaf]:
        """Give the chapters."""
        for number, name in enumerate(self.chapters, 1):
            if number > room.leaves or room.text <= 0:
                room.truncated = True
                return
            if self.archive.find(name) is None:
                room.damaged = True
                continue
            text = room.take(_decoded(self.archive.read(name, _CHAPTER_BYTES)))
            pictures = tuple(self._shown(text, posixpath.dirname(name), room))
            yield Leaf(number, text, pictures=pictures, markup=True)

    def _shown(self, text: str, folder: str, room: Room) -> Iterator[Picture]:
        for found in _SHOWN.finditer(text):
            source, alt = _SOURCE.search(found[1]), _ALT.search(found[1])
            if source is None or ":" in source[1].split("/")[0]:
                continue  # what lies elsewhere, or is written into the page
            part = _inside(folder, html.unescape(source[1]))
            if self.archive.find(part) is not None and room.admits(part):
                shows = " ".join(html.unescape(alt[1]).split()) if alt else ""
                yield Picture(found.start(), part, shows)


def _inside(folder: str, target: str) -> str:
    """Give the name in the archive that a link means."""
    path = unquote(target.partition("#")[0])
    return posixpath.normpath(posixpath.join("/", folder, path)).lstrip("/")


def _decoded(content: bytes) -> str:
    """Read a chapter: in Unicode, or as it says."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    said = _DECLARED.match(content[:400].removeprefix(BOM_UTF8))
    return decoded(content.removeprefix(BOM_UTF8), said[1].decode("ascii") if said else None)


def _check_open(archive: Archive, chapters: set[str]) -> None:
    """Refuse a book whose chapters are encrypted; fonts often are, and nobody needs them."""
    secret = _Secret()
    archive.told(_ENCRYPTION, secret)
    if chapters & secret.found:
        fault = f"{archive.name} is encrypted, so that only the reader of its shop opens it"
        raise MediaError(f"{fault}: leave it out")


class _Reading:
    """A reader of elements that have no text."""

    unseen = NOTHING

    def end(self, name: str) -> None:
        pass

    def text(self, data: str) -> None:
        pass


class _Root(_Reading):
    """Reads where the table of a book is."""

    wanted = frozenset(("ocf:rootfile",))

    def __init__(self) -> None:
        self.found: str | None = None

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "ocf:rootfile" and self.found is None:
            self.found = posixpath.normpath(attributes.get("full-path", ""))


class _Secret(_Reading):
    """Reads which files are encrypted."""

    wanted = frozenset(("enc:EncryptionMethod", "enc:CipherReference"))

    def __init__(self) -> None:
        self.found: set[str] = set()
        self._font = False

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "enc:EncryptionMethod":
            self._font = attributes.get("Algorithm", "") in _FONTS
        elif name == "enc:CipherReference" and not self._font and len(self.found) < _MOST:
            self.found.add(_inside("", attributes.get("URI", "")))


class _Plan:
    """Reads the files of a book, the order of its chapters, and what it says of itself."""

    _WANTED = {"dc:title": "Title", "dc:creator": "Author", "dc:date": "CreationDate"}  # noqa: RUF012
    wanted, unseen = frozenset((*_WANTED, "opf:item", "opf:itemref")), NOTHING

    def __init__(self) -> None:
        self.files: dict[str, tuple[str, str]] = {}
        self.order: list[str] = []
        self.facts: dict[str, str] = {}
        self._key: str | None = None

    def start(self, name: str, attributes: Attributes) -> None:
        told = named(attributes)
        key = self._WANTED.get(name)
        self._key = None if key in self.facts else key
        if name == "opf:item" and len(self.files) < _MOST:
            self.files[told.get("id", "")] = told.get("href", ""), told.get("media-type", "")
        elif name == "opf:itemref" and len(self.order) < _MOST:
            self.order.append(told.get("idref", ""))

    def end(self, name: str) -> None:
        self._key = None

    def text(self, data: str) -> None:
        if self._key is not None:
            self.facts[self._key] = (self.facts.get(self._key, "") + data)[:2_000]
