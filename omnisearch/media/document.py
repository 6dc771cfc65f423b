"""Pages of PDF files: how a page looks, and the words on it in reading order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from os import SEEK_END
from threading import RLock
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from omnisearch.errors import MediaError
from omnisearch.media import pdfium
from omnisearch.media.lines import CHARACTERS, Line, lines
from omnisearch.media.source import File, named, opened

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

LONGEST_SIDE = 1024  # of a picture of a page, whatever the size of the paper
# the encoder learnt from pages so large, laid on such a grey
SHEET_SIDE, SHEET_GREY = 256, 208
_LOCK = RLock()  # PDFium runs on one thread at a time
_WRONG_PASSWORD = 4  # FPDF_ERR_PASSWORD
_HYPHEN = r"[\x02\ufffe]\s*"  # PDFium's sign for one that parts a word at the end of a line
RGB = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A page as it looks (h, w, 3), and its words; a scan has none."""

    image: RGB
    words: str
    truncated: bool = False  # there were more words than are read


def pages(source: File) -> int:
    """Give how many pages there are, one at least."""
    with _document(source) as document:
        return len(document)


def page(source: File, number: int = 1) -> Page:
    """Read a page; they count from 1."""
    with _document(source) as document:
        if not 1 <= number <= len(document):
            fault = f"{named(source)} has no page {number}"
            raise MediaError(f"{fault}: its pages are 1 to {len(document)}")
        return Book(source, document).page(number, placed=False)[0]


class Book:
    """An open PDF whose pages are read one after another."""

    def __init__(self, source: File, document: PdfDocument) -> None:
        self.pages = len(document)
        self._source, self._document = source, document
        with _readable(named(source)):
            if document.get_formtype():
                document.init_forms()  # what was filled in is seen as well

    def tags(self) -> dict[str, str]:
        """Give what the file says of itself: Title, Author, CreationDate."""
        return {str(key): str(value) for key, value in self._document.get_metadata_dict().items()}

    def page(self, number: int, *, placed: bool = True) -> tuple[Page, list[Line]]:
        """Read a page, and its lines with their places if they are wanted."""
        name = f"page {number} of {named(self._source)}"
        with _readable(name):
            found = self._document[number - 1]
            try:
                words, truncated = _words(found)
                look = _look(name, found)
                return Page(look, words, truncated), lines(found) if placed else []
            finally:
                found.close()


@contextmanager
def book(source: File) -> Iterator[Book]:
    """Open a PDF, and close it."""
    with _document(source) as document:
        yield Book(source, document)


def sheet(image: RGB) -> RGB:
    """Lay a page on a grey square, as the pages that the encoder learnt from."""
    from PIL import Image

    scale = SHEET_SIDE / max(image.shape[:2])
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    small = Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS)
    square = Image.new("RGB", (SHEET_SIDE, SHEET_SIDE), (SHEET_GREY,) * 3)
    square.paste(small, ((SHEET_SIDE - width) // 2, (SHEET_SIDE - height) // 2))
    return np.asarray(square)


@contextmanager
def _document(source: File) -> Iterator[PdfDocument]:
    import pypdfium2

    with _LOCK, opened(source) as file, ExitStack() as stack:
        size = file.seek(0, SEEK_END)
        try:
            document = stack.enter_context(pdfium.opened(file, size))
        except pypdfium2.PdfiumError as error:
            raise _refused(source, error) from error
        yield document


def _refused(source: File, error: Exception) -> MediaError:
    if getattr(error, "err_code", None) == _WRONG_PASSWORD:
        fault = f"{named(source)} is encrypted and opens with a password only"
        return MediaError(f"{fault}: save it without, for example with `qpdf --decrypt`")
    return MediaError(
        f"{named(source)} is no PDF with pages that can be read: print it to a PDF again"
    )


@contextmanager
def _readable(name: str) -> Iterator[None]:
    import pypdfium2

    try:
        yield
    except pypdfium2.PdfiumError as error:
        raise MediaError(f"{name} is damaged ({error}): print it to a PDF again") from error


def _look(name: str, found: PdfPage) -> RGB:
    width, height = found.get_size()  # in points, turned as it is shown
    longest = max(width, height)
    if not (np.isfinite(longest) and min(width, height) > 0):
        raise MediaError(f"{name} measures {width:g} x {height:g} points: write the PDF again")
    bitmap = found.render(scale=LONGEST_SIDE / longest, rev_byteorder=True, prefer_bgrx=False)
    image = bitmap.to_numpy()
    return np.array(np.broadcast_to(image[:, :, :3], (*image.shape[:2], 3)), np.uint8)


def _words(found: PdfPage) -> tuple[str, bool]:
    """Give the words as they are read, spaces made one, and whether there were more."""
    text = str(found.get_textpage().get_text_bounded())
    return joined(text[:CHARACTERS]), len(text) > CHARACTERS


def joined(text: str) -> str:
    """Make one line of several; words that a hyphen parts there are made whole."""
    return " ".join(re.sub(_HYPHEN, "", text).replace("\0", " ").split())
