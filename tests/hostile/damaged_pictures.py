"""Pictures cut short, of garbage, with metadata that lie, or of formats that are never opened."""

from __future__ import annotations

import random
import struct
import zlib

from tests.hostile.case import Bait, Outcome, hostile, luring
from tests.hostile.pictures import PNG, chunk, encoded, header, ifd, png

_KINDS = {"png": "PNG", "jpg": "JPEG", "gif": "GIF", "bmp": "BMP", "tif": "TIFF", "webp": "WEBP"}


def _garbage(length: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(length)


for _end, _kind in _KINDS.items():
    hostile(f"empty.{_end}", "damaged picture", "failed")(lambda: b"")
    hostile(f"half.{_end}", "damaged picture", "failed")(
        lambda kind=_kind: encoded(kind)[: len(encoded(kind)) // 2]  # type: ignore[misc]
    )
    hostile(f"header-only.{_end}", "damaged picture", "failed")(
        lambda kind=_kind: encoded(kind)[:24]  # type: ignore[misc]
    )
    hostile(f"garbage-inside.{_end}", "damaged picture", "failed", "stored")(
        lambda kind=_kind: (  # type: ignore[misc]
            encoded(kind)[:60] + _garbage(500, 1) + encoded(kind)[-40:]
        )
    )


@hostile("wrong-checksum.png", "damaged picture", "failed")
def _crc() -> bytes:
    whole = bytearray(encoded("PNG"))
    whole[whole.index(b"IDAT") + 20] ^= 0xFF
    return bytes(whole)


@hostile("no-data.png", "damaged picture", "failed")
def _no_data() -> bytes:
    return PNG + header(10, 10) + chunk(b"IEND", b"")


@hostile("no-palette.png", "damaged picture", "failed", "stored")
def _no_palette() -> bytes:
    return png(4, 4, colours=3, data=zlib.compress(b"\0\xff\xff\xff\xff" * 4))


@hostile("impossible-depth.png", "damaged picture", "failed")
def _depth() -> bytes:
    return png(4, 4, bits=77, colours=99, data=zlib.compress(bytes(100)))


@hostile("chunk-of-4gb.png", "damaged picture", "failed")
def _long_chunk() -> bytes:
    return PNG + header(4, 4) + struct.pack(">I", 2**32 - 1) + b"IDAT" + bytes(100)


def _with_exif(block: bytes) -> bytes:
    whole = encoded("JPEG")
    body = b"Exif\0\0" + block
    return whole[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(body)) + body + whole[2:]


def _exif(*entries: tuple[int, int, int, int], following: int = 0) -> bytes:
    return _with_exif(b"II*\0\x08\0\0\0" + ifd(list(entries), following))


hostile("exif-orientation-99.jpg", "damaged picture", "stored")(lambda: _exif((0x112, 3, 1, 99)))
hostile("exif-cycle.jpg", "damaged picture", "stored")(
    lambda: _exif((0x8769, 4, 1, 8), (0x8825, 4, 1, 8), following=8)
)
hostile("exif-count-of-4-billion.jpg", "damaged picture", "stored")(
    lambda: _exif((0x10F, 2, 2**32 - 1, 26), (0x112, 3, 2**32 - 1, 6))
)
hostile("exif-nowhere.jpg", "damaged picture", "stored")(
    lambda: _exif((0x8825, 4, 1, 2**32 - 1), (0x132, 2, 20, 2**31))
)
hostile("exif-garbage.jpg", "damaged picture", "stored")(lambda: _with_exif(_garbage(4000, 2)))
hostile("exif-divided-by-zero.jpg", "damaged picture", "stored")(
    lambda: _exif((0x11A, 5, 1, 26), (0x11B, 5, 1, 26), (0x8825, 4, 1, 50))
)
hostile("exif-unknown-types.jpg", "damaged picture", "stored")(
    lambda: _exif(*((tag, 99, 7, 7) for tag in range(250, 300)))
)


@hostile("exif-place-beyond-the-world.jpg", "damaged picture", "stored")
def _place() -> bytes:
    place = ifd([(1, 2, 2, 0x4E), (2, 5, 3, 80), (3, 2, 2, 0x45), (4, 5, 3, 80)])
    block = b"II*\0\x08\0\0\0" + ifd([(0x8825, 4, 1, 26)]) + place
    return _with_exif(block.ljust(80, b"\0") + struct.pack("<6I", 9999, 0, 2**32 - 1, 1, 0, 0))


@hostile("exif-dates.jpg", "damaged picture", "stored")
def _dates() -> bytes:
    inner = ifd([(0x9003, 2, 20, 60), (0x9291, 2, 4, 0x39393939)])
    block = b"II*\0\x08\0\0\0" + ifd([(0x8769, 4, 1, 26)]) + inner
    return _with_exif(block.ljust(60, b"\0") + b"9999:99:99 99:99:99\0")


def _never(content: bytes, name: str, *may: Outcome) -> None:
    """Register a file of a format that must not be opened."""
    hostile(name, "picture attack", *may)(lambda: content)


_EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"
_PSD = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 30_000, 30_000, 8, 3) + bytes(100)
_FITS = b"SIMPLE  =                    T".ljust(80) + b"NAXIS   =                    2".ljust(80)
_never(_EPS + b"(%pipe%touch owned) (w) file\nshowpage\n", "script.eps", "skipped", "stored")
_never(_EPS + b"(%pipe%touch owned) (w) file\nshowpage\n", "script.jpg", "failed", "stored")
_never(_PSD, "layers.psd", "skipped")
_never(_PSD, "layers.png", "failed")
_never(_FITS.ljust(2880), "stars.fits", "skipped", "stored")
_never(_FITS.ljust(2880), "stars.png", "failed", "stored")
_never(b"\xc5\xd0\xd3\xc6" + bytes(60) + _EPS, "binary.eps.png", "failed")
_never(b"SIT!" + bytes(100), "texture.blp", "skipped")
_never(b"\xd7\xcd\xc6\x9a" + bytes(100), "drawing.wmf", "skipped")
_never(
    b"icns" + struct.pack(">I", 2**32 - 1) + b"ic10" + bytes(60), "icon.icns", "failed", "skipped"
)
_never(
    b"\1\xda\1\1\0\3" + struct.pack(">HHH", 65_535, 65_535, 65_535) + bytes(600),
    "a.sgi",
    "failed",
    "skipped",
)
_never(
    b"\0\0\n\0" + bytes(8) + struct.pack("<HHBB", 65_535, 65_535, 32, 0),
    "runs.tga",
    "failed",
    "skipped",
)
_never(b"\n\5\1\x08\0\0\0\0\xff\xff\xff\xff" + bytes(116), "runs.pcx", "failed", "skipped")


@luring("outside.jpg", "picture attack", "stored", "failed")
def _names_a_file(bait: Bait) -> bytes:
    """A comment and a profile that name a file: nothing may follow them."""
    whole, words = encoded("JPEG"), f"file://{bait.canary} http://127.0.0.1:{bait.port}/".encode()
    return whole[:2] + b"\xff\xfe" + struct.pack(">H", 2 + len(words)) + words + whole[2:]
