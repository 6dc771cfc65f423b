"""A file through the extraction has the vector that it has when the encoder opens it itself."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from omnisearch.encoder.encoder import Encoder
from omnisearch.encoder.parts import Audio, Document, Image, Part, Text, Video
from omnisearch.media.pool.piece import Piece
from tests.ingest.extracting import extracted
from tests.media.made import Shot, film, sound, tone
from tests.media.pdf import Sheet, pdf

NEAR = 0.999
RATE = 16_000
pytestmark = pytest.mark.slow


def part_of(piece: Piece) -> Part:
    """What the pipeline gives the encoder for a segment."""
    arrays, words = piece.arrays, piece.fields["words"]
    if "frames" in arrays:
        heard = (arrays["sound"], RATE) if "sound" in arrays else None
        return Video(list(arrays["frames"]), sound=heard)
    if "sound" in arrays:
        return Audio((arrays["sound"], RATE))
    if piece.fields["modality"] == "document" and "image" in arrays:
        return Document(arrays["image"], words=words)
    return Image(arrays["image"]) if "image" in arrays else Text(words)


def drawn(size: tuple[int, int]) -> PIL.Image.Image:
    random = np.random.default_rng(5)
    y, x = np.mgrid[: size[1], : size[0]]
    picture = np.stack([x * 255 // size[0], y * 255 // size[1], (x // 40 + y // 40) % 2 * 180], 2)
    picture[size[1] // 3 : size[1] // 2, size[0] // 4 : size[0] // 2] = (250, 30, 30)
    noisy = picture + random.integers(-20, 20, picture.shape)
    return PIL.Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def saved(form: str, size: tuple[int, int], mode: str = "RGB", **options: Any) -> bytes:
    out = io.BytesIO()
    if mode == "I;16":
        deep = np.asarray(drawn(size).convert("L")).astype(np.uint16) * 257
        PIL.Image.fromarray(deep).save(out, form)
    else:
        drawn(size).convert(mode).save(out, form, **options)
    return out.getvalue()


TURNED = PIL.Image.Exif()
TURNED[0x0112] = 6
PICTURES = {
    "small.png": saved("PNG", (120, 80)),
    "large.png": saved("PNG", (2600, 1700), compress_level=1),
    "photo.jpg": saved("JPEG", (3000, 2000), exif=TURNED),
    "clear.png": saved("PNG", (1500, 1500), "RGBA"),
    "few.gif": saved("GIF", (1000, 800)),
    "new.webp": saved("WEBP", (1000, 800)),
    "deep.png": saved("PNG", (1500, 1000), "I;16"),
    "grey.tif": saved("TIFF", (1500, 1400), "L"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures(encoder: Encoder, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(PICTURES[name])
    (one,) = extracted(PICTURES[name], name)[1]
    direct, through = encoder.encode([Image(path), part_of(one)])
    assert direct @ through >= NEAR


@pytest.mark.parametrize("kind", [("wav", "pcm_s16le", 44_100), ("ogg", "libopus", 48_000)])
def test_sounds(encoder: Encoder, tmp_path: Path, kind: tuple[str, str, int]) -> None:
    form, codec, rate = kind
    wave = np.concatenate([tone(3.0, rate), 0.1 * tone(2.0, rate, 900.0), tone(4.0, rate, 200.0)])
    path = tmp_path / f"a.{form}"
    path.write_bytes(sound(wave, rate, codec, form))
    (one,) = extracted(path.read_bytes(), path.name)[1]
    direct, through = encoder.encode([Audio(path), part_of(one)])
    assert direct @ through >= NEAR


@pytest.mark.parametrize(
    "shot",
    [
        Shot(sound_s=8.0),
        Shot(frames=30, kind="matroska", codec="libx264", group=100),
        Shot(frames=250, kind="avi", size=(320, 240)),
        replace(Shot(), turned=90),
    ],
    ids=str,
)
def test_films(encoder: Encoder, tmp_path: Path, shot: Shot) -> None:
    path = tmp_path / "a.film"
    path.write_bytes(film(shot))
    for one in extracted(path.read_bytes(), "a.mp4")[1]:
        span = one.fields["span"]
        direct = Video(path, from_s=span["start_s"], to_s=span["end_s"])
        vectors = encoder.encode([direct, part_of(one)])
        assert vectors[0] @ vectors[1] >= NEAR


def test_pages(encoder: Encoder, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(Sheet(("Invoice", "Total: 42")), Sheet(("Turned",), turned=90), Sheet()))
    pages = [one for one in extracted(path.read_bytes(), "a.pdf")[1] if one.arrays]
    direct = encoder.encode([Document(path, page=number) for number in (1, 2, 3)])
    through = encoder.encode([part_of(one) for one in pages])
    assert (np.einsum("ij,ij->i", direct, through) >= NEAR).all()


def test_texts(encoder: Encoder) -> None:
    text = "\n Dear Anna,\n\nthe key lies under the mat.\n"
    (one,) = extracted(text.encode("utf-16"), "letter.txt")[1]
    direct, through = encoder.encode([Text(text), part_of(one)])
    assert direct @ through >= NEAR
