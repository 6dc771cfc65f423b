"""Pictures of telephones: how they look, however they are coded, put together and turned."""

from __future__ import annotations

import io
import os
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from av.video.reformatter import Colorspace
from PIL import Image

from omnisearch.errors import MediaError
from omnisearch.media import still
from omnisearch.media.caps import Caps
from omnisearch.media.cutting import cut, whole
from omnisearch.media.image import RGB
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.pool import Pool
from omnisearch.media.still import Still
from tests.ingest.extracting import extracted
from tests.media.heif.written import (
    Coding,
    Part,
    box,
    clap,
    coded,
    full,
    heif,
    ispe,
    mirrored,
    nclx,
    single,
    tiled,
    turned,
)
from tests.media.made import Shot, film

LARGE = Caps(side=1 << 20)
HIGH, WIDE = 128, 192
COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (200, 120, 40))


def slope(height: int = HIGH, width: int = WIDE) -> RGB:
    """Red grows to the right, green downwards: no two corners are alike."""
    down, right = np.mgrid[0:height, 0:width]
    parts = [right * 255 // (width - 1), down * 255 // (height - 1), np.full_like(down, 40)]
    return np.stack(parts, -1).astype(np.uint8)


def blocks() -> RGB:
    return np.repeat(np.repeat(np.asarray([COLOURS], np.uint8), 64, 0), 64, 1)


def read(content: bytes, caps: Caps = LARGE) -> Still:
    return still.read(content, "heic", caps)


def far(one: RGB, other: RGB) -> int:
    """Give the largest difference; what lies along an edge of colours is blurred by any coding."""
    assert one.shape == other.shape
    return int(np.abs(one.astype(int) - other).max())


@pytest.mark.parametrize(
    "coding",
    [
        Coding(),
        Coding(space=Colorspace.ITU709),
        Coding(whole=False),
        Coding(space=Colorspace.ITU709, whole=False),
        Coding("yuv422p"),
        Coding("yuv444p"),
        Coding("yuv420p10le", Colorspace.BT2020),
        Coding("yuv420p10le", whole=False),
        Coding(codec="libx264"),
    ],
    ids=str,
)
@pytest.mark.parametrize("boxed", [False, True])
def test_colours_are_those_that_were_coded(coding: Coding, boxed: bool) -> None:
    matrix = {Colorspace.ITU601: 6, Colorspace.ITU709: 1, Colorspace.BT2020: 9}
    said = [nclx(matrix[Colorspace(coding.space)], coding.whole)] if boxed else []
    found = read(heif(single(blocks(), *said, coding=coding))).rgb
    middles = found[32, 32::64]
    assert far(middles[None], np.asarray([COLOURS], np.uint8)) <= 4


def test_boxes_count_more_than_what_the_picture_says_of_colours() -> None:
    silent = Coding(space=Colorspace.ITU709, told=False)
    found = read(heif(single(blocks(), nclx(1, whole=True), coding=silent))).rgb
    assert far(found[None, 32, 32::64], np.asarray([COLOURS], np.uint8)) <= 4


def test_a_camera_that_wrongly_says_that_its_range_is_limited() -> None:
    found = read(heif(single(blocks(), nclx(6, whole=False)))).rgb
    assert far(found[None, 32, 32::64], np.asarray([COLOURS], np.uint8)) <= 4


def test_what_shines_brighter_than_paper_keeps_its_shades() -> None:
    bright = np.full((64, 64, 3), (148, 148, 148), np.uint8)  # 58 % of PQ: white paper
    plain = read(heif(single(bright))).rgb.mean()
    shining = read(heif(single(bright, nclx(6, whole=True, transfer=16)))).rgb.mean()
    assert plain < 150 and 180 < shining < 210
    ramp = np.repeat(slope()[:, :, :1], 3, 2)
    light = read(heif(single(ramp, nclx(6, whole=True, transfer=16)))).rgb[64, 8::8, 1]
    assert (np.diff(light.astype(int)) >= 0).all() and light[0] < 5 and light[-1] > 250


def test_grey_pictures_are_grey() -> None:
    grey = np.repeat(slope()[:, :, :1], 3, 2)
    assert far(read(heif(single(grey, coding=Coding("gray")))).rgb, grey) <= 4


@pytest.mark.parametrize("size", [(128, 192), (100, 170), (65, 64)])
def test_tiles_lie_where_they_belong(size: tuple[int, int]) -> None:
    found = read(heif(tiled(slope(*size), 64)))
    assert (found.height, found.width) == size
    assert far(found.rgb, slope(*size)) <= 6


TURNS: dict[str, tuple[list[bytes], RGB]] = {
    "a quarter": ([turned(1)], np.rot90(slope(), 1)),
    "a half": ([turned(2)], np.rot90(slope(), 2)),
    "three quarters": ([turned(3)], np.rot90(slope(), 3)),
    "upside down in a mirror": ([mirrored(0)], slope()[::-1]),
    "in a mirror": ([mirrored(1)], slope()[:, ::-1]),
    "turned, then in a mirror": ([turned(1), mirrored(1)], np.rot90(slope(), 1)[:, ::-1]),
    "in a mirror, then turned": ([mirrored(1), turned(1)], np.rot90(slope()[:, ::-1], 1)),
    "its middle": ([clap(100, 1, 60, 1, 0, 1, 0, 1)], slope()[34:94, 46:146]),
    "a corner": ([clap(96, 1, 64, 1, 48, 1, -32, 1)], slope()[:64, 96:]),
    "a corner, turned": (
        [clap(96, 1, 64, 1, 48, 1, -32, 1), turned(3)],
        np.rot90(slope()[:64, 96:], 3),
    ),
}


@pytest.mark.parametrize("how", TURNS)
@pytest.mark.parametrize("tiles", [False, True])
def test_it_is_cut_turned_and_mirrored_in_order(how: str, tiles: bool) -> None:
    steps, wanted = TURNS[how]
    parts = tiled(slope(), 64, *steps) if tiles else single(slope(), *steps)
    found = read(heif(parts))
    assert far(found.rgb, wanted) <= 6
    assert (found.height, found.width) == wanted.shape[:2]


def exif(orientation: int) -> bytes:
    """Give what a camera says, with the number before it that tells where it begins."""
    said = Image.Exif()
    said[0x0112], said[0x010F], said[0x0110] = orientation, "Example", "Phone 9"
    said.get_ifd(0x8769)[0x9003] = "2024:05:06 07:08:09"
    said.get_ifd(0x8825).update({1: "N", 2: (47.0, 30.0, 0.0), 3: "E", 4: (19.0, 0.0, 0.0)})
    return struct.pack(">I", 6) + said.tobytes()


def phone(orientation: int = 6) -> bytes:
    """Write what a telephone does: tiles, turned, with a thumbnail, EXIF and brightness."""
    parts = tiled(slope(), 64, turned(3))
    small = coded(slope(32, 48))
    parts |= {
        50: replace(small, links={b"thmb": [1]}),
        51: replace(small, links={b"auxl": [1, 52]}),
        52: Part(b"tmap", b"\0" * 8, [ispe(WIDE, HIGH)], {b"dimg": [1, 51]}),
        53: Part(b"Exif", exif(orientation), [], {b"cdsc": [1]}),
        54: Part(b"mime", b"<x/>", [], {b"cdsc": [1]}),
    }
    return heif(parts)


def test_what_a_telephone_writes_is_a_picture_with_its_facts() -> None:
    item, (segment,), end = extracted(phone(), "IMG_0001.HEIC")
    assert (item.fields["type"], item.fields["modality"]) == ("heic", "image")
    assert item.fields["notes"] == [] and not end.fields["truncated"]
    columns = item.fields["columns"]
    assert (columns["image.width"], columns["image.height"]) == (HIGH, WIDE)
    assert columns["image.camera"] == "Example Phone 9"
    assert columns["image.latitude"] == 47.5 and columns["image.longitude"] == 19.0
    assert columns["image.taken"] is not None
    assert far(np.asarray(segment.arrays["image"], np.uint8), np.rot90(slope(), 3)) <= 6


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_exif_turns_nothing_beside_the_boxes(orientation: int) -> None:
    assert far(read(phone(orientation)).rgb, np.rot90(slope(), 3)) <= 6
    plain = single(slope()) | {2: Part(b"Exif", exif(orientation), [], {b"cdsc": [1]})}
    assert far(read(heif(plain)).rgb, slope()) <= 6


def test_damaged_exif_costs_the_facts_only() -> None:
    parts = single(slope()) | {
        2: Part(b"Exif", b"\0\0\0\0II*\0\xff\xff\xff\xff", [], {b"cdsc": [1]})
    }
    found = read(heif(parts))
    assert far(found.rgb, slope()) <= 6 and 0x010F not in found.tags


def test_a_picture_that_stands_for_another_is_turned_by_both() -> None:
    inner = single(slope(), turned(1))[1]
    for kind in (b"iden", b"tmap"):
        outer = Part(kind, b"", [ispe(HIGH, WIDE), turned(1)], {b"dimg": [1]})
        found = read(heif({1: inner, 2: outer}, primary=2))
        assert far(found.rgb, np.rot90(slope(), 2)) <= 6
        assert (found.width, found.height) == (WIDE, HIGH)


def test_of_many_pictures_the_first_one_named_is_shown() -> None:
    parts = {number: coded(np.full((64, 64, 3), number, np.uint8)) for number in (10, 90, 200)}
    assert abs(int(read(heif(parts, primary=90)).rgb.mean()) - 90) <= 2


def test_av1_is_read_in_the_same_boxes() -> None:
    found = read(heif(single(slope(), coding=Coding(codec="libsvtav1"))))
    assert far(found.rgb, slope()) <= 16


def test_a_large_picture_is_made_small_piece_by_piece() -> None:
    picture = slope(1024, 1536)
    for parts in (tiled(picture, 256), single(picture)):
        found = read(heif(parts), Caps(side=64))
        assert found.rgb.shape == (64, 96, 3) and (found.width, found.height) == (1536, 1024)
        small = np.asarray(Image.fromarray(picture).resize((96, 64), Image.Resampling.BOX))
        assert far(found.rgb, small) <= 8


def test_tiles_of_any_size_meet_when_they_are_made_small() -> None:
    picture = slope(300, 600)
    found = read(heif(tiled(picture, 100)), Caps(side=32))  # 4 would not divide a tile
    small = np.asarray(Image.fromarray(picture).resize((64, 32), Image.Resampling.BOX))
    assert far(found.rgb, small) <= 8


def test_larger_pictures_may_be_made_of_tiles_that_are_made_small() -> None:
    picture = slope(1024, 1536)
    few = Caps(pixels=400_000, side=64)
    assert read(heif(tiled(picture, 256)), few).rgb.shape == (64, 96, 3)
    for parts in (single(picture), tiled(slope(1024, 1664), 256)):
        with pytest.raises(MediaError, match=r"1,\d{3} x 1,024 pixels, .* allowed"):
            read(heif(parts), few)


def test_a_sequence_without_a_still_picture_shows_its_beginning() -> None:
    moving = film(Shot(frames=3, codec="libx265"))
    moving = moving.replace(b"ftypisom", b"ftyphevc", 1).replace(b"vide", b"pict")
    item, (segment,), _ = extracted(moving, "burst.heics")
    assert item.fields["type"] == "heic"
    found = segment.arrays["image"]
    assert found.shape == (48, 64, 3) and found[2, 2, 0] > 200 and found[40, 40].max() < 30


def test_boxes_of_64_bits_and_to_the_end_are_read() -> None:
    parts = single(slope())
    content = heif(parts)
    at = content.index(b"mdat") - 4
    open_ended = content[:at] + bytes(4) + content[at + 4 :]
    assert far(read(open_ended).rgb, slope()) <= 6
    long = content[: at + 8] + content[at + 8 :]
    wide = struct.pack(">I", 1) + b"free" + struct.pack(">Q", 16)
    assert far(read(long + wide).rgb, slope()) <= 6


def test_whatever_is_not_read_is_named() -> None:
    said = Part(b"jpeg", b"\xff\xd8\xff", [ispe(8, 8)])
    with pytest.raises(MediaError, match="'jpeg', which is not read"):
        read(heif({1: said}))
    with pytest.raises(MediaError, match="lacks what sets up its decoder"):
        read(heif({1: replace(coded(slope()), properties=[ispe(WIDE, HIGH)])}))


def test_a_file_of_the_name_only_is_damaged() -> None:
    head = box(b"ftyp", b"heic", bytes(4), b"mif1", b"heic")
    for content in (head, head + box(b"mdat", bytes(8)), head + full(b"meta", 0)):
        with pytest.raises(MediaError, match=r"damaged or cut short .*copy it again"):
            read(content)


def test_a_box_is_cut_from_what_is_seen() -> None:
    ask = Ask("IMG_0001.HEIC", LARGE, "image", {"box": [0.0, 0.5, 0.5, 0.5]}, "pixels")
    found = whole.picture(cut.pieces(io.BytesIO(phone()), ask))
    assert far(np.asarray(found), np.rot90(slope(), 3)[WIDE // 2 :, : HIGH // 2]) <= 6


@pytest.mark.slow
def test_a_locked_decoder_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "IMG_0001.HEIC"
    path.write_bytes(phone())
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with Pool(workers=1) as pool:
            found = list(pool.decode(descriptor, Ask(path.name)))
    finally:
        os.close(descriptor)
    assert [piece.fields["what"] for piece in found] == ["item", "segment", "end"]
    assert far(np.asarray(found[1].arrays["image"], np.uint8), np.rot90(slope(), 3)) <= 6
