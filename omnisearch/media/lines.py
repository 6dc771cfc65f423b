"""The lines of a page of a PDF in reading order, each with its place on the page as it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from ctypes import byref, c_double, c_int
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdfium2 import PdfPage, PdfTextPage

CHARACTERS = 200_000  # of a page: a dense one has 10,000
_FINE = 1_000_000  # steps across a page, for fractions
_ENDS = (10, 13)
Box = tuple[float, float, float, float]  # x, y, w, h as fractions, from top left


@dataclass(frozen=True, slots=True)
class Line:
    """Words beside each other, and where they stand; some are nowhere to be seen."""

    words: str
    box: Box | None


def lines(page: PdfPage) -> list[Line]:
    """Read the lines of a page."""
    found = page.get_textpage()
    try:
        return [
            Line(words, _box(page, found, first, last))
            for words, first, last in _cut(found)
            if words.strip()
        ]
    finally:
        found.close()


def _cut(found: PdfTextPage) -> Iterator[tuple[str, int, int]]:
    """Give the words of each line, and the numbers of its characters."""
    from pypdfium2 import raw

    count = min(found.count_chars(), CHARACTERS)
    held: list[str] = []
    first = 0
    for number in range(count):
        sign = int(raw.FPDFText_GetUnicode(found, number))
        if sign not in _ENDS:
            held.append(chr(sign) if 0 < sign < 0x110000 else " ")
            continue
        yield _whole(held), first, number
        held, first = [], number + 1
    yield _whole(held), first, count


def _whole(signs: list[str]) -> str:
    """Join characters; halves of one are put together, or replaced."""
    return "".join(signs).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _box(page: PdfPage, found: PdfTextPage, first: int, last: int) -> Box | None:
    """Find the box around some characters."""
    corners = list(_corners(page, found, first, last))
    if not corners:
        return None
    across, down = zip(*corners, strict=True)
    left, top = _inside(min(across)), _inside(min(down))
    right, bottom = _inside(max(across)), _inside(max(down))
    if right <= left or bottom <= top:
        return None
    return left, top, round(right - left, 4), round(bottom - top, 4)


def _corners(
    page: PdfPage, found: PdfTextPage, first: int, last: int
) -> Iterator[tuple[float, float]]:
    """Give the corners of the parts of a line, as fractions of the page as it is shown."""
    from pypdfium2 import raw

    edges = [c_double() for _ in range(4)]
    x, y = c_int(), c_int()
    for number in range(raw.FPDFText_CountRects(found, first, last - first)):
        if not raw.FPDFText_GetRect(found, number, *map(byref, edges)):
            continue
        left, top, right, bottom = edges
        for corner in ((left, top), (right, bottom)):
            if raw.FPDF_PageToDevice(page, 0, 0, _FINE, _FINE, 0, *corner, byref(x), byref(y)):
                yield x.value / _FINE, y.value / _FINE


def _inside(place: float) -> float:
    return round(min(max(place, 0.0), 1.0), 4)
