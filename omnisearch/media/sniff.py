"""What a file holds, by its first bytes; its name only decides where these leave it open.

Many kinds begin with letters (BM, ID3, FORM …), as a text may. So more of the header must hold, and
what reads as words from end to end is words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from omnisearch.errors import MediaError
from omnisearch.media import words
from omnisearch.media.source import File, Stream, named, opened
from omnisearch.media.words import HEAD

Kind = Literal["text", "image", "audio", "video", "document"]


@dataclass(frozen=True, slots=True)
class Format:
    """What to read a file as, and what it is called: jpeg, mp3, matroska, text."""

    kind: Kind
    name: str


TEXT = Format("text", "text")
_Check = Callable[[bytes], bool]


def format_of(head: bytes, size: int, suffix: str = "") -> Format | None:
    """Tell the format by the first HEAD bytes, the size and the end of the name, as `.jpg`.

    None: it is nothing that is known.
    """
    encoding = words.encoding_of(head, whole=size <= len(head))
    if encoding is not None and encoding.startswith(("utf-16", "utf-32")):
        return TEXT
    found = _pdf(head, suffix) or _package(head, suffix) or _boxed(head, suffix) or _signed(head)
    if encoding is None or (found is not None and words.controls(head)):
        return found or _NAMES.get(suffix)
    return found if found == _PDF else _cut_short(head, suffix) or TEXT


def kind_of(source: File) -> Kind:
    """Tell what to read a file as; what is nothing that is known is an error."""
    with opened(source) as file:
        head = file.read(HEAD + 1)
    name = source.name if isinstance(source, Stream) else source
    suffix = "" if isinstance(name, bytes) else Path(name).suffix.lower()
    found = format_of(head[:HEAD], len(head), suffix)
    if found is None:
        fault = f"{named(source)} is of no kind that is known"
        raise MediaError(f"{fault}: convert it, or leave it out")
    return found.kind


def _number(head: bytes, at: int, length: int, order: Literal["little", "big"] = "little") -> int:
    return int.from_bytes(head[at : at + length], order)


def _any(head: bytes) -> bool:
    return True


def _bmp(head: bytes) -> bool:
    return _number(head, 14, 4) in (12, 16, 40, 52, 56, 64, 108, 124)  # lengths of its headers


def _gif(head: bytes) -> bool:
    table = 3 << (head[10] & 7) + 1 if len(head) > 10 and head[10] & 128 else 0
    begins = head[13 + table : 14 + table]
    return head[4:6] in (b"7a", b"9a") and (begins in b"!,;" or 13 + table >= len(head))


def _ico(head: bytes) -> bool:
    return _number(head, 4, 2) > 0 and head[9:10] in b"\0\xff"


def _qoi(head: bytes) -> bool:
    return head[12:13] in b"\3\4" and head[13:14] in b"\0\1"


def _pnm(head: bytes) -> bool:
    return re.match(rb"P[1-6]\s+(#[^\n]*\s+)*\d+\s+\d+\s", head) is not None


def _id3(head: bytes) -> bool:
    """Read its version, its flags, and a size of four times 7 bits."""
    tail = head[3:10]
    return (len(tail) == 7 and 2 <= tail[0] <= 4 and tail[1] < 255 and not tail[2] & 15) and max(
        tail[3:]
    ) < 128


def _au(head: bytes) -> bool:
    return _number(head, 4, 4, "big") >= 24 and 1 <= _number(head, 12, 4, "big") <= 27


def _aiff(head: bytes) -> bool:
    return head[8:12] in (b"AIFF", b"AIFC")


def _mpeg_frames(head: bytes) -> bool:
    """Read the fields of a frame of MPEG sound, layer 2 or 3; the next one begins alike."""
    if len(head) < 4 or head[1] & 0xE0 != 0xE0:
        return False
    version, layer, bits, rate = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
    sound = version != 1 and layer in (1, 2) and 0 < bits < 15 and rate != 3
    return sound and (head.find(head[:2], 4) > 0 or len(head) < 2048)


def _adts_frames(head: bytes) -> bool:
    """Read the fields of a frame of AAC; the next one stands behind it."""
    if len(head) < 7 or head[1] & 0xF6 != 0xF0 or head[2] >> 2 & 15 > 12:
        return False
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    following = head[length : length + 2]
    return length >= 7 and (len(following) < 2 or following[0] == 255)


def _ac3(head: bytes) -> bool:
    return len(head) > 5 and head[4] >> 6 != 3 and head[5] >> 3 <= 16


def _transport(head: bytes) -> bool:
    """Find the mark that begins each packet, of 188 bytes."""
    return len(head) > 188 and set(head[::188]) == {0x47}


_PDF = Format("document", "pdf")
PACKAGE = Format("document", "package")  # a zip archive: what it holds is told by its directory
PACKAGE_ENDS = frozenset(
    ".docx .docm .dotx .dotm .pptx .pptm .ppsx .ppsm .potx .potm .xlsx .xlsm .xltx .xltm "
    ".epub .odt .odp .ods".split()
)
_FIRST_MEMBERS = (
    b"[Content_Types].xml",
    b"_rels/",
    b"docProps/",
    b"word/",
    b"ppt/",
    b"xl/",
    b"mimetypeapplication/epub",
    b"mimetypeapplication/vnd.oasis.opendocument.",
)
_HEADERS: tuple[tuple[Kind, str, bytes, _Check], ...] = (
    ("image", "png", b"\x89PNG\r\n\x1a\n", _any),
    ("image", "jpeg", b"\xff\xd8\xff", _any),
    ("image", "gif", b"GIF8", _gif),
    ("image", "bmp", b"BM", _bmp),
    ("image", "tiff", b"II*\0", _any),
    ("image", "tiff", b"MM\0*", _any),
    ("image", "ico", b"\0\0\1\0", _ico),
    ("image", "jpeg2000", b"\0\0\0\x0cjP  ", _any),
    ("image", "jpeg2000", b"\xff\x4f\xff\x51", _any),
    ("image", "jpegxl", b"\0\0\0\x0cJXL ", _any),
    ("image", "jpegxl", b"\xff\x0a", _any),
    ("image", "qoi", b"qoif", _qoi),
    ("image", "icns", b"icns", _any),
    ("image", "pnm", b"P", _pnm),
    ("audio", "flac", b"fLaC", _any),
    ("audio", "mp3", b"ID3", _id3),
    ("audio", "aac", b"\xff", _adts_frames),
    ("audio", "mp3", b"\xff", _mpeg_frames),
    ("audio", "aiff", b"FORM", _aiff),
    ("audio", "au", b".snd", _au),
    ("audio", "amr", b"#!AMR", _any),
    ("audio", "caf", b"caff\0", _any),
    ("audio", "ape", b"MAC ", _any),
    ("audio", "tta", b"TTA1", _any),
    ("audio", "wavpack", b"wvpk", _any),
    ("audio", "tak", b"tBaK", _any),
    ("audio", "musepack", b"MP+", _any),
    ("audio", "musepack", b"MPCK", _any),
    ("audio", "ac3", b"\x0bw", _ac3),
    ("audio", "dts", b"\x7f\xfe\x80\x01", _any),
    ("audio", "wav", b"riff\x2e\x91\xcf\x11", _any),
    ("video", "flv", b"FLV\1", _any),
    ("video", "ivf", b"DKIF\0\0", _any),
    ("video", "mpeg", b"\0\0\1\xba", _any),
    ("video", "mpeg", b"\0\0\1\xb3", _any),
    ("video", "mpegts", b"G", _transport),
    ("video", "mxf", b"\x06\x0e+4\2\5\1\1", _any),
    ("video", "realmedia", b".RMF\0", _any),
)
_SIGNED = [(start, Format(kind, name), check) for kind, name, start, check in _HEADERS]
_INSIDE_RIFF = {
    b"WAVE": Format("audio", "wav"),
    b"AVI ": Format("video", "avi"),
    b"WEBP": Format("image", "webp"),
}
_AVIF, _HEIC = Format("image", "avif"), Format("image", "heic")
_MP4, _M4A = Format("video", "mp4"), Format("audio", "m4a")
_BRANDS = {b"avif": _AVIF, b"avis": _AVIF, b"M4A ": _M4A, b"M4B ": _M4A}
_BRANDS |= dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), _HEIC)
_PICTURES = frozenset((b"mif1", b"msf1", b"miaf"))
_FIRST_BOXES = frozenset((b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"))
# these hold sounds or films; where their beginning does not tell, their names are believed
_SOUND_NAMES = frozenset({".m4a", ".mka", ".oga", ".ogg", ".opus", ".spx", ".weba", ".wma"})
_EITHER = ((b"OggS", "ogg"), (b"\x1aE\xdf\xa3", "matroska"), (b"0&\xb2u\x8ef\xcf\x11", "asf"))
_SHOWN = re.compile(rb"\x80theora|\x01video\0|BBCD\0|V_[A-Z]")  # codecs of pictures
_HEARD = re.compile(rb"\x01vorbis|OpusHead|\x7fFLAC|Speex   ")  # of sounds, in Ogg


def _pdf(head: bytes, suffix: str) -> Format | None:
    """Find its first line; what is called so may have something before it."""
    if re.match(rb"%PDF-\d\.\d[^A-Za-z\r\n]*[\r\n]", head):
        return _PDF
    return _PDF if suffix == ".pdf" and b"%PDF-" in head[:1024] else None


def _package(head: bytes, suffix: str) -> Format | None:
    """Tell an archive that may be a document, by its first member or by its name."""
    if not head.startswith(b"PK\3\4"):
        return None
    known = suffix in PACKAGE_ENDS or head[30:80].startswith(_FIRST_MEMBERS)
    return PACKAGE if known else None


def _cut_short(head: bytes, suffix: str) -> Format | None:
    """Believe a name where all that there is begins as such files do."""
    form = _NAMES.get(suffix)
    for start, known, check in _SIGNED:
        if known == form and head.startswith(start) and (len(start) > 1 or check(head)):
            return form
    return None


def _signed(head: bytes) -> Format | None:
    return next(
        (form for start, form, check in _SIGNED if head.startswith(start) and check(head)), None
    )


def _boxed(head: bytes, suffix: str) -> Format | None:
    """Tell what is in containers of several kinds."""
    if head[:4] in (b"RIFF", b"RF64"):
        return _INSIDE_RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _branded(head, suffix)
    if head[4:8] in _FIRST_BOXES and _number(head, 0, 4, "big") >= 8:
        return _MP4
    for start, name in _EITHER:
        if head.startswith(start):
            sounds = suffix in _SOUND_NAMES or (_HEARD.search(head) and name == "ogg")
            return Format("audio" if sounds and not _SHOWN.search(head) else "video", name)
    return None


def _branded(head: bytes, suffix: str) -> Format:
    """Tell a container of MPEG-4 by what it says of itself: a picture, a sound, else a film."""
    length = min(_number(head, 0, 4, "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, length, 4))]
    known = brands[0] in _BRANDS
    if brands[0] in _PICTURES or (not known and not _PICTURES.isdisjoint(brands)):
        return _AVIF if b"avif" in brands else _HEIC  # any picture; the others tell which
    return _BRANDS.get(brands[0], _M4A if suffix in _SOUND_NAMES else _MP4)


_ENDS: tuple[tuple[Kind, str, str], ...] = (
    ("document", "pdf", ".pdf"),
    ("document", "docx", ".docx .docm .dotx .dotm"),
    ("document", "pptx", ".pptx .pptm .ppsx .ppsm .potx .potm"),
    ("document", "xlsx", ".xlsx .xlsm .xltx .xltm"),
    ("document", "epub", ".epub"),
    *(("document", end[1:], end) for end in (".odt", ".odp", ".ods")),
    ("image", "jpeg", ".jpg .jpeg .jpe"),
    ("image", "png", ".png"),
    ("image", "gif", ".gif"),
    ("image", "bmp", ".bmp .dib"),
    ("image", "tiff", ".tif .tiff"),
    ("image", "webp", ".webp"),
    ("image", "heic", ".heic .heif .hif"),
    ("image", "pnm", ".ppm .pgm .pbm .pnm"),
    *(("image", end[1:], end) for end in (".avif", ".tga", ".pcx", ".sgi")),
    ("audio", "mp3", ".mp3"),
    ("audio", "aac", ".aac"),
    ("audio", "ac3", ".ac3"),
    ("audio", "wav", ".wav"),
    ("audio", "flac", ".flac"),
    ("audio", "aiff", ".aif .aiff .aifc"),
    ("audio", "au", ".au .snd"),
    ("audio", "amr", ".amr"),
    ("audio", "m4a", ".m4a"),
    ("audio", "ogg", ".ogg .oga .opus"),
    ("video", "mp4", ".mp4 .m4v .mov"),
    ("video", "matroska", ".mkv .webm"),
    ("video", "avi", ".avi"),
    ("video", "mpeg", ".mpg .mpeg"),
    ("video", "mpegts", ".ts .m2ts"),
    ("video", "flv", ".flv"),
)
_NAMES = {end: Format(kind, name) for kind, name, ends in _ENDS for end in ends.split()}
