"""The libraries that decode work where nothing can be opened, mapped as code, or run beside."""

from __future__ import annotations

import fcntl
import io
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

from omnisearch.errors import MediaError
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.piece import Piece
from omnisearch.media.pool.pool import Pool
from tests.media import made, pdf

HEIGHT, WIDTH = 40, 60


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool("tests.media.readers:media", workers=2) as found:
        yield found


@contextmanager
def sealed(data: bytes) -> Iterator[int]:
    copy = os.memfd_create("copy", os.MFD_ALLOW_SEALING)
    try:
        os.write(copy, data)
        fcntl.fcntl(copy, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE)
        yield copy
    finally:
        os.close(copy)


def decode(pool: Pool, name: str, data: bytes) -> list[Piece]:
    with sealed(data) as descriptor:
        return list(pool.decode(descriptor, Ask(name)))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_pictures(pool: Pool, kind: str) -> None:
    written = io.BytesIO()
    Image.new("RGB", (WIDTH, HEIGHT), (200, 100, 50)).save(written, kind)
    (piece,) = decode(pool, "picture", written.getvalue())
    found = piece.arrays["image"]
    assert (found.shape, found.dtype.name) == ((HEIGHT, WIDTH, 3), "uint8")
    assert abs(found.reshape(-1, 3).mean(axis=0) - (200, 100, 50)).max() < 6


@pytest.mark.parametrize(
    ("codec", "kind"),
    [("pcm_s16le", "wav"), ("flac", "flac"), ("libmp3lame", "mp3"), ("libopus", "ogg")],
)
def test_sounds(pool: Pool, codec: str, kind: str) -> None:
    data = made.sound(made.tone(2.0, 48_000), 48_000, codec, kind)
    (piece,) = decode(pool, "sound", data)
    assert abs(len(piece.arrays["sound"]) - 32_000) < 200
    assert piece.arrays["sound"].dtype == np.float32


@pytest.mark.parametrize("codec", ["mpeg4", "mjpeg", "libvpx", "libvpx-vp9", "libx264"])
def test_films(pool: Pool, codec: str) -> None:
    data = made.film(made.Shot(codec=codec, kind="matroska"))
    (piece,) = decode(pool, "film", data)
    assert piece.arrays["frames"].shape == (8, 48, 64, 3)


def test_a_film_of_av1_needs_no_thread(pool: Pool) -> None:
    written = io.BytesIO()
    Image.new("RGB", (WIDTH, HEIGHT)).save(written, "AVIF")  # FFmpeg sees a film of one frame
    (piece,) = decode(pool, "film", written.getvalue())
    assert piece.arrays["frames"].shape == (8, HEIGHT, WIDTH, 3)


def test_a_codec_that_is_not_listed_is_refused_by_name() -> None:
    # FFmpeg before 8.1.2 runs what a film of this codec says (CVE-2026-8461)
    data = made.film(made.Shot(codec="magicyuv", kind="avi"))
    with Pool(workers=1) as pool, pytest.raises(MediaError) as caught:
        decode(pool, "a.avi", data)
    assert "is coded by magicyuv, which is not read here" in str(caught.value)


def test_8_documents_at_a_time(pool: Pool) -> None:
    data = pdf.pdf(*[pdf.Sheet(lines=(f"page {number}",)) for number in range(4)])
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: decode(pool, "document", data), range(32)))
    words = [[piece.fields["words"] for piece in pieces] for pieces in found]
    assert words == [[f"page {number}" for number in range(4)]] * 32
