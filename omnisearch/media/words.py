"""Files of words: in which encoding they are, and their text; nothing is guessed.

Unicode says what it is, by a mark or by its form. Encodings of 8 bits (Latin-1, Windows-1251,
Shift-JIS …) do not, and a wrong guess makes wrong words.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from codecs import getincrementaldecoder as decoder
from typing import BinaryIO

from omnisearch.errors import MediaError

HEAD = 4096  # bytes by which a file is judged
LONGEST = 100_000_000  # bytes of words that are read whole
UNKNOWN = ""  # words of 8 bits that are no UTF-8
_MARKS = (  # those of 32 bits first: they begin as one of 16 bits does
    (BOM_UTF32_LE, "utf-32"),
    (BOM_UTF32_BE, "utf-32"),
    (BOM_UTF16_LE, "utf-16"),
    (BOM_UTF16_BE, "utf-16"),
    (BOM_UTF8, "utf-8-sig"),
)
for _name in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"):
    decoder(_name)  # read from the disk now: a process that decodes can open no file later
_CONTROLS = re.compile(rb"[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f]")  # that no text has
_FEW = 64  # bytes: so short, something else may have no control by chance
_PIECE = 65_536


def encoding_of(head: bytes, *, whole: bool = True) -> str | None:
    """Name the encoding of words by their beginning: UNKNOWN if no Unicode, None if no words.

    `whole`: nothing comes behind, so a character that is cut in two is a fault.
    """
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name if _decoded(head, name, whole) is not None else None
    if b"\0" in head:
        return next((name for name in ("utf-16-le", "utf-16-be") if _wide(head, name, whole)), None)
    if _decoded(head, "utf-8", whole) is not None:
        return "utf-8"
    if controls(head):
        return None
    plain = sum(byte < 128 for byte in head)
    return UNKNOWN if len(head) >= _FEW or plain * 2 > len(head) else None


def controls(head: bytes) -> bool:
    """Tell whether there are bytes that letters of 8 bits never have."""
    return _CONTROLS.search(head) is not None


def read(file: BinaryIO, name: str, characters: int | None = None) -> str:
    """Read the words of a file, or the first so many characters of them."""
    piece = file.read(_PIECE)
    encoding = encoding_of(piece[:HEAD], whole=len(piece) <= HEAD) or "utf-8"
    decode, texts, held, taken = decoder(encoding)().decode, list[str](), 0, 0
    while characters is None or held < characters:
        taken += len(piece)
        if taken > LONGEST:
            raise MediaError(f"{name} has over {LONGEST:,} bytes of text: cut it into files")
        try:
            texts.append(decode(piece, not piece))
        except UnicodeDecodeError as error:
            place = taken - len(error.object) + error.start
            raise _foreign(name, encoding, place) from error
        held += len(texts[-1])
        if not piece:
            break
        piece = file.read(_PIECE)
    return "".join(texts)[:characters]


def _foreign(name: str, encoding: str, place: int) -> MediaError:
    """Say where words stop to be what they seemed."""
    if encoding == "utf-8":
        remedy = "convert it, for example with `iconv -f WINDOWS-1252 -t UTF-8`"
        return MediaError(f"{name} is text, but no UTF-8 at byte {place:,}: {remedy}")
    fault = f"{name} is text in {encoding.upper()}, but damaged at byte {place:,}"
    return MediaError(f"{fault}: copy it again, or convert it to UTF-8")


def _wide(head: bytes, name: str, whole: bool) -> bool:
    """Tell whether bytes are letters of 16 bits, most of them of this alphabet."""
    text = _decoded(head, name, whole)
    if not text or not all(one.isprintable() or one.isspace() for one in text):
        return False
    return sum(one.isascii() for one in text) * 2 > len(text)


def _decoded(head: bytes, name: str, whole: bool) -> str | None:
    try:
        return decoder(name)().decode(head, whole)
    except UnicodeDecodeError:
        return None
