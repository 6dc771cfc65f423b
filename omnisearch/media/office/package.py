"""Packages of Office Open XML: what kind they are, how their parts point to each other.

Parts are followed by their relationships only; those that lead outside are none.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote

from omnisearch.errors import MediaError, UnsupportedTypeError
from omnisearch.media.office.archive import Archive
from omnisearch.media.office.elements import NOTHING, Attributes, named
from omnisearch.media.office.properties import Properties
from omnisearch.media.sniff import PACKAGE_ENDS

TYPES = "[Content_Types].xml"
_KINDS = (  # what the type of a main part has in it, and what people call such a file
    ("wordprocessingml.document", "docx"),
    ("wordprocessingml.template", "docx"),
    ("ms-word.document", "docx"),
    ("ms-word.template", "docx"),
    ("presentationml.", "pptx"),
    ("ms-powerpoint.", "pptx"),
    ("sheet.binary", "xlsb"),
    ("spreadsheetml.", "xlsx"),
    ("ms-excel.", "xlsx"),
)
_ROOTS = {"word/document.xml": "docx", "ppt/presentation.xml": "pptx", "xl/workbook.xml": "xlsx"}
_NAMES = {"dc:title": "Title", "dc:creator": "Author", "dcterms:created": "CreationDate"}
_MOST = 20_000  # relationships of a part


@dataclass(frozen=True, slots=True)
class Relation:
    """Where a part points to: a name in the archive, and what for, in one word."""

    kind: str
    target: str


class Package:
    """A package and its main part."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.main = self._main()
        self.kind = self._kind()

    def relations(self, part: str) -> Mapping[str, Relation]:
        """Give what a part points to inside the package, by the names that it uses."""
        folder, _, file = part.rpartition("/")
        name = posixpath.join(folder, "_rels", f"{file}.rels")
        if self.archive.find(name) is None:
            return {}
        handler = _Relations(folder)
        self.archive.told(name, handler)
        return handler.found

    def related(self, part: str, kind: str) -> list[str]:
        """List the parts of a kind that a part points to, if they are there."""
        found = [one.target for one in self.relations(part).values() if one.kind == kind]
        return [target for target in found if self.archive.find(target) is not None]

    def facts(self) -> dict[str, str]:
        """Give what the package says of itself."""
        for part in self.related("", "core-properties"):
            handler = Properties(_NAMES)
            self.archive.told(part, handler)
            return handler.found
        return {}

    def _main(self) -> str:
        found = self.related("", "officeDocument")
        found += [name for name in _ROOTS if self.archive.find(name) is not None]
        if not found and PurePosixPath(self.archive.name).suffix.lower() not in PACKAGE_ENDS:
            raise UnsupportedTypeError(f"{self.archive.name} is a package that is not read here")
        if not found:
            fault = f"{self.archive.name} lacks its main part"
            raise MediaError(f"{fault}: it is damaged, save the document anew")
        return found[0]

    def _kind(self) -> str:
        """Tell the kind by the type of the main part, else by where it lies."""
        handler = _Types()
        if self.archive.find(TYPES) is not None:
            self.archive.told(TYPES, handler)
        said = handler.found.get(f"/{self.main}".lower(), "")
        known = (kind for sign, kind in _KINDS if sign in said)
        kind = next(known, None) or _ROOTS.get(self.main.lower())
        if kind is None:
            raise UnsupportedTypeError(f"{self.archive.name} is a package that is not read here")
        return kind


class _Relations:
    """Reads which parts a part points to."""

    wanted, unseen = frozenset(("rel:Relationship",)), NOTHING

    def __init__(self, folder: str) -> None:
        self.found: dict[str, Relation] = {}
        self._folder = folder

    def start(self, name: str, attributes: Attributes) -> None:
        told = named(attributes)
        if name != "rel:Relationship" or told.get("TargetMode") == "External":
            return
        target = unquote(told.get("Target", ""))
        if ":" in target.split("/")[0] or len(self.found) >= _MOST:
            return
        whole = target if target.startswith("/") else posixpath.join("/", self._folder, target)
        kind = told.get("Type", "").rpartition("/")[2]
        inside = posixpath.normpath(whole).lstrip("/")
        self.found[told.get("Id", "")] = Relation(kind, inside)

    def end(self, name: str) -> None:
        pass

    def text(self, data: str) -> None:
        pass


class _Types:
    """Reads of which type parts are."""

    wanted, unseen = frozenset(("ct:Override",)), NOTHING

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "ct:Override" and len(self.found) < _MOST:
            told = named(attributes)
            self.found[told.get("PartName", "").lower()] = told.get("ContentType", "")

    def end(self, name: str) -> None:
        pass

    def text(self, data: str) -> None:
        pass
