"""Sounds whose headers lie, whose samples are no numbers, or which never end."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from functools import cache

import numpy as np

from tests.hostile.case import Content, Outcome, Sparse, hostile
from tests.media.made import sound, tone

_KINDS = {  # by what they end in: codec and container
    "wav": ("pcm_s16le", "wav"),
    "flac": ("flac", "flac"),
    "mp3": ("libmp3lame", "mp3"),
    "ogg": ("libopus", "ogg"),
    "m4a": ("aac", "ipod"),
    "aiff": ("pcm_s16be", "aiff"),
}


@cache
def encoded(end: str) -> bytes:
    """Encode a second and a half of a tone that is as it should be."""
    rate = 48_000 if end == "ogg" else 16_000
    return sound(tone(1.5, rate), rate, *_KINDS[end])


def wav(data: bytes, rate: int, kind: int = 1, bits: int = 16, channels: int = 1) -> bytes:
    """Write a header of WAV before bytes, whatever its numbers; kind 1 holds integers, 3 floats."""
    width = channels * bits // 8
    numbers = kind, channels, rate, rate * width % 2**32, width % 2**16, bits
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, *numbers)
    body = head + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _absurd(name: str, make: Callable[[], Content], *may: Outcome) -> None:
    hostile(name, "absurd sound", *may)(make)


def _floats(*values: float) -> bytes:
    return np.resize(np.array(values, "<f4"), 16_000).tobytes()


_SECOND = np.asarray(12_000 * np.sin(np.arange(16_000) / 6), "<i2").tobytes()

for _end in _KINDS:
    hostile(f"empty.{_end}", "absurd sound", "failed")(lambda: b"")
    hostile(f"header-only.{_end}", "absurd sound", "failed")(
        lambda end=_end: encoded(end)[:40]  # type: ignore[misc]
    )
    hostile(f"half.{_end}", "absurd sound", "failed", "stored", "truncated")(
        lambda end=_end: encoded(end)[: len(encoded(end)) // 2]  # type: ignore[misc]
    )
    hostile(f"garbage-inside.{_end}", "absurd sound", "failed", "stored", "truncated")(
        lambda end=_end: (  # type: ignore[misc]
            encoded(end)[:400] + random.Random(3).randbytes(4000) + encoded(end)[4400:]
        )
    )

_absurd("4-ghz.wav", lambda: wav(_SECOND, 4_000_000_000), "failed")
_absurd("no-rate.wav", lambda: wav(_SECOND, 0), "failed")
_absurd("one-hertz.wav", lambda: wav(_SECOND, 1), "failed")
_absurd("65535-channels.wav", lambda: wav(_SECOND * 40, 16_000, channels=65_535), "failed")
_absurd("no-channels.wav", lambda: wav(_SECOND, 16_000, channels=0), "failed")
_absurd("no-bits.wav", lambda: wav(_SECOND, 16_000, bits=0), "failed", "stored")
_absurd("255-bits.wav", lambda: wav(_SECOND, 16_000, bits=255), "failed", "stored")
_absurd("65535-bits.wav", lambda: wav(_SECOND, 16_000, bits=65_535), "failed", "stored")
_absurd("unknown-kind.wav", lambda: wav(_SECOND, 16_000, kind=0x4242), "failed")
_absurd("not-a-number.wav", lambda: wav(_floats(float("nan")), 16_000, kind=3, bits=32), "failed")
_absurd(
    "infinite.wav", lambda: wav(_floats(0.1, float("inf"), 0.2), 16_000, kind=3, bits=32), "failed"
)
_absurd("too-loud.wav", lambda: wav(_floats(1e30, -1e30), 16_000, kind=3, bits=32), "failed")
_absurd("denormal.wav", lambda: wav(_floats(1e-42, -1e-42), 16_000, kind=3, bits=32), "stored")
_absurd("constant.wav", lambda: wav(_floats(0.5), 16_000, kind=3, bits=32), "stored")
_absurd("silence.wav", lambda: wav(bytes(32_000), 16_000), "stored")
_absurd("one-sample.wav", lambda: wav(b"\1\0", 16_000), "failed")
_absurd("odd-bytes.wav", lambda: wav(_SECOND[:-1], 16_000), "stored", "failed")
_absurd(
    "length-of-4-gb.wav",
    lambda: wav(_SECOND, 16_000)[:40] + b"\xff\xff\xff\xff" + _SECOND,
    "stored",
    "failed",
    "truncated",
)
_absurd(
    "length-of-nothing.wav",
    lambda: wav(_SECOND, 16_000)[:40] + bytes(4) + _SECOND,
    "failed",
    "stored",
)
_absurd(
    "silent-hour.wav",  # that says it had eighteen of them
    lambda: Sparse(wav(_SECOND, 16_000)[:40] + b"\xff\xff\xff\x7f", 115 << 20),
    "stored",
    "truncated",
)
_absurd("two-gigabytes.mp3", lambda: Sparse(encoded("mp3"), 2 << 30), "truncated")
_absurd(
    "two-gigabytes.flac", lambda: Sparse(encoded("flac"), 2 << 30), "failed", "stored", "truncated"
)


@hostile("hundred-thousand-chunks.wav", "absurd sound", "failed", "stored")
def _chunks() -> bytes:
    whole = wav(_SECOND, 16_000)
    return whole[:36] + b"junk\2\0\0\0ab" * 100_000 + whole[36:]


@hostile("chunk-of-4-gb.wav", "absurd sound", "failed")
def _chunk() -> bytes:
    whole = wav(_SECOND, 16_000)
    return whole[:36] + b"LIST\xfe\xff\xff\xff" + whole[36:]


@hostile("rate-of-a-float.aiff", "absurd sound", "failed")
def _aiff() -> bytes:
    common = struct.pack(">hIh", 1, 16_000, 16) + b"\x7f\xff\xff\xff" + bytes(6)
    data = struct.pack(">II", 0, 0) + _SECOND
    body = b"COMM" + struct.pack(">I", len(common)) + common
    body += b"SSND" + struct.pack(">I", len(data)) + data
    return b"FORM" + struct.pack(">I", 4 + len(body)) + b"AIFF" + body


@hostile("lies.au", "absurd sound", "failed", "stored", "skipped")
def _au() -> bytes:
    return b".snd" + struct.pack(">IIIII", 2**32 - 1, 2**32 - 1, 6, 2**32 - 1, 65_535) + _SECOND


@hostile("stream-info.flac", "absurd sound", "failed", "stored")
def _flac() -> bytes:
    whole = bytearray(encoded("flac"))
    whole[8:26] = b"\xff" * 18
    return bytes(whole)


@hostile("million-seek-points.flac", "absurd sound", "failed", "stored")
def _seek_points() -> bytes:
    whole = encoded("flac")
    block = b"\x03" + (0xFFFFF0).to_bytes(3, "big") + b"\xff" * 0xFFFFF0
    return whole[:4] + bytes([whole[4] & 0x7F]) + whole[5:42] + block + whole[42:]


@hostile("picture-of-4-gb.flac", "absurd sound", "failed", "stored")
def _flac_picture() -> bytes:
    whole = encoded("flac")
    picture = (
        struct.pack(">II", 3, 9) + b"image/png" + struct.pack(">I5I", 0, 9, 9, 24, 0, 2**32 - 1)
    )
    block = b"\x06" + len(picture).to_bytes(3, "big") + picture
    return whole[:4] + bytes([whole[4] & 0x7F]) + whole[5:42] + block + whole[42:]


def _id3(frames: bytes, claimed: int | None = None) -> bytes:
    size = len(frames) if claimed is None else claimed
    seven = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + seven + frames + encoded("mp3")


def _frame(name: bytes, data: bytes) -> bytes:
    return name + struct.pack(">IH", len(data), 0) + data


_absurd("tag-of-256-mb.mp3", lambda: _id3(b"", 2**28 - 1), "failed", "stored")
_absurd("tag-garbage.mp3", lambda: _id3(random.Random(4).randbytes(5000)), "failed", "stored")
_absurd(
    "title-of-20-mb.mp3",
    lambda: _id3(_frame(b"TIT2", b"\0" + b"la " * 7_000_000)),
    "stored",
    "failed",
)
_absurd("year-99999999999.mp3", lambda: _id3(_frame(b"TYER", b"\x0099999999999")), "stored")
_absurd(
    "escapes-in-title.mp3",
    lambda: _id3(_frame(b"TIT2", b"\0\x1b]0;owned\7\x1b[2J\r\n\xff")),
    "stored",
)
_absurd(
    "hundred-thousand-frames.mp3",
    lambda: _id3(_frame(b"TXXX", b"\0a\0b") * 100_000),
    "stored",
    "failed",
)
_absurd("sync-words.mp3", lambda: b"\xff\xfb\x90\x00" * 50_000, "failed", "stored", "truncated")
_absurd(
    "sync-words.aac",
    lambda: b"\xff\xf1\x50\x80\x01\x1f\xfc" * 50_000,
    "failed",
    "stored",
    "truncated",
)
_absurd("garbage.amr", lambda: b"#!AMR\n" + random.Random(5).randbytes(9000), "failed", "stored")
_absurd("garbage.wv", lambda: b"wvpk" + random.Random(6).randbytes(9000), "failed", "skipped")
_absurd("garbage.wma", lambda: b"0&\xb2u\x8ef\xcf\x11" + random.Random(7).randbytes(9000), "failed")
_absurd("garbage.mka", lambda: b"\x1aE\xdf\xa3" + random.Random(8).randbytes(9000), "failed")


@hostile("thousand-streams.ogg", "absurd sound", "failed", "stored", "truncated")
def _chained() -> bytes:
    return encoded("ogg") * 1_000


@hostile("page-numbers.ogg", "absurd sound", "failed", "stored", "truncated")
def _pages() -> bytes:
    whole = bytearray(encoded("ogg"))
    at = whole.index(b"OggS", 100)
    whole[at + 6 : at + 14] = b"\xff" * 7 + b"\x7f"
    return bytes(whole)


@hostile("comment-of-4-gb.ogg", "absurd sound", "failed", "stored")
def _comment() -> bytes:
    whole = bytearray(encoded("ogg"))
    at = whole.index(b"OpusTags") + 8
    whole[at : at + 4] = b"\xff" * 4
    return bytes(whole)


@hostile("4-billion-samples.m4a", "absurd sound", "failed", "stored")
def _sample_sizes() -> bytes:
    whole = bytearray(encoded("m4a"))
    at = whole.index(b"stsz") + 12
    whole[at : at + 4] = b"\xff" * 4
    return bytes(whole)


@hostile("ten-thousand-boxes-deep.m4a", "absurd sound", "failed")
def _deep() -> bytes:
    depth, inner = 10_000, b""
    for level in range(depth):
        inner += struct.pack(">I4s", 8 * (depth - level), b"udta")
    return encoded("m4a")[:32] + struct.pack(">I4s", 8 + len(inner), b"moov") + inner
