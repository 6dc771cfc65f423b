"""Drawings inside documents: pictures, and the words of charts and diagrams, which are other parts.

A picture that lies outside of the document is none: nothing is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from omnisearch.media.office.elements import Attributes, named
from omnisearch.media.office.leaf import Writing
from omnisearch.media.office.package import Package, Relation

_NAMES = frozenset(("wp:docPr", "p:cNvPr", "xdr:cNvPr"))
# what points to a part, and by which attribute
_PICTURES = {"a:blip": "r:embed", "v:imagedata": "r:id"}
_WORDS = {"c:chart": "r:id", "dgm:relIds": "r:dm"}
DRAWN = frozenset((*_NAMES, *_PICTURES, *_WORDS))
_NOTHING = re.compile(r"(?i)(picture|image|grafik|bild|imagen)\W*\d*|[\w ().-]+\.[a-z]{3,4}")
_BY_PROGRAM = re.compile(r"(?i)\s*(description )?automatically generated.*$")
_LONGEST = 10_000  # characters of a chart or of what a picture is said to show
_MOST = 2_000  # words of a chart


class Drawings:
    """What is drawn in a part, from one place of it to the next."""

    def __init__(
        self, package: Package, part: str, relations: Mapping[str, Relation] | None = None
    ) -> None:
        self._package, self._part = package, part
        self._relations = package.relations(part) if relations is None else relations
        self._shows = ""
        self._pictures: list[tuple[str, str]] = []
        self._said: list[str] = []

    def start(self, name: str, attributes: Attributes) -> None:
        """Take an element that is among DRAWN."""
        told = named(attributes)
        if name in _NAMES:
            self._shows = _told(told.get("descr") or told.get("title") or "")
            return
        key = _PICTURES.get(name) or _WORDS[name]
        relation = self._relations.get(told.get(key, ""))
        if relation is None or self._package.archive.find(relation.target) is None:
            return
        if name in _PICTURES:
            self._pictures.append((relation.target, self._shows))
            self._shows = ""
        else:
            self._said.append(words_of(self._package, relation.target))

    def apart(self) -> Drawings:
        """Give one for another place of the same part."""
        return Drawings(self._package, self._part, self._relations)

    def give(self, writing: Writing) -> None:
        """Put what was drawn where the text is now."""
        for part, shows in self._pictures:
            writing.show(part, shows)
        writing.all(self._said)
        self._pictures, self._said = [], []


def _told(shows: str) -> str:
    """Leave out what programs say of a picture where nobody said anything."""
    said = _BY_PROGRAM.sub("", " ".join(shows[:_LONGEST].split()))
    return "" if _NOTHING.fullmatch(said) else said


def words_of(package: Package, part: str) -> str:
    """Give the words of a chart, a diagram or remarks, each once."""
    handler = _Words()
    package.archive.told(part, handler)
    return "\n".join(dict.fromkeys(handler.finished()))[:_LONGEST]


class _Words:
    """Reads names and titles; the numbers of a chart are no words."""

    _SAYS = frozenset(("a:t", "c:v", "p:text", "x:t"))
    wanted = _SAYS | frozenset(("a:p", "x:comment"))
    unseen = frozenset(("c:numCache", "x:rPh"))

    def __init__(self) -> None:
        self._found: list[str] = []
        self._now: list[str] = []
        self._speaks = False

    def start(self, name: str, attributes: Attributes) -> None:
        self._speaks = name in self._SAYS

    def end(self, name: str) -> None:
        self._speaks = False
        if name in ("a:p", "c:v", "p:text", "x:comment"):
            self._close()

    def text(self, data: str) -> None:
        if self._speaks:
            self._now.append(data)

    def finished(self) -> list[str]:
        self._close()
        return self._found

    def _close(self) -> None:
        said = " ".join("".join(self._now).split())
        if said and len(self._found) < _MOST:
            self._found.append(said)
        self._now = []
