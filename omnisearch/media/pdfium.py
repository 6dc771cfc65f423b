"""PDFium's way to the bytes of a file: one function that it calls back, made once.

Making such a function takes memory that is run, which a process that decodes may have no more of.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, c_int, c_ubyte, c_ulong, c_void_p, memmove
from itertools import count
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

_FILES: dict[int, BinaryIO] = {}  # those that are open, by the number that PDFium gives back
_NUMBERS = count(1)


def _block(number: int, place: int, room: Any, size: int) -> int:  # noqa: ANN401
    """Copy bytes of a file to where PDFium wants them; 0 is a failure."""
    try:
        file = _FILES[number]
        file.seek(place)
        found = file.read(size)
    except (KeyError, OSError, ValueError):
        return 0
    memmove(room, found, len(found))
    return int(len(found) == size)


_BLOCK = CFUNCTYPE(c_int, c_void_p, c_ulong, POINTER(c_ubyte), c_ulong)(_block)


@contextmanager
def opened(file: BinaryIO, size: int) -> Iterator[PdfDocument]:
    """Open a PDF, and close it; one without a page raises a PdfiumError with its `err_code`."""
    from pypdfium2 import PdfDocument, PdfiumError, raw

    number = next(_NUMBERS)
    _FILES[number] = file
    access = raw.FPDF_FILEACCESS(m_FileLen=size, m_GetBlock=_reader(), m_Param=number)
    try:
        pointer = raw.FPDF_LoadCustomDocument(access, None)
        if not pointer:
            raise PdfiumError("it does not open", err_code=raw.FPDF_GetLastError())
        document = PdfDocument(pointer)
        try:
            if not len(document):
                raise PdfiumError("it has no pages", err_code=raw.FPDF_GetLastError())
            yield document
        finally:
            document.close()
    finally:
        del _FILES[number]


def _reader() -> Any:  # noqa: ANN401 - the type of a field of PDFium's
    from ctypes import cast

    from pypdfium2 import raw

    return cast(_BLOCK, dict(raw.FPDF_FILEACCESS._fields_)["m_GetBlock"])
