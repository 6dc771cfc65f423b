"""HTML: what a reader sees of it, with the place of every word; nothing is run, nothing is loaded.

Read in one pass that never goes back far, so that no file takes long; what is no HTML is read as
browsers do: as words.
"""

from __future__ import annotations

import html
import re
from collections.abc import Generator, Iterator

from omnisearch.ingest.extraction.passages import Block, heading_of

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9]*")
_UNSEEN = frozenset("iframe math noembed noframes object script style svg template title".split())
_PARTS = frozenset(  # what stands on lines of its own
    (
        "address article aside blockquote body br button caption dd details dialog div dl dt "
        "fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol option "
        "p pre section select summary table td textarea th title tr ul"
    ).split()
)
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{0,2000})<", re.IGNORECASE)
_ALT = re.compile(r"\balt\s*=\s*(?:\"([^\"]{1,1000})\"|'([^']{1,1000})')", re.IGNORECASE)
_MARK = re.compile(r"<(?=/?[a-zA-Z]|[!?])")
_PIECE = re.compile(r"(?:[^&\n]|&(?![#a-zA-Z]))++|&#?\w{0,32};?|\n")
_TAG = re.compile(r"""<(?:[^>"']|"[^"]*"|'[^']*')*+>""")
_QUOTED = 4_000  # characters: a longer tag ends at its first `>`
_ODD = 1_000
_LONGEST_TAG = 100_000  # an inline picture may be a tag's attribute
_HEAD = 20_000  # characters in which a title stands


class _Paragraph:
    """What is said so far, and where."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.places: list[tuple[int, int]] = []
        self.end = 0
        self._length = 0
        self._blank = False  # something stands between the last word and the next

    def add(self, text: str, start: int, end: int) -> None:
        """Take the text from one place to another."""
        for found in _PIECE.finditer(text, start, end):
            piece = html.unescape(found[0]) if found[0][0] == "&" else found[0]
            words = piece.split()
            if not words:
                self._blank = True
                continue
            self._blank = self._blank or piece[0].isspace()
            self._tell(words, found.start(), found.end())
            self._blank = piece[-1].isspace()

    def stands_for(self, said: str, at: int, end: int) -> None:
        """Take words that are shown in place of something, apart from those around them."""
        self._blank = True
        self._tell(said.split(), at, end)
        self._blank = True

    def _tell(self, words: list[str], at: int, end: int) -> None:
        said = " ".join(words)
        if self._blank and self._length:
            said = f" {said}"
        self.places.append((self._length, at))
        self.said.append(said)
        self._length += len(said)
        self.end = end


def title_of(text: str) -> str:
    """Give the title of a page, or nothing."""
    found = _TITLE.search(text[:_HEAD])
    return heading_of(html.unescape(found[1])) if found else ""


def markup(text: str) -> Iterator[Block]:
    """Give the paragraphs of a page; a heading begins a section."""
    reader = _Page(text)
    at = 0
    while at < len(text):
        found = _MARK.search(text, at)
        reader.words(at, found.start() if found else len(text))
        at = (yield from reader.tag(found.start())) if found else len(text)
    yield from reader.close()


class _Page:
    """A page that is being read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lower = ""  # all of it in small letters, made where it is needed
        self._paragraph = _Paragraph()
        self._heading = ""
        self._level = ""  # the tag of the heading that is open
        self._odd = 0  # tags that were none with their quotes

    def words(self, start: int, end: int) -> None:
        """Take what stands between tags."""
        if start < end:
            self._paragraph.add(self._text, start, end)

    def tag(self, begin: int) -> Generator[Block, None, int]:
        """Read what begins with `<`; gives what it ends, and where to go on."""
        text = self._text
        if text.startswith("<!--", begin):
            return self._behind("-->", begin + 4)
        if text.startswith(("<!", "<?"), begin):
            return self._behind(">", begin)
        closes = text.startswith("/", begin + 1)
        found = _NAME.match(text, begin + 1 + closes)
        end, name = self._end(begin), found[0].lower() if found else ""
        if name in _PARTS:
            yield from self._part(name, closes)
        elif name == "img" and (alt := _ALT.search(text[begin:end])):
            self._paragraph.stands_for(html.unescape(alt[1] or alt[2]), begin, end)
        if name in _UNSEEN and not closes and not text.startswith("/>", end - 2):
            return self._behind(f"</{name}", end)
        return end

    def close(self) -> Iterator[Block]:
        """Give the paragraph that is open."""
        held, self._paragraph = self._paragraph, _Paragraph()
        if not held.said:
            return
        said = "".join(held.said)
        begins = self._level != ""
        if begins:
            self._heading = heading_of(said)
        above = "" if begins else self._heading
        start = held.places[0][1]
        yield Block(start, held.end, f"{said}\n", held.places, begins=begins, heading=above)

    def _part(self, name: str, closes: bool) -> Iterator[Block]:
        yield from self.close()
        heads = len(name) == 2 and name[0] == "h" and name[1].isdigit()
        self._level = name if heads and not closes else ""

    def _behind(self, end: str, at: int) -> int:
        """Go behind what ends something; where nothing does, all that is left belongs to it."""
        if end[:2] != "</":
            place = self._text.find(end, at)
            return len(self._text) if place < 0 else place + len(end)
        self._lower = self._lower or self._text.lower()
        if len(self._lower) != len(self._text):  # a few letters are two in small
            self._lower = self._text
        place = self._lower.find(end, at)
        return len(self._text) if place < 0 else self._end(place)

    def _end(self, begin: int) -> int:
        """Find where a tag ends."""
        first = self._text.find(">", begin, begin + _LONGEST_TAG) + 1
        if not first:
            return min(len(self._text), begin + _LONGEST_TAG)
        if self._odd < _ODD and (found := _TAG.match(self._text, begin, begin + _QUOTED)):
            return found.end()
        self._odd += 1
        return first
