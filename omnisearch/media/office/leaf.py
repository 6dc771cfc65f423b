"""One page, slide, sheet, chapter or message: its text in reading order, and its pictures in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

PLACE = "\ufffc"  # stands in a text where a picture is
_DIGITS = 9  # of a place: ten million characters are told apart
_TITLE = 300  # characters


Box = tuple[float, float, float, float]


class Paragraph(NamedTuple):
    """Characters from `start` to `end` of a leaf's text that belong together.

    `begins`: it is a heading. `heading` is what stands over it. `row`: of a table.
    """

    start: int
    end: int
    begins: bool = False
    heading: str = ""
    row: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture inside: where in the text it is, what it is called in the archive, what it shows.

    `content` is there in place of a name where there is no archive.
    """

    at: int
    part: str
    words: str = ""
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part of a document with a number, from 1; `markup`: its text is HTML, of no paragraphs.

    `pages` is a PDF that stands in its place.
    """

    number: int
    text: str
    paragraphs: tuple[Paragraph, ...] = ()
    pictures: tuple[Picture, ...] = ()
    markup: bool = False
    pages: bytes = b""

    def box(self, start: int, end: int) -> Box | None:
        """Give a place in the text as a band across the page; None where it is all of it.

        A text that flows has no height: fractions are of its characters, top to bottom.
        """
        length = len(self.text)
        if start <= 0 and end >= len(self.text.rstrip()):
            return None
        top = round(start / length, _DIGITS)
        return 0.0, top, 1.0, min(round((end - start) / length, _DIGITS), 1.0 - top)

    @property
    def empty(self) -> bool:
        """Tell whether there is nothing on it."""
        return not (self.text.strip() or self.pictures or self.pages)


@dataclass(slots=True)
class Room:
    """How much text and how many pictures a document may still give."""

    text: int
    leaves: int
    pictures: int = 1_000
    truncated: bool = False
    damaged: bool = False
    seen: set[str] = field(default_factory=set)  # parts of pictures: each is shown once

    def take(self, text: str) -> str:
        """Cut a text to what may still come."""
        found = text[: self.text]
        self.text -= len(found)
        self.truncated = self.truncated or len(found) < len(text)
        return found

    def admits(self, part: str) -> bool:
        """Tell whether a picture may come; one that came before is enough."""
        if part in self.seen:
            return False
        if len(self.seen) >= self.pictures:
            self.truncated = True
            return False
        self.seen.add(part)
        return True


class Writing:
    """A leaf that is being written."""

    def __init__(self, room: Room, number: int = 1, heading: str = "") -> None:
        self.number, self.heading = number, heading
        self._room = room
        self._texts: list[str] = []
        self._length = 0
        self._paragraphs: list[Paragraph] = []
        self._pictures: list[Picture] = []

    @property
    def full(self) -> bool:
        """Tell whether nothing more is taken."""
        return self._room.text <= 0

    def cut(self) -> None:
        """Note that more would have come."""
        self._room.truncated = True

    def say(self, said: str, *, begins: bool = False, row: bool = False) -> None:
        """Add a paragraph; a heading is remembered for those below it."""
        said = said.strip("\n ")
        if not said or said.isspace():
            return
        if begins:
            self.heading = " ".join(said.split())[:_TITLE]
        text = self._room.take(f"{said}\n" if row else f"{said}\n\n")
        if not text:
            return
        start, end = self._length, self._length + len(text)
        heading = "" if begins else self.heading
        self._paragraphs.append(Paragraph(start, end, begins, heading, row))
        self._add(text)

    def all(self, paragraphs: Iterable[str]) -> None:
        """Add several paragraphs."""
        for said in paragraphs:
            self.say(said)

    def show(self, part: str, words: str = "", content: bytes = b"") -> None:
        """Add a picture, and what it is said to show."""
        if not self._room.admits(part):
            return
        self._pictures.append(Picture(self._length, part, words.strip(), content))
        self._add(f"{PLACE}\n")
        self.say(words)

    def done(self) -> Leaf:
        """Give the leaf."""
        text = "".join(self._texts)
        return Leaf(self.number, text, tuple(self._paragraphs), tuple(self._pictures))

    def _add(self, text: str) -> None:
        self._texts.append(text)
        self._length += len(text)
