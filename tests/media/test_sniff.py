"""What a file holds, by its bytes."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import pytest
from PIL import Image

from omnisearch.encoder import canaries
from omnisearch.encoder.parts import Audio, Document, Text, Video
from omnisearch.encoder.sources import part_of
from omnisearch.errors import MediaError
from omnisearch.media.sniff import Format, format_of, kind_of
from tests.media import made


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
    page = canaries.inputs()["document"].parts[0]
    assert isinstance(page, Document) and isinstance(page.source, bytes)
    found = part_of(put(tmp_path, "a.txt", page.source))
    assert isinstance(found, Document)
    assert isinstance(part_of(page.source), Document)


@pytest.mark.parametrize(
    ("kind", "codec"), [("mp4", "aac"), ("webm", "libopus"), ("matroska", "pcm_s16le")]
)
def test_a_recorded_voice_is_no_film(kind: str, codec: str, tmp_path: Path) -> None:
    heard = made.sound(made.tone(1, 16_000), 16_000, codec, kind)
    assert isinstance(part_of(put(tmp_path, "voice.mp4", heard)), Audio)
    assert isinstance(part_of(heard), Audio)
    shown = made.film(made.Shot(frames=8, sound_s=0.8))
    for content in (shown, shown[: len(shown) // 2]):
        assert isinstance(part_of(put(tmp_path, "film.mp4", content)), Video)


@pytest.mark.parametrize(
    ("name", "head", "kind", "called"),
    [
        ("a.mp4", b"\0\0\0\x18ftypisom", "video", "mp4"),
        ("a.m4a", b"\0\0\0\x18ftypisom", "audio", "m4a"),
        ("a.mp4", b"\0\0\0\x18ftypM4A ", "audio", "m4a"),
        ("a.mov", b"\0\0\0\x08wide\0\0\0\0mdat", "video", "mp4"),
        ("a.avif", b"\0\0\0\x18ftypavif", "image", "avif"),
        ("a.avif", b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "image", "avif"),
        ("a.heic", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "image", "heic"),
        ("a.webm", b"\x1aE\xdf\xa3", "video", "matroska"),
        ("a.mka", b"\x1aE\xdf\xa3", "audio", "matroska"),
        ("a.mka", b"\x1aE\xdf\xa3 \x86\x85V_VP8", "video", "matroska"),
        ("a.ogg", b"OggS\0\2", "audio", "ogg"),
        ("a.ogv", b"OggS\0\2", "video", "ogg"),
        ("a", b"OggS\0\2" + bytes(22) + b"OpusHead", "audio", "ogg"),
        ("a.ogg", b"OggS\0\2" + bytes(22) + b"\x80theora", "video", "ogg"),
        ("a.avi", b"RIFF\0\0\0\0AVI ", "video", "avi"),
        ("a", b"fLaC\0\0\0\x22", "audio", "flac"),
        ("a.flac", b"fLaC", "audio", "flac"),
        ("a.bin", b"ID3\4\0\0\0\0\x0fv", "audio", "mp3"),
        ("a", b"\xff\xfb\x90\x64" + bytes(413) + b"\xff\xfb\x90\x64", "audio", "mp3"),
        ("a", b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(9) + b"\xff\xf1", "audio", "aac"),
        ("a", b"FORM\0\0\1\0AIFFCOMM", "audio", "aiff"),
        ("a", b".snd\0\0\0\x18\xff\xff\xff\xff\0\0\0\3", "audio", "au"),
        ("a.mp3", b"\0\0\0\0", "audio", "mp3"),
        ("a.ppm", b"P6 1 1 255 \0\0\0", "image", "pnm"),
        ("a.ppm", b"P3 1 1 255 9 9 9", "image", "pnm"),
        ("a", b"G" + bytes(187) + b"G" + bytes(187) + b"G", "video", "mpegts"),
        ("a", b"\0\0\1\xbaD\0\4", "video", "mpeg"),
        ("a.gif", b"GIF89a", "image", "gif"),
        ("a.pdf", b"\x00junk%PDF-1.7\n", "document", "pdf"),
        ("a", b"%PDF-1.7\r%\xe2\xe3\xcf\xd3\r\n1 0 obj", "document", "pdf"),
    ],
)
def test_beginnings_are_known(
    name: str, head: bytes, kind: str, called: str, tmp_path: Path
) -> None:
    assert kind_of(put(tmp_path, name, head)) == kind
    assert format_of(head, len(head), Path(name).suffix) == Format(kind, called)


@pytest.mark.parametrize(
    "text",
    [
        "BM is short for benchmark.",
        "BMW and Audi build cars.\n",
        "FORM FOLLOWS FUNCTION, said an architect.",
        "ID3 is how a song tells its title.",
        "ID3v2 tags",
        "GIF89a is older than PNG.",
        "GIF8 what?",
        "GIF87a",
        "RIFF and WAVE are words",
        "fLaC is the beginning of a song",
        "OggS, what is that?",
        "MAC addresses of this house",
        "MP+ is a format",
        "icns holds icons",
        "qoif is quite OK",
        "P3 1 1 is a small picture",
        ".sndrc has settings of sound",
        "wild ftypes",
        "%PDF-1.4 is how a page begins",
        "Go on\n",
    ],
)
@pytest.mark.parametrize("name", ["a", "a.txt", "a.ts"])
def test_words_that_begin_as_media_do_are_words(text: str, name: str, tmp_path: Path) -> None:
    found = part_of(put(tmp_path, name, text.encode()))
    assert isinstance(found, Text) and found.text == text


@pytest.mark.parametrize(
    ("head", "why"),
    [
        (b"BM\0\0\0\0\0\0\0\0\0\0\0\0\x29\0\0\0", "no header of a bitmap has 41 bytes"),
        (b"ID3\xff\0\0\0\0\0\0\0", "no version 255"),
        (b"ID3\3\0\0\xff\xff\xff\xff\0", "a size has 7 bits in each byte"),
        (b"FORM\0\0\0\0ILBM", "another kind of chunks"),
        (b"GIF88a\0\0\0\0", "no version 88a"),
        (b"GIF89a\1\0\1\0\0\0\0\0\0\0", "nothing of it begins behind the header"),
        (b"\xff\xfb\xf0\0" + bytes(9), "a bit rate that there is not"),
        (b"\xff\xfb\x90\x64" + bytes(4092), "no second frame"),
        (b".snd\0\0\0\1\0\0\0\0\0\0\0\3", "a header of one byte"),
        (b"G" + bytes(187) + b"H" + bytes(99), "no packet behind the first"),
    ],
)
def test_headers_that_cannot_be_are_nothing_known(head: bytes, why: str) -> None:
    assert format_of(head, len(head)) is None, why


def test_words_are_read_as_unicode(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        found = part_of(put(tmp_path, "a.md", "Café 東京\n".encode(encoding)))
        assert isinstance(found, Text) and found.text == "Café 東京\n", encoding
    for encoding in ("utf-16-le", "utf-16-be"):
        found = part_of(put(tmp_path, "a.md", "Café at the corner\r\n".encode(encoding)))
        assert isinstance(found, Text) and found.text == "Café at the corner\r\n", encoding
    cut = "é".encode() * 4_000  # the beginning ends inside of a character
    assert kind_of(put(tmp_path, "b.txt", b"a" + cut)) == "text"
    coloured = b"\x1b[31mred\x1b[0m"
    assert kind_of(put(tmp_path, "b.log", coloured)) == "text"


def test_a_long_text_is_read_as_far_as_is_asked(tmp_path: Path) -> None:
    long = put(tmp_path, "a.txt", ("ä" * 99 + "\n").encode() * 20_000 + b"\xff")
    found = part_of(long, characters=150)
    assert isinstance(found, Text) and found.text == "ä" * 99 + "\n" + "ä" * 50
    with pytest.raises(MediaError, match=r"a\.txt is text, but no UTF-8 at byte 3,980,000"):
        part_of(long)
    assert isinstance(part_of(b"abc", characters=2), Text)


def test_what_is_nothing_of_that_says_so(tmp_path: Path) -> None:
    for content in (b"\x80\x81\x82", b"text with\0zeros", b"\xff\xfe\0\xd8\0\xd8", bytes(9)):
        with pytest.raises(MediaError, match="is of no kind that is known: convert it"):
            kind_of(put(tmp_path, "a", content))
    with pytest.raises(MediaError, match=r"a is text, but no UTF-8 at byte 8,000: convert it"):
        part_of(put(tmp_path, "a", b"a" * 8_000 + b"\xff"))
    with pytest.raises(MediaError, match="is empty"):
        kind_of(put(tmp_path, "a", b""))


def test_words_in_another_encoding_are_told_how_to_be_converted(tmp_path: Path) -> None:
    russian = "Красный велосипед стоит перед белой стеной"
    for content, place in (
        ("Ein Café in Köln".encode("latin-1"), 7),
        (russian.encode("cp1251") * 2, 0),
        ("BMW für alle".encode("latin-1"), 5),
    ):
        with pytest.raises(MediaError, match=f"is text, but no UTF-8 at byte {place}") as raised:
            part_of(put(tmp_path, "a.txt", content))
        assert "`iconv -f WINDOWS-1252 -t UTF-8`" in str(raised.value)
    with pytest.raises(MediaError, match="is text in UTF-16, but damaged at byte 8,002: copy it"):
        part_of(put(tmp_path, "a.txt", b"\xff\xfe" + b"a\0" * 4_000 + b"\0\xdc"))
