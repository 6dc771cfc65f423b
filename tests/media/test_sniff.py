"""What a file holds, by its bytes."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import pytest
from PIL import Image

from omnisearch.encoder import canaries
from omnisearch.encoder.parts import Document, Text
from omnisearch.encoder.sources import part_of
from omnisearch.errors import MediaError
from omnisearch.media.sniff import kind_of


def put(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "ICO"])
def test_pictures_are_known_whatever_they_are_called(kind: str, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(buffer, kind)
    assert kind_of(put(tmp_path, "name.mp3", buffer.getvalue())) == "image"


def test_sounds_films_and_pages_are_known(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(100))
    assert kind_of(put(tmp_path, "a", buffer.getvalue())) == "audio"
    for name, head, kind in (
        ("a.mp4", b"\0\0\0\x18ftypisom", "video"),
        ("a.m4a", b"\0\0\0\x18ftypisom", "audio"),
        ("a.mp4", b"\0\0\0\x18ftypM4A ", "audio"),
        ("a.avif", b"\0\0\0\x18ftypavif", "image"),
        ("a.webm", b"\x1aE\xdf\xa3", "video"),
        ("a.mka", b"\x1aE\xdf\xa3", "audio"),
        ("a.ogg", b"OggS", "audio"),
        ("a.ogv", b"OggS", "video"),
        ("a.avi", b"RIFF\0\0\0\0AVI ", "video"),
        ("a", b"fLaC", "audio"),
        ("a.bin", b"ID3\x04", "audio"),
        ("a.mp3", b"\0\0\0\0", "audio"),
        ("a.ppm", b"P6 1 1", "image"),
    ):
        assert kind_of(put(tmp_path, name, head)) == kind, name
    page = canaries.inputs()["document"].parts[0]
    assert isinstance(page, Document) and isinstance(page.source, bytes)
    found = part_of(put(tmp_path, "a.txt", page.source))
    assert isinstance(found, Document)


def test_words_are_read_as_utf_8(tmp_path: Path) -> None:
    found = part_of(put(tmp_path, "a.md", "\ufeffCafé 東京".encode()))
    assert isinstance(found, Text) and found.text == "Café 東京"
    cut = "é".encode() * 4_000  # the beginning ends inside of a character
    assert kind_of(put(tmp_path, "b.txt", b"a" + cut)) == "text"


def test_what_is_nothing_of_that_says_so(tmp_path: Path) -> None:
    for content in (b"\x80\x81\x82", b"text with\0zeros", b"caf\xe9"):
        with pytest.raises(MediaError, match="is of no kind that is known: convert it"):
            kind_of(put(tmp_path, "a", content))
    with pytest.raises(MediaError, match=r"a is no UTF-8 at byte 8,000: convert it"):
        part_of(put(tmp_path, "a", b"a" * 8_000 + b"\xff"))
    with pytest.raises(MediaError, match="is empty"):
        kind_of(put(tmp_path, "a", b""))
