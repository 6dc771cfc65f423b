"""Pictures as telephones write them: coded with x265, put into boxes by hand, true or not."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from typing import cast

import av
import numpy as np
import numpy.typing as npt
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange, Colorspace

RGB = npt.NDArray[np.uint8]
_SETTING_UP = (32, 33, 34)  # units of HEVC: VPS, SPS, PPS


@dataclass(frozen=True)
class Coding:
    """How colours become brightness and two colours, with which codec."""

    form: str = "yuv420p"
    space: int = Colorspace.ITU601
    whole: bool = True
    codec: str = "libx265"
    told: bool = True  # in the coded picture


@dataclass(frozen=True)
class Part:
    """An item: its kind, bytes and properties (whole boxes), and the items that it names."""

    kind: bytes
    data: bytes = b""
    properties: Sequence[bytes] = ()
    links: Mapping[bytes, Sequence[int]] = field(default_factory=dict)
    inside: bool = False


def box(kind: bytes, *content: bytes) -> bytes:
    """Write a box."""
    body = b"".join(content)
    return struct.pack(">I", 8 + len(body)) + kind + body


def full(kind: bytes, version: int, *content: bytes, flags: int = 0) -> bytes:
    """Write a box with a version."""
    return box(kind, struct.pack(">I", version << 24 | flags), *content)


def ispe(width: int, height: int) -> bytes:
    """Say how large a picture is."""
    return full(b"ispe", 0, struct.pack(">II", width, height))


def nclx(matrix: int, whole: bool, transfer: int = 13) -> bytes:
    """Say what colours mean."""
    return box(b"colr", b"nclx", struct.pack(">HHHB", 1, transfer, matrix, whole << 7))


def clap(*numbers: int) -> bytes:
    """Say which part is seen: eight numbers, four fractions."""
    return box(b"clap", struct.pack(">8i", *numbers))


def turned(quarters: int) -> bytes:
    """Turn so often, against the clock."""
    return box(b"irot", bytes([quarters]))


def mirrored(sides: int) -> bytes:
    """Let what is above and below change places (0), or what is left and right (1)."""
    return box(b"imir", bytes([sides]))


def heif(parts: Mapping[int, Part], primary: int = 1, brand: bytes = b"heic") -> bytes:
    """Write a file of items by number."""
    head = box(b"ftyp", brand, bytes(4), b"mif1", brand)
    length = len(head) + len(_meta(parts, primary, 0))
    data = b"".join(part.data for part in parts.values() if not part.inside)
    return head + _meta(parts, primary, length + 8) + box(b"mdat", data)


def _meta(parts: Mapping[int, Part], primary: int, start: int) -> bytes:
    kinds = [
        full(b"infe", 2, struct.pack(">HH", n, 0), part.kind, b"\0") for n, part in parts.items()
    ]
    known = list(dict.fromkeys(one for part in parts.values() for one in part.properties))
    owned = [
        struct.pack(">HB", n, len(part.properties))
        + bytes(128 | known.index(one) + 1 for one in part.properties)
        for n, part in parts.items()
    ]
    links = [
        box(kind, struct.pack(f">HH{len(to)}H", n, len(to), *to))
        for n, part in parts.items()
        for kind, to in part.links.items()
    ]
    count = struct.pack(">H", len(parts))
    return full(
        b"meta",
        0,
        full(b"hdlr", 0, bytes(4), b"pict", bytes(13)),
        full(b"pitm", 0, struct.pack(">H", primary)),
        full(b"iinf", 0, count, *kinds),
        full(b"iloc", 1, b"\x44\0", count, _places(parts, start)),
        full(b"iref", 0, *links),
        box(
            b"iprp",
            box(b"ipco", *known),
            full(b"ipma", 0, struct.pack(">I", len(parts)), *owned),
        ),
        box(b"idat", *(part.data for part in parts.values() if part.inside)),
    )


def _places(parts: Mapping[int, Part], start: int) -> bytes:
    found, outside, inside = b"", start, 0
    for number, part in parts.items():
        at = inside if part.inside else outside
        found += struct.pack(">HHHHII", number, part.inside, 0, 1, at, len(part.data))
        if part.inside:
            inside += len(part.data)
        else:
            outside += len(part.data)
    return found


def coded(rgb: RGB, coding: Coding = Coding()) -> Part:
    """Code a picture as an item."""
    return _coded(rgb.tobytes(), rgb.shape, coding)


@cache
def _coded(content: bytes, shape: tuple[int, int, int], coding: Coding) -> Part:
    rgb = np.frombuffer(content, np.uint8).reshape(shape)
    stream = _stream(rgb, coding)
    said = ispe(shape[1], shape[0])
    if coding.codec == "libsvtav1":
        return Part(b"av01", stream, [said, box(b"av1C", b"\x81\x00\x0c\x00")])
    units = [one for one in re.split(rb"\0{2,3}\x01", stream) if one]
    if coding.codec == "libx264":
        sets = [one for one in units if one[0] & 31 in (7, 8)]
        body = b"".join(struct.pack(">I", len(one)) + one for one in units if one not in sets)
        setup = bytes([1, *sets[0][1:4], 0xFF, 0xE1]) + _sized(sets[0]) + b"\1" + _sized(sets[1])
        return Part(b"avc1", body, [said, box(b"avcC", setup)])
    arrays = b""
    for kind in _SETTING_UP:
        some = [one for one in units if one[0] >> 1 & 63 == kind]
        arrays += struct.pack(">BH", 0x80 | kind, len(some)) + b"".join(map(_sized, some))
    rest = [one for one in units if one[0] >> 1 & 63 not in _SETTING_UP]
    body = b"".join(struct.pack(">I", len(one)) + one for one in rest)
    sampled = {"gray": 0, "yuv420p": 1, "yuv422p": 2, "yuv444p": 3}[coding.form[:7]]
    deep = 0xF8 | 2 * coding.form.endswith("10le")
    setup = box(b"hvcC", b"\1", bytes(15), bytes([0xFC | sampled, deep, deep, 0, 0, 3, 3]), arrays)
    return Part(b"hvc1", body, [said, setup])


def _sized(unit: bytes) -> bytes:
    return struct.pack(">H", len(unit)) + unit


def _stream(rgb: RGB, coding: Coding) -> bytes:
    context = cast(VideoCodecContext, av.CodecContext.create(coding.codec, "w"))
    context.height, context.width = rgb.shape[:2]
    context.pix_fmt, context.framerate, context.time_base = coding.form, Fraction(1), Fraction(1)
    context.thread_count = 1
    quiet = "log-level=none:pools=none:frame-threads=1:keyint=1:crf=4:info=0"
    context.options = {
        "libx265": {"preset": "ultrafast", "x265-params": quiet},
        "libsvtav1": {"preset": "12", "crf": "5", "svtav1-params": "lp=1"},
        "libx264": {"preset": "ultrafast", "crf": "4"},
    }[coding.codec]
    range_ = ColorRange.JPEG if coding.whole else ColorRange.MPEG
    frame = av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(
        format=coding.form, dst_colorspace=coding.space, dst_color_range=range_, threads=1
    )
    if coding.told:
        context.colorspace, context.color_range = coding.space, range_
        frame.colorspace, frame.color_range = coding.space, range_
    else:
        context.colorspace, context.color_range = 2, ColorRange.UNSPECIFIED
        frame.colorspace, frame.color_range = 2, ColorRange.UNSPECIFIED
    return b"".join(bytes(one) for one in [*context.encode(frame), *context.encode(None)])


def single(rgb: RGB, *properties: bytes, coding: Coding = Coding()) -> dict[int, Part]:
    """Give a picture that is coded whole."""
    part = coded(rgb, coding)
    return {1: replace(part, properties=[*part.properties, *properties])}


def tiled(rgb: RGB, side: int, *properties: bytes) -> dict[int, Part]:
    """Give a picture of square tiles; the last ones show its edge again beyond it."""
    height, width = rgb.shape[:2]
    rows, columns = -(-height // side), -(-width // side)
    beyond = ((0, rows * side - height), (0, columns * side - width), (0, 0))
    wide = np.pad(rgb, beyond, mode="edge")
    tiles = {
        2 + row * columns + column: coded(
            np.ascontiguousarray(wide[row * side :, column * side :][:side, :side])
        )
        for row in range(rows)
        for column in range(columns)
    }
    laid = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height)
    said = [ispe(width, height), *properties]
    return {1: Part(b"grid", laid, said, {b"dimg": list(tiles)}, inside=True), **tiles}
