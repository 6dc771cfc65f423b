"""Pages of a PDF: one as a PDF of its own, and how one looks, or a box of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os import SEEK_END
from typing import TYPE_CHECKING

import numpy as np

from omnisearch.errors import MediaError
from omnisearch.media import image, pdfium
from omnisearch.media.cutting import pixels
from omnisearch.media.cutting.stream import Outgoing
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.piece import Piece
from omnisearch.media.source import Stream, opened
from omnisearch.records import PageSpan, span_of

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

_DOTS = 200 / 72  # of a picture of a page, for each of its points
_LONGEST_SIDE = 4096


def alone(source: Stream, ask: Ask) -> Iterator[Piece]:
    """Give a page as a PDF that has no other; what it links to is left behind."""
    from pypdfium2 import PdfDocument

    number = _span(ask).page
    with _document(source, number) as document:
        single = PdfDocument.new()
        try:
            single.import_pages(document, [number - 1])
            out = Outgoing()
            single.save(out)
        finally:
            single.close()
    yield Piece({"what": "file", "form": "pdf"})
    yield from out.taken(0)


def look(source: Stream, ask: Ask) -> Iterator[Piece]:
    """Give how a page looks, or a box of it; a side in the caps bounds that of the page."""
    span = _span(ask)
    with _document(source, span.page) as document:
        page = document[span.page - 1]
        width, height = page.get_size()  # in points, turned as it is shown
        longest = max(width, height)
        if not (np.isfinite(longest) and min(width, height) > 0):
            raise MediaError(f"page {span.page} of {source.name} has no size: write the PDF again")
        scale = min(_DOTS, min(_LONGEST_SIDE, ask.caps.side) / longest)
        bitmap = page.render(scale=scale, rev_byteorder=True, prefer_bgrx=False)
        found = bitmap.to_numpy()
        rgb = np.array(np.broadcast_to(found[:, :, :3], (*found.shape[:2], 3)), np.uint8)
        page.close()
    yield from pixels.told(rgb if span.box is None else image.cut(rgb, span.box))


def _span(ask: Ask) -> PageSpan:
    span = None if ask.span is None else span_of(ask.span)
    return span if isinstance(span, PageSpan) else PageSpan(1)


@contextmanager
def _document(source: Stream, number: int) -> Iterator[PdfDocument]:
    """Open a PDF that has such a page."""
    import pypdfium2

    with opened(source) as file:
        try:
            with pdfium.opened(file, file.seek(0, SEEK_END)) as document:
                if not 1 <= number <= len(document):
                    fault = f"{source.name} has no page {number} any more"
                    raise MediaError(f"{fault}: its pages are 1 to {len(document)}")
                if document.get_formtype():
                    document.init_forms()  # what was filled in is seen as well
                yield document
        except pypdfium2.PdfiumError as error:
            fault = f"{source.name} does not open as a PDF ({error})"
            raise MediaError(f"{fault}: print it to a PDF again") from error
