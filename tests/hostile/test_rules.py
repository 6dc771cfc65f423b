"""Rules that hold for many files at once: names that lie, cuts anywhere, many PDFs side by side."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from omnisearch.errors import MediaError
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.piece import Array, Piece
from omnisearch.media.pool.pool import Pool
from tests.hostile import films, papers, pictures, sounds
from tests.media.pdf import Sheet, pdf

CONTENTS: Mapping[str, Callable[[], bytes]] = {  # by the type that they must be taken for
    "png": lambda: pictures.encoded("PNG"),
    "jpeg": lambda: pictures.encoded("JPEG"),
    "gif": lambda: pictures.encoded("GIF"),
    "webp": lambda: pictures.encoded("WEBP"),
    "wav": lambda: sounds.encoded("wav"),
    "flac": lambda: sounds.encoded("flac"),
    "mp3": lambda: sounds.encoded("mp3"),
    "avi": lambda: films.encoded("avi"),
    "mp4": lambda: films.encoded("mp4"),
    "pdf": papers.paper,
}
ENDS = (".txt", ".jpg", ".png", ".mp3", ".mp4", ".pdf", ".html", ".docx", "")
CUTS = 35


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(workers=2) as made:
        yield made


def pieces(pool: Pool, folder: Path, name: str, content: bytes) -> list[Piece]:
    path = folder / name
    path.write_bytes(content)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return list(pool.decode(descriptor, Ask(name)))
    finally:
        os.close(descriptor)
        path.unlink()


@pytest.mark.slow
@pytest.mark.parametrize("kind", CONTENTS)
def test_what_a_file_holds_decides_whatever_it_is_called(
    kind: str, pool: Pool, tmp_path: Path
) -> None:
    for end in ENDS:
        found = pieces(pool, tmp_path, f"file{end}", CONTENTS[kind]())
        assert found[0].fields["type"] == kind, end
        assert any(piece.fields["what"] == "segment" for piece in found), end


def photograph(kind: str) -> bytes:
    """Encode a picture that has something everywhere."""
    rng, out = np.random.default_rng(5), io.BytesIO()
    coarse = Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8))
    coarse.resize((160, 120), Image.Resampling.BICUBIC).save(out, kind)
    return out.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_a_picture_cut_anywhere_is_whole_or_refused(kind: str, pool: Pool, tmp_path: Path) -> None:
    content = photograph(kind)
    (whole,) = shown(pieces(pool, tmp_path, "whole", content))
    places = np.random.default_rng(6).integers(1, len(content), CUTS)
    refused = 0
    for place in map(int, places):
        try:
            found = shown(pieces(pool, tmp_path, f"cut.{kind.lower()}", content[:place]))
        except MediaError:
            refused += 1
            continue
        assert all(np.array_equal(picture, whole) for picture in found), place
    assert refused >= CUTS // 2


def shown(found: list[Piece]) -> list[Array]:
    return [piece.arrays["image"] for piece in found if "image" in piece.arrays]


@pytest.mark.slow
def test_many_pdfs_side_by_side_stay_apart(pool: Pool, tmp_path: Path) -> None:
    def read(number: int) -> str:
        content = pdf(*(Sheet((f"paper {number} page {page}",)) for page in range(3)))
        found = pieces(pool, tmp_path, f"paper-{number}.pdf", content)
        return " ".join(piece.fields.get("words") or "" for piece in found)

    with ThreadPoolExecutor(8) as threads:
        for number, words in enumerate(threads.map(read, range(24))):
            for other, page in product(range(24), range(3)):
                assert (f"paper {other} page {page}" in words) == (other == number)
