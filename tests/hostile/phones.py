"""Hostile pictures in boxes of HEIF: sizes, places and links that lie, never end or lead out."""

from __future__ import annotations

import struct
from dataclasses import replace
from functools import cache

import numpy as np

from tests.hostile.case import Bait, Sparse, hostile, luring
from tests.media.heif.written import Part, box, clap, coded, full, heif, ispe, single, tiled, turned

_TILE = 64
_KINDS = full(b"infe", 2, b"\0\1\0\0", b"hvc1", b"\0")


@cache
def _part(side: int = _TILE) -> Part:
    shade = np.arange(side, dtype=np.uint8) // 2
    return coded(np.ascontiguousarray(np.broadcast_to(shade[:, None], (side, side, 3))))


def _with(*properties: bytes) -> Part:
    """Give a small picture with other properties than its own size."""
    return replace(_part(), properties=[_part().properties[1], *properties])


def _laid(columns: int, rows: int, width: int, height: int) -> bytes:
    return struct.pack(">BBBBII", 0, 1, rows - 1, columns - 1, width, height)


def _one(*tables: bytes, data: bytes = b"") -> bytes:
    """Write a file of one picture, of which the tables behind its kind are given."""
    return _file(full(b"iinf", 0, b"\0\1", _KINDS), *tables, data=data)


def _grid(laid: bytes, tiles: list[int], width: int, height: int) -> Part:
    return Part(b"grid", laid, [ispe(width, height)], {b"dimg": tiles}, inside=True)


def _file(*tables: bytes, data: bytes = b"") -> bytes:
    """Write a file of which each table is given."""
    return (
        box(b"ftyp", b"heic", bytes(4), b"mif1")
        + full(b"meta", 0, full(b"pitm", 0, b"\0\1"), *tables)
        + box(b"mdat", data)
    )


def _places(rest: bytes, version: int = 1, widths: bytes = b"\x44\0") -> bytes:
    return full(b"iloc", version, widths, rest)


def _described(*properties: bytes) -> bytes:
    owned = bytes(range(1, 1 + len(properties)))
    links = full(b"ipma", 0, b"\0\0\0\1\0\1", bytes([len(properties)]), owned)
    return box(b"iprp", box(b"ipco", *properties), links)


@hostile("cut-in-boxes.heic", "phone picture", "failed")
def _cut_in_boxes() -> bytes:
    return heif(tiled(np.zeros((128, 128, 3), np.uint8), _TILE))[:300]


@hostile("cut-in-a-tile.heic", "phone picture", "failed")
def _cut_in_a_tile() -> bytes:
    return heif(tiled(np.zeros((128, 128, 3), np.uint8), _TILE))[:-7]


@hostile("ftyp-only.heic", "phone picture", "failed")
def _ftyp_only() -> bytes:
    return box(b"ftyp", b"heic", bytes(4), b"mif1", b"heic")


@hostile("promises-a-gigapixel.heic", "phone picture", "failed")
def _gigapixel() -> bytes:
    return heif({1: _with(ispe(32_000, 32_000))})


@hostile("promises-four-billion-wide.heic", "phone picture", "failed")
def _four_billion() -> bytes:
    return heif({1: _with(ispe(0xFFFFFFFF, 0xFFFFFFFF))})


@hostile("promises-no-pixel.heic", "phone picture", "failed")
def _no_pixel() -> bytes:
    return heif({1: _with(ispe(0, 64))})


@hostile("larger-than-it-says.heic", "phone picture", "failed")
def _larger() -> bytes:
    return heif({1: replace(_part(2048), properties=[_part(2048).properties[1], ispe(64, 64)])})


@hostile("one-tile-65536-times.heic", "phone picture", "failed")
def _one_tile() -> bytes:
    side = 256 * _TILE
    return heif({1: _grid(_laid(256, 256, side, side), [2] * 65_535, side, side), 2: _part()})


@hostile("small-tile-1024-times.heic", "phone picture", "stored")
def _many_tiles() -> bytes:
    side = 32 * _TILE
    return heif({1: _grid(_laid(32, 32, side, side), [2] * 1_024, side, side), 2: _part()})


@hostile("small-tiles-4096.heic", "phone picture", "failed")
def _all_tiles() -> bytes:
    side, numbers = 64 * _TILE, list(range(2, 4_098))
    parts = {1: _grid(_laid(64, 64, side, side), numbers, side, side)}
    return heif(parts | dict.fromkeys(numbers, _part()))


@hostile("tiles-that-share-bytes.heic", "phone picture", "failed")
def _shared_bytes() -> bytes:
    side, numbers = 32 * _TILE, list(range(2, 1_026))
    parts = {1: _grid(_laid(32, 32, side, side), numbers, side, side)}
    parts |= {n: replace(_part(), data=b"") for n in numbers[:-1]} | {numbers[-1]: _part()}
    content = bytearray(heif(parts))
    start, size = content.index(b"mdat") + 4, len(_part().data)
    for number in numbers:
        entry = content.index(struct.pack(">HHHH", number, 0, 0, 1), content.index(b"iloc"))
        content[entry + 8 : entry + 16] = struct.pack(">II", start, size)
    return bytes(content)


@hostile("tiles-missing.heic", "phone picture", "failed")
def _tiles_missing() -> bytes:
    return heif({1: _grid(_laid(2, 2, 128, 128), [2, 3], 128, 128), 2: _part(), 3: _part()})


@hostile("tiles-outside.heic", "phone picture", "failed")
def _tiles_outside() -> bytes:
    return heif({1: _grid(_laid(4, 1, 64, 64), [2] * 4, 64, 64), 2: _part()})


@hostile("tiles-that-fill-nothing.heic", "phone picture", "failed")
def _tiles_few() -> bytes:
    return heif({1: _grid(_laid(1, 1, 7_000, 7_000), [2], 7_000, 7_000), 2: _part()})


@hostile("tiles-of-two-sizes.heic", "phone picture", "failed")
def _two_sizes() -> bytes:
    return heif({1: _grid(_laid(2, 1, 128, 64), [2, 3], 128, 64), 2: _part(), 3: _part(128)})


@hostile("tiles-turned-apart.heic", "phone picture", "failed", "stored")
def _turned_apart() -> bytes:
    other = replace(_part(), properties=[*_part().properties, turned(1)])
    return heif({1: _grid(_laid(2, 1, 128, 64), [2, 3], 128, 64), 2: _part(), 3: other})


@hostile("grid-of-itself.heic", "phone picture", "failed")
def _grid_of_itself() -> bytes:
    return heif({1: _grid(_laid(1, 1, 64, 64), [1], 64, 64)})


@hostile("stands-for-itself.heic", "phone picture", "failed")
def _itself() -> bytes:
    return heif({1: Part(b"iden", b"", [ispe(64, 64)], {b"dimg": [1]})})


@hostile("two-that-stand-for-each-other.heic", "phone picture", "failed")
def _each_other() -> bytes:
    links = [(1, 2), (2, 1)]
    return heif({n: Part(b"iden", b"", [ispe(64, 64)], {b"dimg": [to]}) for n, to in links})


@hostile("stands-for-ten-thousand.heic", "phone picture", "failed")
def _chain() -> bytes:
    parts = {n: Part(b"iden", b"", [turned(1)], {b"dimg": [n + 1]}) for n in range(1, 10_001)}
    return heif(parts | {10_001: _part()})


@hostile("stands-for-nobody.heic", "phone picture", "failed")
def _nobody() -> bytes:
    return heif({1: Part(b"iden", b"", [ispe(64, 64)], {b"dimg": [77]})})


@hostile("shows-nobody.heic", "phone picture", "failed")
def _shows_nobody() -> bytes:
    return heif({1: _part()}, primary=9)


@hostile("place-outside.heic", "phone picture", "failed")
def _outside() -> bytes:
    place = _places(struct.pack(">HHHHHII", 1, 1, 0, 0, 1, 1 << 30, 100))
    return _one(place, _described(*_part().properties))


@hostile("place-beyond-64-bits.heic", "phone picture", "failed")
def _beyond() -> bytes:
    most = (1 << 64) - 1
    entry = struct.pack(">HHHHQHQQ", 1, 1, 0, 0, most, 1, most, most)
    place = _places(entry, widths=b"\x88\x80")
    return _one(place, _described(*_part().properties))


@hostile("places-four-billion.heic", "phone picture", "failed")
def _four_billion_places() -> bytes:
    return _one(_places(b"\xff" * 4, version=2))


@hostile("extents-65535-times-all.heic", "phone picture", "failed")
def _extents() -> bytes:
    entry = struct.pack(">HHHHH", 1, 1, 0, 0, 65_535) + struct.pack(">II", 0, 0) * 65_535
    return _one(_places(entry), _described(*_part().properties), data=bytes(1 << 20))


@luring("bytes-elsewhere.heic", "phone picture", "failed")
def _elsewhere(bait: Bait) -> bytes:
    url = full(b"url ", 0, f"file://{bait.canary}".encode(), b"\0")
    info = box(b"dinf", full(b"dref", 0, b"\0\0\0\1", url))
    place = _places(struct.pack(">HHHHHII", 1, 1, 0, 1, 1, 0, 16))
    return _one(info, place, _described(*_part().properties))


@hostile("bytes-of-another-item.heic", "phone picture", "failed")
def _another() -> bytes:
    place = _places(struct.pack(">HHHHHII", 1, 1, 2, 0, 1, 0, 16))
    return _one(place, _described(*_part().properties))


@hostile("hundred-thousand-items.heic", "phone picture", "failed")
def _items() -> bytes:
    return _file(full(b"iinf", 1, struct.pack(">I", 100_000), _KINDS * 100_000), _places(b"\0\0"))


@hostile("links-without-end.heic", "phone picture", "failed")
def _links() -> bytes:
    one = box(b"dimg", struct.pack(">HH", 1, 65_535), bytes(2 * 65_535))
    return _one(_places(b"\0\0"), full(b"iref", 0, one * 20))


@hostile("properties-without-end.heic", "phone picture", "failed")
def _properties() -> bytes:
    owned = (b"\0\1\xff" + b"\1" * 255) * 10_000
    table = full(b"ipma", 0, struct.pack(">I", 10_000), owned)
    return _one(_places(b"\0\0"), box(b"iprp", box(b"ipco", turned(1)), table))


@hostile("boxes-of-no-bytes.heic", "phone picture", "failed")
def _no_bytes() -> bytes:
    return box(b"ftyp", b"heic", bytes(4), b"mif1") + struct.pack(">I", 7) + b"meta" + bytes(99)


@hostile("boxes-in-boxes.heic", "phone picture", "failed")
def _nested() -> bytes:
    content = b""
    for _ in range(3_000):
        content = full(b"meta", 0, content)
    return box(b"ftyp", b"heic", bytes(4), b"mif1") + content


@hostile("hundred-thousand-boxes.heic", "phone picture", "failed")
def _boxes() -> bytes:
    return box(b"ftyp", b"heic", bytes(4), b"mif1") + box(b"free") * 100_000


@hostile("description-of-two-gigabytes.heic", "phone picture", "failed")
def _long() -> Sparse:
    start = box(b"ftyp", b"heic", bytes(4), b"mif1") + struct.pack(">I", 0x7FFFFFFF) + b"meta"
    return Sparse(start, 1 << 31)


@hostile("picture-of-two-gigabytes.heic", "phone picture", "failed")
def _hole() -> Sparse:
    place = _places(struct.pack(">HHHHHII", 1, 1, 0, 0, 1, 4_096, 0x7FFF0000))
    return Sparse(_one(place, _described(*_part().properties)), 1 << 31)


@hostile("cut-by-nothing.heic", "phone picture", "failed")
def _cut_by_nothing() -> bytes:
    return heif(single(np.zeros((64, 64, 3), np.uint8), clap(1, 0, 1, 0, 0, 0, 0, 0)))


@hostile("cut-far-away.heic", "phone picture", "failed")
def _cut_far_away() -> bytes:
    return heif(single(np.zeros((64, 64, 3), np.uint8), clap(1, 1, 1, 1, 1 << 30, 1, 1 << 30, 1)))


@hostile("set-up-by-noise.heic", "phone picture", "failed")
def _noise() -> bytes:
    noise = np.random.default_rng(7).bytes(4_000)
    said = [ispe(64, 64), box(b"hvcC", b"\1", noise)]
    return heif({1: Part(b"hvc1", noise, said)})


@hostile("ten-thousand-frames-in-one.heic", "phone picture", "failed")
def _frames() -> bytes:
    return heif({1: replace(_part(), data=_part().data * 10_000)})


@hostile("exif-that-lies.heic", "phone picture", "stored")
def _exif() -> bytes:
    loop = b"\x87\x69\0\4\0\0\0\1\0\0\0\x08" * 5_000  # a table that lies in itself
    said = b"\xff\xff\xff\xffMM\0*\0\0\0\x08\xff\xff" + loop
    return heif({1: _part(), 2: Part(b"Exif", said, [], {b"cdsc": [1]})})
