"""XML event by event, through expat: no document type, no entity, nothing loaded.

Names come with the short prefix that people write (`w:p`), whatever the document calls its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol
from xml.parsers import expat

from omnisearch.errors import MediaError

DEPTH = 300  # of elements in each other: tables in tables have 60
TOKEN_BYTES = 4 << 20  # that one tag, comment or the like may have
_OFFICE = "schemas.openxmlformats.org"
_STRICT = "purl.oclc.org/ooxml"
_PREFIXES = {
    f"http://{_OFFICE}/wordprocessingml/2006/main": "w",
    f"http://{_STRICT}/wordprocessingml/main": "w",
    f"http://{_OFFICE}/presentationml/2006/main": "p",
    f"http://{_STRICT}/presentationml/main": "p",
    f"http://{_OFFICE}/spreadsheetml/2006/main": "x",
    f"http://{_STRICT}/spreadsheetml/main": "x",
    f"http://{_OFFICE}/drawingml/2006/main": "a",
    f"http://{_STRICT}/drawingml/main": "a",
    f"http://{_OFFICE}/drawingml/2006/chart": "c",
    f"http://{_STRICT}/drawingml/chart": "c",
    f"http://{_OFFICE}/drawingml/2006/diagram": "dgm",
    f"http://{_STRICT}/drawingml/diagram": "dgm",
    f"http://{_OFFICE}/drawingml/2006/wordprocessingDrawing": "wp",
    f"http://{_STRICT}/drawingml/wordprocessingDrawing": "wp",
    f"http://{_OFFICE}/drawingml/2006/spreadsheetDrawing": "xdr",
    f"http://{_STRICT}/drawingml/spreadsheetDrawing": "xdr",
    f"http://{_OFFICE}/officeDocument/2006/relationships": "r",
    f"http://{_STRICT}/officeDocument/relationships": "r",
    f"http://{_OFFICE}/officeDocument/2006/math": "m",
    f"http://{_STRICT}/officeDocument/math": "m",
    f"http://{_OFFICE}/markup-compatibility/2006": "mc",
    f"http://{_OFFICE}/package/2006/relationships": "rel",
    f"http://{_OFFICE}/package/2006/content-types": "ct",
    f"http://{_OFFICE}/package/2006/metadata/core-properties": "cp",
    "urn:schemas-microsoft-com:vml": "v",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://www.idpf.org/2007/opf": "opf",
    "urn:oasis:names:tc:opendocument:xmlns:container": "ocf",
    "http://www.w3.org/2001/04/xmlenc#": "enc",
    "urn:oasis:names:tc:opendocument:xmlns:office:1.0": "office",
    "urn:oasis:names:tc:opendocument:xmlns:text:1.0": "text",
    "urn:oasis:names:tc:opendocument:xmlns:table:1.0": "table",
    "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0": "draw",
    "urn:oasis:names:tc:opendocument:xmlns:meta:1.0": "meta",
    "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0": "manifest",
    "urn:oasis:names:tc:opendocument:xmlns:style:1.0": "style",
    "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0": "fo",
    "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0": "svg",
    "urn:oasis:names:tc:opendocument:xmlns:presentation:1.0": "presentation",
    "http://www.w3.org/1999/xlink": "xlink",
}
_MOST_NAMES = 2_000  # of elements in one part: all of Word's are 700
_ENCODING = re.compile(rb"""\s{0,9}<\?xml[^>]{0,100}?encoding\s{0,9}=\s{0,9}["']([\w.-]{1,40})""")
_ENCODINGS = (b"utf-8", b"utf-16", b"us-ascii", b"ascii", b"iso-8859-1")
_CHOICE = "mc:AlternateContent"
_ALTERNATIVES = frozenset((_CHOICE, "mc:Choice", "mc:Fallback"))
NOTHING: frozenset[str] = frozenset()
Attributes = Mapping[str, str]


class Handler(Protocol):
    """What is told of the elements that it wants, in the order of the document.

    Of alternatives only the first is told, and nothing that lies in what is `unseen`.
    """

    @property
    def wanted(self) -> frozenset[str]:
        """Give the names of the elements that count."""

    @property
    def unseen(self) -> frozenset[str]:
        """Give the names of those that no reader sees, with all that is in them."""

    def start(self, name: str, attributes: Attributes) -> None:
        """Begin an element; `named` makes its attributes readable."""

    def end(self, name: str) -> None:
        """End it."""

    def text(self, data: str) -> None:
        """Take characters, which may come in several pieces."""


class Done(Exception):  # noqa: N818  it is no error
    """Raised by a handler that wants no more."""


def named(attributes: Attributes) -> dict[str, str]:
    """Give attributes by our names."""
    return {_name(key): value for key, value in attributes.items()}


class Parser:
    """expat with its doors shut, which tells a handler so many elements at most."""

    def __init__(self, handler: Handler, where: str, most: int, *, doctype: bool = False) -> None:
        self._where, self._doctype = where, doctype
        self._begin, self._finish, self._say = handler.start, handler.end, handler.text
        self._wanted = handler.wanted | handler.unseen | _ALTERNATIVES
        self._unseen = handler.unseen
        self._names: dict[str, str] = {}  # as expat gives them, to ours; "" is told to nobody
        self._depth = self._fed = 0
        self._hidden = 0  # elements that are open in what is not seen
        self._chosen: list[bool] = []  # for each open choice, whether one was made
        self.left = most  # elements that may still come
        self.over = False  # the handler wants no more, or the bound is reached
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._declared
        parser.EntityDeclHandler = self._refuse
        parser.ExternalEntityRefHandler = self._refuse
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self._parser = parser

    def feed(self, piece: bytes, *, last: bool = False) -> None:
        """Read on; what is no XML is an error."""
        if self.over:
            return
        said = _ENCODING.match(piece[:200]) if not self._fed else None
        if said is not None and said[1].lower() not in _ENCODINGS:
            raise MediaError(f"{self._where} is in no encoding that is read: save it anew")
        try:
            self._parser.Parse(piece, last)
        except Done:
            self.over = True
        except expat.ExpatError as error:
            fault = f"{self._where} is no XML as it should be (line {error.lineno})"
            raise MediaError(f"{fault}: it is damaged, save the document anew") from error
        self._fed += len(piece)
        if self._fed - self._parser.CurrentByteIndex > TOKEN_BYTES:
            raise MediaError(f"{self._where} has a tag of over {TOKEN_BYTES:,} bytes: leave it out")

    def _start(self, name: str, attributes: Attributes) -> None:
        self._depth += 1
        self.left -= 1
        if self._depth > DEPTH:
            raise MediaError(f"{self._where} is nested more than {DEPTH} deep: save it anew")
        if self.left < 0:
            raise Done
        if self._hidden:
            self._hidden += 1
            return
        known = self._names.get(name)
        if known is None:
            known = self._name(name)
        if not known:
            return
        if known in self._unseen or (known in _ALTERNATIVES and self._other(known)):
            self._hidden = 1
        else:
            self._begin(known, attributes)

    def _end(self, name: str) -> None:
        self._depth -= 1
        if self._hidden:
            self._hidden -= 1
            return
        known = self._names.get(name)
        if not known:
            return
        if known == _CHOICE:
            self._chosen.pop()
        self._finish(known)

    def _text(self, data: str) -> None:
        if not self._hidden:
            self._say(data)

    def _name(self, name: str) -> str:
        """Give our name of an element, or nothing of one that nobody wants."""
        found = _name(name)
        kept = found if found in self._wanted else ""
        if kept or len(self._names) < _MOST_NAMES:
            self._names[name] = kept
        return kept

    def _other(self, name: str) -> bool:
        """Tell an alternative to what was chosen: the same thing for older programs."""
        if name == _CHOICE:
            self._chosen.append(False)
        elif self._chosen:
            chosen, self._chosen[-1] = self._chosen[-1], True
            return chosen
        return False

    def _declared(self, name: str, system: str | None, public: str | None, inner: int) -> None:
        if inner or not self._doctype:
            self._refuse()

    def _refuse(self, *declared: object) -> int:
        fault = f"{self._where} declares a document type or entities"
        raise MediaError(f"{fault}, which no document needs: leave it out")


def _name(name: str) -> str:
    space, _, local = name.rpartition(" ")
    return f"{_PREFIXES.get(space, '?')}:{local}" if space else local
