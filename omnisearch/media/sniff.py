"""What a file holds, by its first bytes; its name only decides where these leave it open."""

from __future__ import annotations

from codecs import getincrementaldecoder
from pathlib import Path
from typing import Literal

from omnisearch.errors import MediaError
from omnisearch.media.source import opened

Kind = Literal["text", "image", "audio", "video", "document"]
_HEAD = 4096
_BEGINNINGS: tuple[tuple[bytes, Kind], ...] = (
    (b"%PDF-", "document"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"BM", "image"),
    (b"II*\0", "image"),
    (b"MM\0*", "image"),
    (b"\0\0\1\0", "image"),
    (b"\0\0\0\x0cjP  ", "image"),
    (b"qoif", "image"),
    (b"icns", "image"),
    (b"fLaC", "audio"),
    (b"ID3", "audio"),
    (b"\xff\xfb", "audio"),
    (b"\xff\xf3", "audio"),
    (b"\xff\xf2", "audio"),
    (b"\xff\xf1", "audio"),
    (b"\xff\xf9", "audio"),
    (b"FORM", "audio"),
    (b".snd", "audio"),
    (b"#!AMR", "audio"),
)
_INSIDE_RIFF: dict[bytes, Kind] = {b"WAVE": "audio", b"AVI ": "video", b"WEBP": "image"}
_BRANDS: dict[bytes, Kind] = {
    b"avif": "image",
    b"avis": "image",
    b"M4A ": "audio",
    b"M4B ": "audio",
}
# these hold sounds or films; only a look inside would tell, so their names are believed
_SOUND_NAMES = frozenset({".m4a", ".mka", ".oga", ".ogg", ".opus", ".spx", ".weba", ".wma"})
_EITHER = (b"OggS", b"\x1aE\xdf\xa3", b"0&\xb2u\x8ef\xcf\x11")
_NAMES: dict[str, Kind] = {".tga": "image", ".pcx": "image", ".sgi": "image", ".pdf": "document"}
_NAMES |= dict.fromkeys((".ppm", ".pgm", ".pbm", ".pnm"), "image")
_NAMES |= dict.fromkeys((".mpg", ".mpeg", ".ts", ".m2ts", ".flv"), "video")
_NAMES |= dict.fromkeys((".mp3", ".aac", ".ac3"), "audio")


def kind_of(path: str | Path) -> Kind:
    """Tell what to read a file as; what is nothing else and no UTF-8 is an error."""
    with opened(path) as file:
        head = file.read(_HEAD)
    suffix = Path(path).suffix.lower()
    found = _by_bytes(head, suffix) or _NAMES.get(suffix)
    if found is not None:
        return found
    try:
        # the last character may be cut in two
        getincrementaldecoder("utf-8")().decode(head, final=len(head) < _HEAD)
    except UnicodeDecodeError as error:
        raise MediaError(
            f"{path} is of no kind that is known: convert it, or leave it out"
        ) from error
    if b"\0" in head:
        raise MediaError(f"{path} is of no kind that is known: convert it, or leave it out")
    return "text"


def _by_bytes(head: bytes, suffix: str) -> Kind | None:
    if head[:4] in (b"RIFF", b"RF64"):
        return _INSIDE_RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        by_name: Kind = "audio" if suffix in _SOUND_NAMES else "video"
        return _BRANDS.get(head[8:12], by_name)
    if head.startswith(_EITHER):
        return "audio" if suffix in _SOUND_NAMES else "video"
    return next((kind for start, kind in _BEGINNINGS if head.startswith(start)), None)
