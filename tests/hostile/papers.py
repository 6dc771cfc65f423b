"""PDF files that unpack to far more than they are, and numbers in them without sense."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Mapping

from tests.hostile.case import Content, Outcome, Sparse, hostile
from tests.hostile.pictures import zeros
from tests.media.pdf import Sheet, pdf

ALL: tuple[Outcome, ...] = ("failed", "stored", "truncated")
FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
WORDS = b"BT /F 14 Tf 20 350 Td (a page of words) Tj ET"
_PAGE = {
    "Type": "/Page",
    "Parent": "2 0 R",
    "Contents": "4 0 R",
    "MediaBox": "[0 0 300 400]",
    "Resources": "<< /Font << /F 5 0 R >> /XObject << /X 6 0 R >> >>",
}


def stream(data: bytes, extra: str = "", length: str | None = None) -> bytes:
    """Give a stream object; its length may be a lie."""
    told = str(len(data)) if length is None else length
    return f"<< /Length {told} {extra} >>\nstream\n".encode() + data + b"\nendstream"


def paper(
    objects: Mapping[int, bytes] | None = None,
    page: Mapping[str, str] | None = None,
    trailer: str = "",
    head: str = "",
) -> bytes:
    """Give a PDF of one page of words; objects and fields may be replaced or added."""
    fields = " ".join(f"/{name} {value}" for name, value in {**_PAGE, **(page or {})}.items())
    every = {
        1: f"<< /Type /Catalog /Pages 2 0 R {head} >>".encode(),
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: f"<< {fields} >>".encode(),
        4: stream(WORDS),
        5: FONT,
        **(objects or {}),
    }
    out, places = bytearray(b"%PDF-1.7\n"), {}
    for number, body in every.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start, count = len(out), max(every) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % count
    for number in range(1, count):
        out += b"%010d 00000 %b \n" % (places.get(number, 0), b"n" if number in places else b"f")
    out += f"trailer\n<< /Size {count} /Root 1 0 R {trailer} >>\n".encode()
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def _bomb(name: str, make: Callable[[], Content], *may: Outcome) -> None:
    hostile(name, "pdf bomb", *(may or ALL))(make)


def drawn(content: bytes) -> bytes:
    """Give a PDF whose page is drawn by such a program, compressed."""
    return paper({4: stream(zlib.compress(content), "/Filter /FlateDecode")})


def _boxed(box: str) -> Callable[[], bytes]:
    return lambda: paper(page={"MediaBox": f"[{box}]"})


def _packed(data: bytes, kind: str) -> bytes:
    return paper({4: stream(data, f"/Filter {kind}")})


def _nested(times: int) -> bytes:
    data = zeros(1 << 28)
    for _ in range(times - 1):
        data = zlib.compress(data)
    return data


def _picture(fields: str, data: bytes, side: int = 65_535) -> bytes:
    shown = stream(b"q 300 0 0 400 0 0 cm /X Do Q " + WORDS)
    kind = f"/Type /XObject /Subtype /Image /Width {side} /Height {side}"
    kind += f" /ColorSpace /DeviceGray /BitsPerComponent 8 {fields}"
    return paper({4: shown, 6: stream(data, kind)})


# a page of 65,535 x 65,535, and nothing on it
_JBIG2 = bytes.fromhex("00000000300001000000130000ffff0000ffff000000000000000000000000")
_JPX = b"\xff\x4f\xff\x51\x00\x2f\0\0" + b"\xff\xff\xff\xff" * 8 + bytes(99)

_bomb("empty.pdf", lambda: b"", "failed")
_bomb("half.pdf", lambda: pdf(Sheet(("words",)))[:300])
_bomb("header-only.pdf", lambda: b"%PDF-1.7\n", "failed")
_bomb("garbage.pdf", lambda: b"%PDF-1.7\n" + random.Random(12).randbytes(9000), "failed")
_bomb("flate.pdf", lambda: _packed(zeros(1 << 30), "/FlateDecode"))
_bomb(
    "flate-in-flate.pdf",
    lambda: _packed(zlib.compress(zeros(1 << 30)), "[/FlateDecode /FlateDecode]"),
)
_bomb("flate-thirty-times.pdf", lambda: _packed(_nested(30), f"[{'/FlateDecode ' * 30}]"))
_bomb("run-lengths.pdf", lambda: _packed(b"\x81 " * 4_000_000 + b"\x80", "/RunLengthDecode"))
_bomb("lzw.pdf", lambda: _packed(bytes.fromhex("800b6050220c0c8501") * 200_000, "/LZWDecode"))
_bomb(
    "hundred-filters.pdf",
    lambda: _packed(b"41" * 9000 + b">", f"[{'/ASCIIHexDecode ' * 100}]"),
)
_bomb(
    "predictor.pdf",
    lambda: _packed(
        zeros(1 << 20),
        "/FlateDecode /DecodeParms << /Predictor 15 /Columns 2147483647 /Colors 32 >>",
    ),
)
_bomb("picture-of-2-billion.pdf", lambda: _picture("", bytes(99), side=2**31 - 1))
_bomb("picture-flate.pdf", lambda: _picture("/Filter /FlateDecode", zeros(1 << 24)))
_bomb("picture-jbig2.pdf", lambda: _picture("/Filter /JBIG2Decode", _JBIG2))
_bomb("picture-jpx.pdf", lambda: _picture("/Filter /JPXDecode", _JPX))
_bomb(
    "picture-fax.pdf",
    lambda: _picture(
        "/Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns 65535 /Rows 65535 >>", bytes(9999)
    ),
)
_bomb("paper-of-a-kilometre.pdf", _boxed("0 0 1000000000 1000000000"))
_bomb("paper-of-nothing.pdf", _boxed("0 0 0 0"))
_bomb("paper-inside-out.pdf", _boxed("300 400 -300 -400"))
_bomb("paper-of-no-numbers.pdf", _boxed("(a) /b null [1]"))
_bomb("paper-1-to-1000000.pdf", _boxed("0 0 1 1000000"))
_bomb("paper-of-huge-units.pdf", lambda: paper(page={"UserUnit": "1e30"}))
_bomb("hole-2gb.pdf", lambda: Sparse(paper(), 2 << 30))
_bomb("million-lines-drawn.pdf", lambda: drawn(b"0 0 m 300 400 l S\n" * 1_000_000))
_bomb("million-curves-filled.pdf", lambda: drawn(b"0 0 m 900 9 9 900 300 400 c f\n" * 500_000))
_bomb(
    "ten-million-letters.pdf",
    lambda: drawn(b"BT /F 9 Tf 9 9 Td " + b"(all work and no play) Tj " * 500_000 + b"ET"),
)
_bomb("million-levels-saved.pdf", lambda: drawn(b"q " * 1_000_000 + WORDS))
_bomb("letters-of-a-kilometre.pdf", lambda: drawn(b"BT /F 1000000 Tf (huge) Tj ET"))
_bomb("dashes.pdf", lambda: drawn(b"[0.0001 0.0001] 0 d 0 0 m 300 400 l S"))
_bomb(
    "numbers-of-a-thousand-digits.pdf",
    lambda: drawn(b"9" * 1000 + b" 0 m " + b"9" * 1000 + b" 1 l S"),
)
_bomb("xref-of-2-billion.pdf", lambda: paper().replace(b"xref\n0 6", b"xref\n0 2147483647"))
_bomb("length-of-2-billion.pdf", lambda: paper({4: stream(WORDS, length="2147483647")}))
_bomb("length-below-nothing.pdf", lambda: paper({4: stream(WORDS, length="-7")}))
_bomb("object-of-2-billion.pdf", lambda: paper(trailer="/Prev 2147483647"))
_bomb("no-root.pdf", lambda: paper().replace(b"/Root 1 0 R", b"/Root 9 0 R"))
_bomb(
    "million-pages-promised.pdf",
    lambda: paper({2: b"<< /Type /Pages /Kids [3 0 R] /Count 1000000000 >>"}),
)
_bomb("fewer-than-no-pages.pdf", lambda: paper({2: b"<< /Type /Pages /Kids [3 0 R] /Count -5 >>"}))
_bomb(
    "thirty-thousand-pages.pdf",
    lambda: paper({2: b"<< /Type /Pages /Kids [" + b"3 0 R " * 30_000 + b"] /Count 30000 >>"}),
)
_bomb(
    "hundred-thousand-notes.pdf",
    lambda: paper(
        {6: b"<< /Type /Annot /Subtype /Square /Rect [0 0 9 9] >>"},
        page={"Annots": f"[{'6 0 R ' * 100_000}]"},
    ),
)
_bomb("password.pdf", lambda: pdf(Sheet(("secret",)), password=b"hidden"), "failed")
