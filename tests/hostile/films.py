"""Films of absurd sizes, rates and lengths, codecs that are not read, and playlists under any name.

A playlist asks its reader to open other files or addresses: nobody may.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from functools import cache

from tests.hostile.case import Bait, Content, Outcome, Sparse, hostile, luring
from tests.media.made import Shot, film


@cache
def encoded(end: str) -> bytes:
    """Encode two seconds of a film that is as it should be."""
    codec = {"webm": "libvpx", "mkv": "mpeg4", "avi": "mpeg4", "mp4": "mpeg4", "mov": "mpeg4"}[end]
    kind = {"mkv": "matroska"}.get(end, end)
    return film(Shot(frames=20, codec=codec, kind=kind, sound_s=0 if end == "webm" else 1.0))


def patched(end: str, mark: bytes, skip: int, value: bytes) -> bytes:
    """Overwrite what comes so many bytes after the beginning of a mark, wherever it occurs."""
    whole, at = bytearray(encoded(end)), -1
    if mark not in whole:
        raise ValueError(f"no {mark!r} in a film of {end}")
    while (at := whole.find(mark, at + 1)) >= 0:
        whole[at + skip : at + skip + len(value)] = value
    return bytes(whole)


def _absurd(name: str, make: Callable[[], Content], *may: Outcome) -> None:
    hostile(name, "absurd film", *may)(make)


_ENDS = ("mp4", "webm", "mkv", "avi", "mov")
for _end in _ENDS:
    hostile(f"empty.{_end}", "absurd film", "failed")(lambda: b"")
    hostile(f"header-only.{_end}", "absurd film", "failed")(
        lambda end=_end: encoded(end)[:40]  # type: ignore[misc]
    )
    hostile(f"half.{_end}", "absurd film", "failed", "stored", "truncated")(
        lambda end=_end: encoded(end)[: len(encoded(end)) // 2]  # type: ignore[misc]
    )
    hostile(f"garbage-inside.{_end}", "absurd film", "failed", "stored", "truncated")(
        lambda end=_end: (  # type: ignore[misc]
            encoded(end)[:700] + random.Random(9).randbytes(3000) + encoded(end)[3700:]
        )
    )

_ALL: tuple[Outcome, ...] = ("failed", "stored", "truncated")
_absurd("65535-wide.mp4", lambda: patched("mp4", b"mp4v", 28, b"\xff\xff\xff\xff"), *_ALL)
_absurd(
    "65535-wide.avi", lambda: patched("avi", b"strf", 12, struct.pack("<II", 65_535, 65_535)), *_ALL
)
_absurd(
    "billion-frames-a-second.avi",
    lambda: patched("avi", b"vids", 20, struct.pack("<II", 1, 10**9)),
    *_ALL,
)
_absurd("no-frames-a-second.avi", lambda: patched("avi", b"vids", 20, bytes(8)), *_ALL)
_absurd("timescale-of-nothing.mp4", lambda: patched("mp4", b"mdhd", 16, bytes(4)), *_ALL)
_absurd("timescale-of-4-billion.mp4", lambda: patched("mp4", b"mdhd", 16, b"\xff" * 4), *_ALL)
_absurd("thousand-hours.mp4", lambda: patched("mp4", b"mvhd", 20, b"\x7f\xff\xff\xff"), *_ALL)
_absurd("frames-of-68-years.mp4", lambda: patched("mp4", b"stts", 12, b"\x7f\xff\xff\xff"), *_ALL)
_absurd("4-billion-times.mp4", lambda: patched("mp4", b"stts", 8, b"\xff" * 4), *_ALL)
_absurd("4-billion-sizes.mp4", lambda: patched("mp4", b"stsz", 12, b"\xff" * 4), *_ALL)
_absurd("samples-of-4-gb.mp4", lambda: patched("mp4", b"stsz", 8, b"\xff" * 4), *_ALL)
_absurd("samples-nowhere.mp4", lambda: patched("mp4", b"stco", 12, b"\xff" * 4), *_ALL)
_absurd("chunks-of-nothing.mp4", lambda: patched("mp4", b"stsc", 8, bytes(16)), *_ALL)
_absurd("box-of-nothing.mp4", lambda: patched("mp4", b"moov", -4, bytes(4)), *_ALL)
_absurd(
    "box-longer-than-the-file.mp4", lambda: patched("mp4", b"moov", -4, b"\x7f\xff\xff\xff"), *_ALL
)
_absurd("no-index.mp4", lambda: patched("mp4", b"moov", 0, b"free"), *_ALL)
_absurd("no-data.mp4", lambda: encoded("mp4").replace(b"mdat", b"free"), *_ALL)
_absurd("edits-before-the-beginning.mp4", lambda: patched("mp4", b"elst", 12, b"\xff" * 8), *_ALL)
_absurd("turned-by-nothing.mp4", lambda: patched("mp4", b"tkhd", 44, bytes(36)), *_ALL)
_absurd("five-gigabytes.mp4", lambda: Sparse(encoded("mp4"), 5 << 30), *_ALL)
_absurd("two-gigabytes.mkv", lambda: Sparse(encoded("mkv"), 2 << 30), *_ALL)
_absurd(
    "nothing-but-packets.ts",
    lambda: b"G\x1f\xff\x10".ljust(188, b"\xff") * 20_000,
    "failed",
    "skipped",
)
_absurd(
    "nothing-but-starts.mpg",
    lambda: b"\0\0\1\xba\x44" + b"\0\0\1\xe0\0\0" * 100_000,
    "failed",
    "skipped",
)
_absurd(
    "endless-element.webm",
    lambda: encoded("webm")[:60] + b"\x01" + b"\xff" * 7 + bytes(900),
    "failed",
)
_absurd(
    "elements-in-elements.mkv",
    lambda: encoded("mkv")[:60] + b"\x1f\x43\xb6\x75\x01\xff" * 30_000,
    "failed",
    "stored",
)
_absurd(
    "thousand-hours.webm",
    lambda: patched("webm", b"\x44\x89\x88", 3, struct.pack(">d", 3.6e15)),
    *_ALL,
)
_absurd(
    "no-number-of-hours.webm",
    lambda: patched("webm", b"\x44\x89\x88", 3, struct.pack(">d", float("nan"))),
    *_ALL,
)
_absurd(
    "garbage.flv",
    lambda: b"FLV\1\5\0\0\0\t" + random.Random(10).randbytes(9000),
    "failed",
    "skipped",
)
_absurd(
    "garbage.wmv",
    lambda: b"0&\xb2u\x8ef\xcf\x11" + random.Random(11).randbytes(9000),
    "failed",
    "skipped",
)


@hostile("cluster-of-times.mp4", "absurd film", "failed", "stored", "truncated")
def _wild_times() -> bytes:
    return film(Shot(frames=4, times_ms=(0, 1, 2**31, 2**31 + 1)))


for _code in (b"MAGY", b"M8RG", b"FPS1", b"VP6A", b"ULRA", b"CFHD", b"TSC2", b"G2M4"):
    hostile(f"codec-{_code.decode().lower()}.avi", "odd codec", "failed")(
        lambda code=_code: encoded("avi").replace(b"FMP4", code).replace(b"fmp4", code)  # type: ignore[misc]
    )


def _lists(bait: Bait) -> dict[str, bytes]:
    """Give playlists of every kind, each naming the canary and the port."""
    file, net = f"file://{bait.canary}", f"http://127.0.0.1:{bait.port}/x.ts"
    hls = (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{file}\n#EXTINF:1,\n{net}\n#EXT-X-ENDLIST\n"
    )
    dash = (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        f'mediaPresentationDuration="PT9S"><BaseURL>{net}</BaseURL><Period><AdaptationSet '
        'mimeType="video/mp4"><Representation id="1" bandwidth="9"><BaseURL>'
        f"{file}</BaseURL><SegmentBase/></Representation></AdaptationSet></Period></MPD>"
    )
    sdp = f"v=0\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {bait.port} RTP/AVP 96\n"
    concat = f"ffconcat version 1.0\nfile '{bait.canary}'\nfile '{net}'\n"
    asx = f'<asx version="3.0"><entry><ref href="{net}"/><ref href="{file}"/></entry></asx>'
    key = f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{file}"\n#EXTINF:1,\n{net}\n'
    part = f"subfile,,start,0,end,9,,:{bait.canary}"
    joined = f"#EXTM3U\n#EXTINF:1,\nconcat:{bait.canary}|{bait.canary}\n#EXTINF:1,\n{part}\n"
    texts = {
        "hls": hls,
        "dash": dash,
        "sdp": sdp,
        "concat": concat,
        "asx": asx,
        "key": key,
        "join": joined,
    }
    return {name: text.encode() for name, text in texts.items()}


for _list in ("hls", "dash", "sdp", "concat", "asx", "key", "join"):
    for _end in ("mp4", "avi", "mp3", "ts") if _list == "hls" else ("mp4", "wav"):
        luring(f"playlist-{_list}.{_end}", "playlist", "failed", "stored")(
            lambda bait, name=_list: _lists(bait)[name]  # type: ignore[misc]
        )
for _list, _end in (("hls", "m3u8"), ("dash", "mpd"), ("sdp", "sdp"), ("concat", "ffconcat")):
    luring(f"playlist.{_end}", "playlist", "skipped", "stored")(
        lambda bait, name=_list: _lists(bait)[name]  # type: ignore[misc]
    )


@luring("sound-elsewhere.mov", "playlist", "failed", "stored", "truncated")
def _data_reference(bait: Bait) -> bytes:
    """A film whose samples lie in another file, as QuickTime allows."""
    whole = encoded("mov")
    at = whole.index(b"dref")
    (size,) = struct.unpack(">I", whole[at - 4 : at])
    kind = whole[at + 16 : at + 20]
    other = whole.replace(kind + b"\0\0\0\1", kind + b"\0\0\0\0")
    name = f"file://{bait.canary}\0".encode()[: size - 28]
    return other[: at + 24] + name + other[at + 24 + len(name) :]


@luring("subtitles-elsewhere.avi", "playlist", "failed", "stored", "truncated")
def _subtitles(bait: Bait) -> bytes:
    """A list of streams that hides a playlist as subtitles (GAB2)."""
    inside = b"GAB2\0\2\0" + bytes(10) + _lists(bait)["hls"]
    return encoded("avi") + b"LIST" + struct.pack("<I", len(inside) + 4) + b"movi" + inside


@luring("a-song-and-a-playlist.mp3", "playlist", "failed", "stored")
def _tag_before(bait: Bait) -> bytes:
    return b"ID3\3\0\0\0\0\0\0" + _lists(bait)["hls"]
