"""Pages of PDF files: how a page looks, and the words on it in reading order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from omnisearch.errors import MediaError
from omnisearch.media.source import File, named, opened

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

LONGEST_SIDE = 1024  # of a picture of a page, whatever the size of the paper
CHARACTERS = 200_000  # of a page: a dense one has 10,000
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
        return _read(f"page {number} of {named(source)}", document, number)


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

    with _LOCK, opened(source) as file:
        try:
            document = pypdfium2.PdfDocument(file)
        except pypdfium2.PdfiumError as error:
            raise _refused(source, error) from error
        try:
            if not len(document):
                raise MediaError(f"{named(source)} has no pages: write the PDF again")
            yield document
        finally:
            document.close()


def _refused(source: File, error: Exception) -> MediaError:
    if getattr(error, "err_code", None) == _WRONG_PASSWORD:
        fault = f"{named(source)} is encrypted and opens with a password only"
        return MediaError(f"{fault}: save it without, for example with `qpdf --decrypt`")
    return MediaError(
        f"{named(source)} is no PDF with pages that can be read: print it to a PDF again"
    )


def _read(name: str, document: PdfDocument, number: int) -> Page:
    import pypdfium2

    try:
        if document.get_formtype():
            document.init_forms()  # what was filled in is seen as well
        found = document[number - 1]
        words, truncated = _words(found)
        return Page(_look(name, found), words, truncated)
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
    whole = re.sub(_HYPHEN, "", text[:CHARACTERS]).replace("\0", " ")
    return " ".join(whole.split()), len(text) > CHARACTERS
