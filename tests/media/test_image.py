"""Pictures of every kind that people have, and those that are broken."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, features

from omnisearch.errors import MediaError
from omnisearch.media import image
from omnisearch.media.image import Limits, read, square

RED, WHITE = (200, 30, 40), (255, 255, 255)


def encoded(picture: Image.Image, kind: str = "PNG", **how: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **how)
    return buffer.getvalue()


def halves(mode: str, left: Any, right: Any, size: tuple[int, int] = (40, 20)) -> Image.Image:
    made = Image.new(mode, size, left)
    made.paste(right, (size[0] // 2, 0, *size))
    return made


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "TGA"])
def test_common_formats_keep_their_colours(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"picture.{kind.lower()}"
    halves("RGB", RED, (20, 90, 220)).save(path, kind)
    for source in (path, str(path), path.read_bytes()):
        found = read(source)
        assert found.shape == (20, 40, 3) and found.dtype == np.uint8
        assert np.abs(found[10, 5].astype(int) - RED).max() < 12
        assert np.abs(found[10, 35].astype(int) - (20, 90, 220)).max() < 12


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")
def test_avif_is_read() -> None:
    found = read(encoded(halves("RGB", RED, WHITE), "AVIF", quality=90))
    assert np.abs(found[10, 5].astype(int) - RED).max() < 12


def test_one_pixel_and_a_long_strip_become_squares() -> None:
    for size in ((1, 1), (20_000, 10), (10, 20_000)):
        found = square(read(encoded(Image.new("RGB", size, RED))), 224)
        assert found.shape == (3, 224, 224) and found.dtype == np.float32
        assert found.min(axis=(1, 2)).tolist() == list(RED) == found.max(axis=(1, 2)).tolist()


def test_the_first_frame_of_an_animation_is_read() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, (0, 255, 0), (0, 0, 255))]
    for kind in ("GIF", "WEBP", "PNG"):
        how = {"lossless": True} if kind == "WEBP" else {}
        content = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **how)
        assert np.abs(read(content)[4, 4].astype(int) - RED).max() < 6, kind


def test_transparent_pixels_are_white() -> None:
    clear = halves("RGBA", (200, 30, 40, 0), (200, 30, 40, 255))
    half = Image.new("LA", (4, 4), (0, 128))
    palette = halves("P", 0, 1)
    palette.putpalette([200, 30, 40, 10, 20, 30])
    transparent = encoded(palette, "PNG", transparency=0)
    assert read(encoded(clear))[0, 0].tolist() == list(WHITE)
    assert read(encoded(clear))[0, 39].tolist() == list(RED)
    assert abs(int(read(encoded(half))[0, 0, 0]) - 127) <= 1
    assert read(transparent)[0, 0].tolist() == list(WHITE)
    assert read(transparent)[0, 39].tolist() == [10, 20, 30]


def test_palettes_grey_bits_and_cmyk_are_colours() -> None:
    palette = halves("P", 0, 1)
    palette.putpalette([200, 30, 40, 10, 20, 30])
    assert read(encoded(palette))[0, 0].tolist() == list(RED)
    assert read(encoded(halves("L", 7, 200)))[0, 39].tolist() == [200] * 3
    assert read(encoded(halves("1", 0, 1)))[0, 39].tolist() == list(WHITE)
    ink = halves("CMYK", (0, 255, 255, 0), (255, 0, 0, 0))
    for kind in ("JPEG", "TIFF"):
        found = read(encoded(ink, kind)).astype(int)
        assert np.abs(found[10, 5] - (255, 0, 0)).max() < 12
        assert np.abs(found[10, 35] - (0, 255, 255)).max() < 12


def test_sixteen_bits_are_scaled_and_not_clipped() -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None].repeat(4, 0)
    for kind in ("PNG", "TIFF"):
        found = read(encoded(Image.fromarray(ramp), kind))
        assert found[0, :, 0].tolist() == list(range(256)), kind
    assert read(ramp)[0, :, 1].tolist() == list(range(256))
    wide = np.linspace(0, 65535, 256).astype(np.int32)[None].repeat(4, 0)
    assert read(encoded(Image.fromarray(wide, "I"), "TIFF"))[0, :, 2].tolist() == list(range(256))
    floats = np.linspace(0, 1, 256, dtype=np.float32)[None].repeat(4, 0)
    assert read(encoded(Image.fromarray(floats), "TIFF"))[0, :, 0].tolist() == list(range(256))


def test_a_colour_picture_of_sixteen_bits_keeps_its_colours() -> None:
    row = b"\0" + struct.pack(">3H", 200 * 257, 30 * 257, 40 * 257) * 4
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (
            (b"IHDR", struct.pack(">IIBBBBB", 4, 2, 16, 2, 0, 0, 0)),
            (b"IDAT", zlib.compress(row * 2)),
            (b"IEND", b""),
        )
    )
    assert read(b"\x89PNG\r\n\x1a\n" + body)[1, 3].tolist() == list(RED)


def test_exif_turns_pictures_upright() -> None:
    tall = Image.new("RGB", (10, 30), WHITE)
    tall.paste(RED, (0, 0, 10, 10))  # red on top, as the person sees it
    turned = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: 4}
    for orientation, way in turned.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored = tall.transpose(Image.Transpose(way))
        found = read(encoded(stored, "PNG", exif=exif))
        assert np.array_equal(found, np.asarray(tall)), orientation
    mirrored = Image.Exif()
    mirrored[0x0112] = 2
    half = halves("RGB", RED, WHITE)
    flipped = half.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert np.array_equal(read(encoded(flipped, exif=mirrored)), np.asarray(half))


def test_images_and_arrays_are_taken_as_they_are() -> None:
    picture = halves("RGB", RED, WHITE)
    array = np.asarray(picture)
    for source in (picture, array, array / np.float32(255), array.astype(np.int64)):
        assert np.array_equal(read(source), array)
    assert read(array[:, :, :1] > 0).tolist()[0][0] == list(WHITE)
    clear = np.dstack([array, np.zeros(array.shape[:2], np.uint8)])
    assert read(clear).min() == 255


def test_boxes_are_fractions_of_what_is_seen() -> None:
    picture = halves("RGB", RED, WHITE)
    assert read(encoded(picture), box=(0.5, 0, 0.5, 1)).min() == 255
    assert read(encoded(picture), box=(0, 0, 0.5, 1)).shape == (20, 20, 3)
    assert read(encoded(picture), box=(0.99, 0.99, 0.001, 0.001)).shape == (1, 1, 3)


def test_what_is_no_picture_says_so(tmp_path: Path) -> None:
    missing, empty, folder = tmp_path / "none.png", tmp_path / "empty.png", tmp_path
    empty.write_bytes(b"")
    for source, said in (
        (missing, "none.png does not open .No such file"),
        (empty, "empty.png is empty"),
        (folder, "is a folder"),
        (b"", "the file given has no bytes"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture that can be read"),
        (b"GIF89a", "damaged or cut short|no picture"),
        (np.zeros((3, 4, 5), np.uint8), r"shape \(3, 4, 5\)"),
        (np.zeros((0, 4, 3), np.uint8), "no pixels"),
        (np.full((2, 2, 3), np.nan), "not finite"),
        (np.array([["a"]]), "no picture"),
    ):
        with pytest.raises(MediaError, match=said):
            read(source)
    with pytest.raises(TypeError, match="not int"):
        read(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"])
def test_cut_and_flipped_bytes_are_an_error_or_a_picture(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    content = encoded(Image.fromarray(noise), kind)
    with pytest.raises(MediaError):
        read(content[: len(content) // 2])
    random = np.random.default_rng(1)
    for _ in range(25):
        damaged = bytearray(content[: random.integers(1, len(content) + 1)])
        for at in random.integers(0, min(len(damaged), 400), 4):
            damaged[at] = random.integers(256)
        try:
            found = read(bytes(damaged))
        except MediaError as error:
            assert "the file given" in str(error)
        else:
            assert found.ndim == 3


def test_a_small_file_cannot_promise_a_huge_picture(tmp_path: Path) -> None:
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    bomb = b"\x89PNG\r\n\x1a\n" + body + struct.pack(">I", 9) + b"IDAT" + bytes(13)
    with pytest.raises(MediaError, match="pixels"):
        read(bomb)
    path = tmp_path / "large.png"
    Image.new("RGB", (400, 300)).save(path)
    with pytest.raises(MediaError, match=r"400 x 300 pixels, 100,000 are allowed: shrink it"):
        read(path, limits=Limits(pixels=100_000))
    with pytest.raises(MediaError, match="10 are allowed"):
        read(path, limits=Limits(bytes=10))
    with pytest.raises(MediaError, match="pixels"):
        read(Image.new("L", (400, 300)), limits=Limits(pixels=100_000))


def test_pictures_between_pillows_limit_and_ours_give_no_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert read(encoded(Image.new("L", (40, 30)))).shape == (30, 40, 3)


def test_a_jpeg_is_decoded_small_where_that_is_enough() -> None:
    y, x = np.mgrid[:900, :1200].astype(np.float32)
    smooth = np.stack([x / 5, y / 4, 255 - x / 5], 2).astype(np.uint8)
    content = encoded(Image.fromarray(smooth), "JPEG", quality=95)
    small = read(content, least=448)
    assert small.shape == (450, 600, 3)
    whole = square(read(content), 224)
    assert np.abs(square(small, 224) - whole).mean() < 1
    assert read(content, least=448, box=(0, 0, 1, 1)).shape == (900, 1200, 3)


def test_squares_are_those_of_training() -> None:
    training = pytest.importorskip("omnisearch.training.towers.extraction")
    noise = np.random.default_rng(0).integers(0, 256, (300, 417, 3), np.uint8)
    assert np.array_equal(square(noise, 224), training.pixels(Image.fromarray(noise)))
    assert image.LIMITS.pixels >= 100_000_000
