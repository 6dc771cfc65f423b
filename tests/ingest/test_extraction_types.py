"""What a file is: content before name, and which faults are failures."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import PIL.Image
import pytest

from omnisearch.errors import EmptyError, MediaError, UnsupportedTypeError
from omnisearch.ingest.extraction.naming import words_of
from tests.ingest.extracting import extracted
from tests.media.made import Shot, film, sound, tone
from tests.media.pdf import Sheet, pdf


def picture(form: str) -> bytes:
    out = io.BytesIO()
    PIL.Image.new("RGB", (40, 30), (200, 30, 60)).save(out, form)
    return out.getvalue()


def archive(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr(name, "<x/>")
    return out.getvalue()


CONTENTS = {
    "png": (picture("PNG"), "image"),
    "jpeg": (picture("JPEG"), "image"),
    "gif": (picture("GIF"), "image"),
    "webp": (picture("WEBP"), "image"),
    "bmp": (picture("BMP"), "image"),
    "tiff": (picture("TIFF"), "image"),
    "avif": (picture("AVIF"), "image"),
    "wav": (sound(tone(0.5, 16_000), 16_000), "audio"),
    "flac": (sound(tone(0.5, 16_000), 16_000, "flac", "flac"), "audio"),
    "mp4": (film(Shot(frames=5)), "video"),
    "pdf": (pdf(Sheet(("words",))), "document"),
    "html": (b"<!doctype html><p>words", "text"),
}
NAMES = [
    "right.png",
    "photo.jpg",
    "song.mp3",
    "clip.mp4",
    "paper.pdf",
    "notes.txt",
    "page.html",
    "x",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", CONTENTS)
def test_content_wins_over_the_name(kind: str, name: str) -> None:
    content, modality = CONTENTS[kind]
    item, segments, _ = extracted(content, name)
    assert (item.fields["type"], item.fields["modality"]) == (kind, modality)
    assert segments
    ends = {"jpeg": "jpg"}.get(kind, kind)
    misled = "." in name and not name.endswith(ends)
    assert bool(item.fields["notes"]) == misled


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (archive("a.txt"), "files.zip"),
        (archive("META-INF/MANIFEST.MF"), "program.jar"),
        (archive("xl/workbook.bin"), "files"),
        (b"\x7fELF" + bytes(range(60)), "program"),
        (b"%!PS-Adobe-3.0\n(file) run\n", "figure.eps"),
        (b"#EXTM3U\nhttp://127.0.0.1:9/a.ts\n", "radio.m3u8"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "list.txt"),
        (b"{\\rtf1 hello}", "letter.rtf"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(20), "photo.jxl"),
        (b"icns\0\0\0\x10" + bytes(8), "app.icns"),
        (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(20), "photo.jp2"),
    ],
)
def test_what_is_not_read_is_left_out(content: bytes, name: str) -> None:
    with pytest.raises(UnsupportedTypeError, match=r"not read|no kind"):
        extracted(content, name)


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"", "photo.jpg", "is empty, and called jpeg"),
        (b"", "song.flac", "is empty, and called flac"),
        (b"404 not found", "photo.jpg", "holds text"),
        (b"\0\0\0\x18ftypheic" + bytes(16), "photo.heic", "damaged or cut short"),
        (b"#EXTM3U\nhttp://127.0.0.1:9/a.ts\n", "film.mp4", "holds playlist"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "song.wav", "holds playlist"),
        (b"<svg><image href='file:///etc/passwd'/></svg>", "drawing.png", "holds svg"),
        (b"just words", "paper.pdf", "holds text"),
        (b"just words", "report.docx", "called docx and holds text"),
        (b"", "book.epub", "is empty, and called epub"),
        (b"\x89\0\1\2" * 99, "report.docx", "and is none"),
        (archive("a.txt"), "report.docx", "lacks its main part"),
        (bytes(range(256)) * 4, "notes.md", "called a text and holds none"),
        (picture("PNG")[:60], "photo.png", "damaged|can be read"),
        (film(Shot(frames=5))[:200], "clip.mp4", "no sound or film"),
        (b"%PDF-1.4\n" + b"\0" * 100, "paper.pdf", "no PDF"),
        (pdf(Sheet(("secret",)), password=b"x"), "paper.pdf", "password"),
    ],
)
def test_what_claims_to_be_read_and_is_not_fails(content: bytes, name: str, reason: str) -> None:
    with pytest.raises(MediaError, match=reason) as error:
        extracted(content, name)
    assert not isinstance(error.value, UnsupportedTypeError | EmptyError)
    assert str(error.value).startswith(name)


@pytest.mark.parametrize(
    ("shot", "name"),
    [
        (Shot(frames=5, kind="webm", codec="libvpx"), "webm"),
        (Shot(frames=5, kind="matroska"), "matroska"),
        (Shot(frames=5, kind="mov"), "mov"),
        (Shot(frames=5, kind="avi"), "avi"),
    ],
)
def test_films_are_called_as_people_call_them(shot: Shot, name: str) -> None:
    item, _, _ = extracted(film(shot), f"film.{name}".replace("matroska", "mkv"))
    assert item.fields["type"] == name and item.fields["notes"] == []


def test_an_empty_file_of_no_kind_is_no_failure() -> None:
    with pytest.raises(EmptyError):
        extracted(b"", "keep")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("beach-holiday_2019.jpg", "beach holiday 2019"),
        ("IMG_20240506_070809.jpg", ""),
        ("DSC01234.JPG", ""),
        ("PXL_20231001_Lisbon.jpg", "Lisbon"),
        ("Scan 3 - Mietvertrag.pdf", "Mietvertrag"),
        ("myBeachPhoto.png", "my Beach Photo"),
        ("Grüße aus Wien.mp4", "Grüße aus Wien"),
        ("folder/deep/thing.tar.gz", "thing tar"),
        ("日本語.txt", "日本語"),
        (".bashrc", "bashrc"),
    ],
)
def test_names_tell_words_unless_machines_gave_them(name: str, words: str) -> None:
    assert words_of(name) == words


def test_the_name_is_never_a_path_to_open() -> None:
    item, _, _ = extracted(np.zeros(0).tobytes() + b"words", "/etc/../notes.txt")
    assert item.fields["named"] == "notes"
