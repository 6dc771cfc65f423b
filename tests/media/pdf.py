"""PDF files written by hand, byte by byte: pages of words, encrypted ones, ones that are wrong."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

PADDING = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
OWNER, PERMISSIONS, NAME = bytes(32), -4, b"0123456789abcdef"


@dataclass(frozen=True)
class Sheet:
    """A page: what is written there, line by line, and how it lies."""

    lines: tuple[str, ...] = ()
    width: float = 300
    height: float = 400
    turned: int = 0
    drawn: str = ""


def pdf(*sheets: Sheet, password: bytes | None = None) -> bytes:
    """Write a PDF; with a password it is encrypted as the standard says (40 bits, RC4)."""
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(len(sheets)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(sheets)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    key = None if password is None else _key(password)
    objects.append(b"null" if key is None else _encryption(key))
    for number, sheet in enumerate(sheets):
        content = _content(sheet)
        if key is not None:
            content = _for_object(key, 6 + 2 * number, content)
        box = f"[0 0 {sheet.width} {sheet.height}] /Rotate {sheet.turned}"
        of = "/Resources << /Font << /F 3 0 R >> >>"
        where = f"/Contents {6 + 2 * number} 0 R"
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox {box} {of} {where} >>".encode())
        objects.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content))
    return _file(objects, key is not None)


def _content(sheet: Sheet) -> bytes:
    moved = "\n".join(f"({line}) Tj 0 -20 Td" for line in sheet.lines)
    top = sheet.height - 40
    return f"{sheet.drawn}\nBT /F 14 Tf 20 {top} Td\n{moved}\nET".encode("latin-1")


def _file(objects: list[bytes], encrypted: bool) -> bytes:
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    names = NAME.hex().encode()
    extra = b"/Encrypt 4 0 R /ID [<%b> <%b>]" % (names, names) if encrypted else b""
    out += b"trailer\n<< /Size %d /Root 1 0 R %b >>\n" % (len(objects) + 1, extra)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def _key(password: bytes) -> bytes:
    given = (password + PADDING)[:32]
    return hashlib.md5(
        given + OWNER + PERMISSIONS.to_bytes(4, "little", signed=True) + NAME
    ).digest()[:5]


def _encryption(key: bytes) -> bytes:
    user = _rc4(key, PADDING)
    fields = b"/Filter /Standard /V 1 /R 2 /P %d" % PERMISSIONS
    return b"<< %b /O <%b> /U <%b> >>" % (fields, OWNER.hex().encode(), user.hex().encode())


def _for_object(key: bytes, number: int, data: bytes) -> bytes:
    own = hashlib.md5(key + number.to_bytes(3, "little") + b"\0\0").digest()[:10]
    return _rc4(own, data)


def _rc4(key: bytes, data: bytes) -> bytes:
    state, j = list(range(256)), 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    found, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        found.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(found)
