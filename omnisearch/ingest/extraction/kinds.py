"""What a file is: by its bytes, then by its name; which types are read stands in a table."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePosixPath

from omnisearch.errors import EmptyError, MediaError, MissingReaderError, UnsupportedTypeError
from omnisearch.media import extras, sniff
from omnisearch.media.office.mail import is_mail
from omnisearch.media.sniff import Kind
from omnisearch.media.words import HEAD

_TABLE = tomllib.loads((files(__package__) / "types.toml").read_text("utf-8"))
_ENDS: dict[str, tuple[str, str]] = {
    end: (structure, name)
    for structure, names in _TABLE["text"].items()
    for name, ends in names.items()
    for end in ends.split()
}
_UNREAD = {end: name for name, ends in _TABLE["unread"].items() for end in ends.split()}
_HTML = re.compile(rb"\s*(?:<!--.{0,1000}?-->\s*)?<(?:!doctype\s+html|html[\s>])", re.I | re.S)
_SVG = re.compile(rb"\s*(?:<[?!][^>]{0,1000}>\s*){0,8}<(?:\w{1,20}:)?svg[\s>]", re.I)
# what else is text, and no words
_BEGINNINGS = (
    (b"%!PS", "postscript"),
    (b"{\\rtf", "rtf"),
    (b"#EXTM3U", "playlist"),
    (b"ffconcat version", "playlist"),
    (b"[playlist]", "playlist"),
)
MAIL, SVG = ".eml", "svg"
# told apart by what their archive holds
PACKAGES = ("docx", "pptx", "xlsx", "epub", "odt", "odp", "ods")
_NOTHING = b"\0\1\2\3"  # no file begins so: the end of the name alone tells


@dataclass(frozen=True, slots=True)
class Type:
    """A kind of file that is read, its name, and how its text is cut if it is one."""

    kind: Kind
    name: str
    structure: str = "plain"
    note: str = ""  # where its name says something else


def type_of(head: bytes, size: int, name: str) -> Type:
    """Tell what to read a file as; `head` are its first HEAD bytes."""
    suffix = PurePosixPath(name).suffix.lower()
    claimed = sniff.format_of(_NOTHING, len(_NOTHING), suffix)
    media = None if claimed is None else claimed.name
    if not size:
        _refuse_empty(media, name)
    found = sniff.format_of(head[:HEAD], size, suffix)
    if found is None and suffix in _ENDS:
        raise MediaError(f"{name} is called a text and holds none: give it the name of what it is")
    if found is None:
        raise UnsupportedTypeError(f"{name} is of no kind that is read here")
    if found == sniff.TEXT and _is_mail(head, suffix):
        return Type("document", "eml")
    if found == sniff.PACKAGE or found.name in PACKAGES:
        return Type("document", sniff.PACKAGE.name)
    if found.kind == "text":
        return _text(head, suffix, media, name)
    read = _TABLE["media"].get(found.kind)
    if read is not None and found.name not in read:
        raise UnsupportedTypeError(f"{name} is {found.name}, which is not read")
    _check_extra(found.name, name)
    note = _note(found.name, media or _claim(suffix), suffix)
    return Type(found.kind, _family(found.name, head), note=note)


def _is_mail(head: bytes, suffix: str) -> bool:
    """Tell a message by how it begins, where its name does not say that it is something else."""
    called = suffix == MAIL
    return (called or suffix not in _ENDS) and is_mail(head, called=called)


def note_of(found: str, name: str) -> str:
    """Say where the name of a document says something else than what it is."""
    suffix = PurePosixPath(name).suffix.lower()
    claimed = sniff.format_of(_NOTHING, len(_NOTHING), suffix)
    return _note(found, _claim(suffix) if claimed is None else claimed.name, suffix)


def _check_extra(kind: str, name: str) -> None:
    lacking = extras.lacking(kind)
    if lacking is not None:
        raise MissingReaderError(f"{name}: {lacking}")


def _family(name: str, head: bytes) -> str:
    """Tell WebM and QuickTime from the containers that they are kinds of, as people do."""
    if name == "matroska" and b"webm" in head[:64]:
        return "webm"
    return "mov" if name == "mp4" and head[4:12] == b"ftypqt  " else name


def _refuse_empty(media: str | None, name: str) -> None:
    if media is None:
        raise EmptyError(f"{name} is empty")
    raise MediaError(f"{name} is empty, and called {media}: copy it again from where it came")


def _text(head: bytes, suffix: str, media: str | None, name: str) -> Type:
    """Tell which text it is; one that is called a picture or a sound is a fault."""
    marks = (what for start, what in _BEGINNINGS if head.startswith(start))
    drawn = suffix == ".svg" or _SVG.match(head) is not None
    unread = SVG if drawn else next(marks, _UNREAD.get(suffix))
    page = _HTML.match(head) is not None
    if media is not None and not page:
        fault = f"{name} is called {media} and holds {unread or 'text'}"
        raise MediaError(f"{fault}: give it the name of what it is")
    if drawn:
        _check_extra(SVG, name)
        return Type(
            "image", SVG, note=_note(SVG, SVG if suffix == ".svg" else _claim(suffix), suffix)
        )
    if unread is not None and not page:
        raise UnsupportedTypeError(f"{name} is {unread}, which is not read")
    structure, called = _ENDS.get(suffix, ("plain", "text"))
    if page and structure in ("plain", "markup"):
        structure, called = "markup", "html"
    return Type("text", called, structure, _note(called, media or _claim(suffix), suffix))


def _claim(suffix: str) -> str | None:
    return _ENDS[suffix][1] if suffix in _ENDS else None


def _note(found: str, claimed: str | None, suffix: str) -> str:
    if claimed is None or found == claimed:
        return ""
    return f"called {suffix}, holds {found}"
