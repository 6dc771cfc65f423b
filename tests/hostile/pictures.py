"""Pictures that promise too much: bombs, endless animations, headers that lie."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache

from PIL import Image

from tests.hostile.case import Sparse, hostile

PNG = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, data: bytes) -> bytes:
    """Give a chunk of a PNG, its checksum right."""
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def header(width: int, height: int, bits: int = 8, colours: int = 2) -> bytes:
    """Give the first chunk of a PNG."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, 0))


@cache
def zeros(count: int) -> bytes:
    """Compress so many zeros, in little memory."""
    packer, step = zlib.compressobj(1), bytes(1 << 20)
    parts = [packer.compress(step) for _ in range(count >> 20)]
    return b"".join([*parts, packer.compress(step[: count & (1 << 20) - 1]), packer.flush()])


def png(width: int, height: int, *, bits: int = 8, colours: int = 2, data: bytes = b"") -> bytes:
    """Give a PNG whose data may be less than its header says."""
    return PNG + header(width, height, bits, colours) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@cache
def encoded(kind: str, size: tuple[int, int] = (64, 48)) -> bytes:
    """Encode a small picture that is as it should be."""
    picture, out = Image.new("RGB", size, (200, 30, 40)), io.BytesIO()
    picture.paste((20, 90, 220), (0, 0, size[0] // 2, size[1]))
    picture.save(out, kind)
    return out.getvalue()


@hostile("bomb-20000x20000.png", "picture bomb", "failed")
def _real_png() -> bytes:
    return png(20_000, 20_000, bits=1, colours=0, data=zeros(20_000 * 2501))


@hostile("bomb-13300x13300.png", "picture bomb", "failed", "stored", "truncated")
def _below_the_default_of_pillow() -> bytes:
    return png(13_300, 13_300, bits=1, colours=0, data=zeros(13_300 * 1664))


@hostile("bomb-16-bits.png", "picture bomb", "failed", "stored", "truncated")
def _eight_bytes_a_pixel() -> bytes:
    return png(6_000, 6_000, bits=16, colours=6, data=zeros(6_000 * 48_001))


for _side in (65_535, 1_000_000, 2**31 - 1):
    hostile(f"promise-{_side}.png", "picture bomb", "failed")(
        lambda side=_side: png(side, side, data=zeros(1000))  # type: ignore[misc]
    )
hostile("strip-2147483647x1.png", "picture bomb", "failed")(
    lambda: png(2**31 - 1, 1, data=zeros(1000))
)
hostile("nothing-0x0.png", "picture bomb", "failed")(lambda: png(0, 0))


@hostile("bomb-in-words.png", "picture bomb", "failed", "stored")
def _compressed_text() -> bytes:
    words = chunk(b"zTXt", b"Comment\0\0" + zeros(400 << 20))
    return (
        PNG + header(1, 1) + words + chunk(b"IDAT", zlib.compress(bytes(4))) + chunk(b"IEND", b"")
    )


@hostile("bomb-in-profile.png", "picture bomb", "failed", "stored")
def _compressed_profile() -> bytes:
    colours = chunk(b"iCCP", b"x\0\0" + zeros(400 << 20))
    return (
        PNG + header(1, 1) + colours + chunk(b"IDAT", zlib.compress(bytes(4))) + chunk(b"IEND", b"")
    )


@hostile("million-chunks.png", "picture bomb", "failed", "stored")
def _chunks() -> bytes:
    many = chunk(b"tEXt", b"a\0b") * 200_000
    return PNG + header(1, 1) + many + chunk(b"IDAT", zlib.compress(bytes(4))) + chunk(b"IEND", b"")


@hostile("promise-65535.gif", "picture bomb", "failed")
def _gif_screen() -> bytes:
    small = bytearray(encoded("GIF"))
    small[6:10] = struct.pack("<HH", 65_535, 65_535)
    return bytes(small)


@hostile("frame-beyond-screen.gif", "picture bomb", "failed", "stored")
def _gif_frame() -> bytes:
    small = bytearray(encoded("GIF"))
    at = small.index(b"\x2c", 13 + 3 * 2 ** ((small[10] & 7) + 1))
    small[at + 1 : at + 9] = struct.pack("<HHHH", 60_000, 60_000, 60_000, 60_000)
    return bytes(small)


@hostile("promise-65535.jpg", "picture bomb", "failed", "truncated")
def _jpeg_header() -> bytes:
    small = bytearray(encoded("JPEG"))
    at = small.index(b"\xff\xc0")
    small[at + 5 : at + 9] = struct.pack(">HH", 65_500, 65_500)
    return bytes(small)


@hostile("ten-thousand-scans.jpg", "picture bomb", "failed", "stored")
def _scans() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (4000, 4000), "white").save(out, "JPEG", progressive=True)
    whole = out.getvalue()
    at = whole.rindex(b"\xff\xda")
    return whole[:at] + whole[at:-2] * 2_000 + b"\xff\xd9"


@hostile("promise-16383.webp", "picture bomb", "failed")
def _webp() -> bytes:
    size = (16_383 - 1) | (16_383 - 1) << 14
    data = b"\x2f" + struct.pack("<I", size) + bytes(40)
    body = b"WEBPVP8L" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


@hostile("promise-100000.bmp", "picture bomb", "failed")
def _bmp() -> bytes:
    return b"BM" + struct.pack("<IHHI", 200, 0, 0, 54) + _bmp_info(100_000, 100_000)


@hostile("negative.bmp", "picture bomb", "failed")
def _bmp_negative() -> bytes:
    return b"BM" + struct.pack("<IHHI", 200, 0, 0, 54) + _bmp_info(-(2**31), -(2**31))


def _bmp_info(width: int, height: int) -> bytes:
    return struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(100)


@hostile("run-lengths.qoi", "picture bomb", "failed", "skipped")
def _qoi() -> bytes:
    runs = b"\xfd" * (30_000 * 30_000 // 62 // 16)
    return b"qoif" + struct.pack(">IIBB", 30_000, 30_000, 4, 0) + runs + bytes(7) + b"\1"


@hostile("sizes.ppm", "picture bomb", "failed", "skipped")
def _ppm() -> bytes:
    return b"P6 99999999999 99999999999 255\n" + bytes(100)


@hostile("bomb-inside.ico", "picture bomb", "failed", "skipped")
def _ico() -> bytes:
    inside = png(30_000, 30_000, bits=1, colours=0, data=zeros(30_000 * 3751))
    entry = struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 32, len(inside), 22)
    return struct.pack("<HHH", 0, 1, 1) + entry + inside


@hostile("promise.jp2", "picture bomb", "failed", "skipped")
def _jp2() -> bytes:
    start = b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0\0\0\x14ftypjp2 \0\0\0\0jp2 "
    size = struct.pack(">I4sIIHBBBB", 22, b"ihdr", 2**31 - 1, 2**31 - 1, 3, 7, 7, 0, 0)
    return start + struct.pack(">I4s", 8 + len(size), b"jp2h") + size + bytes(50)


def ifd(entries: list[tuple[int, int, int, int]], following: int = 0) -> bytes:
    """Give a directory of a TIFF or of EXIF: tag, type, count, value."""
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return struct.pack("<H", len(entries)) + body + struct.pack("<I", following)


def tiff(width: int, height: int, following: int = 0, strips: int = 8) -> bytes:
    """Give a TIFF of one directory, at byte 8."""
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1)]
    entries += [(262, 3, 1, 1), (273, 4, 1, strips), (277, 3, 1, 1), (278, 4, 1, height)]
    entries += [(279, 4, 1, min(width * height, 2**32 - 1))]
    return b"II*\0\x08\0\0\0" + ifd(entries, following) + bytes(64)


hostile("promise-200000.tiff", "picture bomb", "failed")(lambda: tiff(200_000, 200_000))
hostile("cycle.tiff", "endless animation", "failed", "stored", "truncated")(
    lambda: tiff(4, 4, following=8)
)
hostile("nowhere.tiff", "damaged picture", "failed", "stored")(
    lambda: tiff(4, 4, strips=2**32 - 1, following=2**32 - 2)
)
hostile("hole-2gb.tiff", "picture bomb", "failed")(lambda: Sparse(tiff(50_000, 40_000), 2 << 30))


@hostile("ten-thousand-pages.tiff", "endless animation", "stored", "truncated")
def _pages() -> bytes:
    out, apart = bytearray(b"II*\0\x08\0\0\0"), len(tiff(4, 4)) - 8
    for number in range(10_000):
        following = 8 + (number + 1) * apart if number < 9_999 else 0
        out += tiff(4, 4, following, strips=len(out) + apart - 64)[8:]
    return bytes(out)


@hostile("hundred-thousand-frames.gif", "endless animation", "stored", "truncated")
def _gif_frames() -> bytes:
    one = b"\x21\xf9\x04\0\0\0\0\0\x2c\0\0\0\0\2\0\2\0\0\2\3\x44\x24\5\0"
    screen = b"GIF89a\2\0\2\0\x80\0\0\xff\0\0\0\0\xff"
    return screen + b"\x21\xff\x0bNETSCAPE2.0\3\1\0\0\0" + one * 100_000 + b";"


@hostile("no-end.gif", "endless animation", "failed", "stored", "truncated")
def _gif_no_end() -> Sparse:
    return Sparse(encoded("GIF")[:-1], 1 << 30)


@hostile("hundred-thousand-frames.png", "endless animation", "failed", "stored", "truncated")
def _apng() -> bytes:
    data, parts = zlib.compress(bytes(2 * 7)), [PNG, header(2, 2)]
    parts.append(chunk(b"acTL", struct.pack(">II", 100_000, 0)))
    parts.append(chunk(b"IDAT", data))
    for number in range(0, 40_000, 2):
        control = struct.pack(">IIIIIHHBB", number, 2, 2, 0, 0, 1, 10, 0, 0)
        parts += [chunk(b"fcTL", control), chunk(b"fdAT", struct.pack(">I", number + 1) + data)]
    return b"".join([*parts, chunk(b"IEND", b"")])


@hostile("thousand-frames.webp", "endless animation", "stored", "truncated")
def _webp_frames() -> bytes:
    frames = [
        Image.new("RGB", (16, 16), (number % 256, number // 256, 9)) for number in range(1000)
    ]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], duration=1)
    return out.getvalue()
