"""An office document of any kind that is read, told by what the archive holds, not by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from omnisearch.errors import MediaError, UnsupportedTypeError
from omnisearch.media.office import odf, sheets, slides, word
from omnisearch.media.office.archive import Archive, Budget
from omnisearch.media.office.book import Book
from omnisearch.media.office.leaf import Leaf, Room
from omnisearch.media.office.mail import Mail, is_mail
from omnisearch.media.office.package import Package
from omnisearch.media.source import File, named, opened
from omnisearch.media.words import HEAD

_TYPE = "mimetype"  # the member that names the type of books and open documents
_LONGEST_TYPE = 200
_ZIP = b"PK"
_OLD = (
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # containers of Microsoft before 2007, and encrypted ones
)
_SECRET = "EncryptedPackage".encode("utf-16-le")
_OLD_BYTES = 64 << 20
_READERS: Mapping[str, Callable[[Package, Room], Iterator[Leaf]]] = {
    "docx": word.leaves,
    "pptx": slides.leaves,
    "xlsx": sheets.leaves,
}


@dataclass(frozen=True, slots=True)
class Document:
    """An open document: its kind, what it says of itself, and its leaves, which are read once."""

    kind: str
    archive: Archive | None  # mail has none
    facts: Mapping[str, str]
    leaves: Iterator[Leaf]
    unread: Sequence[str] = ()  # what is attached and of no kind that is read, as it comes


def document(source: File, room: Room, budget: Budget | None = None) -> Document:
    """Open a document; one that is none, or is encrypted, is an error."""
    budget = budget or Budget()
    with opened(source) as file:
        head = file.read(HEAD)
    if not head.startswith((_ZIP, _OLD)) and is_mail(head, called=True):
        mail = Mail(source, room, budget)
        return Document("eml", None, mail.facts, mail.leaves(), mail.unread)
    _check_beginning(source)
    archive = Archive(source, budget)
    said = _said(archive)
    if said == "application/epub+zip" or archive.find("META-INF/container.xml") is not None:
        book = Book.of(archive)
        return Document("epub", archive, book.facts, book.leaves(room))
    if said.startswith(odf.TYPE) and (kind := odf.KINDS.get(said.removeprefix(odf.TYPE))):
        return Document(kind, archive, odf.facts(archive), odf.leaves(archive, kind, room))
    if said:
        raise UnsupportedTypeError(f"{archive.name} is {said}, which is not read")
    package = Package(archive)
    reader = _READERS.get(package.kind)
    if reader is None:
        raise UnsupportedTypeError(f"{archive.name} is {package.kind}, which is not read")
    return Document(package.kind, archive, package.facts(), reader(package, room))


def _said(archive: Archive) -> str:
    """Give the type that an archive names itself."""
    if archive.find(_TYPE) is None:
        return ""
    said = archive.read(_TYPE, _LONGEST_TYPE).decode("ascii", "replace").strip()
    return "".join(sign for sign in said if sign.isprintable())


def _check_beginning(source: File) -> None:
    """Tell what is no archive at all by what it is."""
    with opened(source) as file:
        head = file.read(len(_OLD))
        if head.startswith(_ZIP):
            return
        name = named(source)
        if head != _OLD:
            fault = f"{name} is called a document of an office program and is none"
            raise MediaError(f"{fault}: copy it again from where it came")
        file.seek(0)
        if _SECRET in file.read(_OLD_BYTES):
            fault = f"{name} is encrypted and opens with a password only"
            raise MediaError(f"{fault}: save it without one")
    raise UnsupportedTypeError(
        f"{name} is a document of an office program before 2007, which is not read"
    )
