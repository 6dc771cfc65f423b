"""What a cell holds: words, the bytes of a medium, or the path of one."""

from __future__ import annotations

import base64
import binascii
import io
import re
import wave
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import numpy as np

from omnisearch.errors import InputError
from omnisearch.ingest.opening import HEAD_BYTES
from omnisearch.ingest.tables.lines import RowError
from omnisearch.locations import given
from omnisearch.media.sniff import format_of
from omnisearch.values import short

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{32,}={0,2}")
_PATH_MAX = 4_096
_MOST_RATE = 768_000


@dataclass(frozen=True, slots=True)
class Medium:
    """One medium of a cell: bytes that are there, or a path; `name` is what the file is called."""

    source: bytes  # itself, or the path of it
    there: bool
    name: str = ""


def words_of(column: str, value: object) -> str:
    """Give the words of a cell: numbers are written out, lists are lines."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, list | tuple):
        return "\n".join(filter(None, (words_of(column, one) for one in value)))
    raise RowError(column, f"{short(value)} is a {type(value).__name__}, not a text")


def media_of(column: str, value: Any) -> Iterator[Medium]:  # noqa: ANN401
    """Give the media of a cell: of a list each, of nothing none."""
    if value is None or (isinstance(value, str | bytes | list | tuple) and not value):
        return
    if isinstance(value, list | tuple):
        for one in value:
            yield from media_of(column, one)
    elif isinstance(value, bytes | bytearray | memoryview):
        yield Medium(bytes(value), there=True)
    elif isinstance(value, str):
        yield _of_text(column, value)
    elif isinstance(value, PurePath):
        yield _of_path(column, str(value))
    elif isinstance(value, Mapping):
        yield from _of_struct(column, value)
    elif callable(getattr(value, "save", None)) and hasattr(value, "size"):
        yield _of_picture(value)
    else:
        kind = type(value).__name__
        raise RowError(column, f"a {kind} is no medium: give bytes, a path, or bytes and path")


def _of_text(column: str, text: str) -> Medium:
    if text.startswith("data:"):
        return _of_data(column, text)
    if _SCHEME.match(text) or text.startswith("file:"):
        parts = urlsplit(text) if text.startswith("file:") else None
        if parts is None or parts.netloc not in ("", "localhost"):
            fault = f"{short(text)} is an address, and nothing is fetched"
            raise RowError(column, f"{fault}: download it and give its path")
        return _of_path(column, unquote_to_bytes(parts.path))
    packed = _of_base64(text)
    return _of_path(column, text) if packed is None else packed


def _of_data(column: str, text: str) -> Medium:
    head, comma, rest = text.partition(",")
    try:
        if not comma:
            raise ValueError("it has no comma")
        if not head.endswith(";base64"):
            return Medium(unquote_to_bytes(rest), there=True)
        return Medium(base64.b64decode("".join(rest.split()), validate=True), there=True)
    except (ValueError, binascii.Error) as error:
        raise RowError(column, f"{short(text)} is no data: URI ({error})") from error


def _of_base64(text: str) -> Medium | None:
    """Read bytes written as base64, if they are those of something known: paths look alike."""
    plain = "".join(text.split()) if len(text) > _PATH_MAX else text
    if len(plain) % 4 or not _BASE64.fullmatch(plain):
        return None
    found = base64.b64decode(plain)
    kind = format_of(found[:HEAD_BYTES], len(found))
    return None if kind is None or kind.kind == "text" else Medium(found, there=True)


def _of_path(column: str, path: str | bytes) -> Medium:
    try:
        raw = given(path)
    except (InputError, UnicodeEncodeError) as error:
        raise RowError(column, f"{short(path)} is no path") from error
    if len(raw) > _PATH_MAX:
        raise RowError(column, f"{short(path)} is neither a path nor what a file holds as base64")
    return Medium(raw, there=False, name=raw.rpartition(b"/")[2].decode("utf-8", "replace"))


def _of_struct(column: str, value: Mapping[str, Any]) -> Iterator[Medium]:
    """Read what `datasets` has for pictures and sounds: bytes, a path, or samples."""
    content, path = value.get("bytes"), value.get("path")
    name = path.rpartition("/")[2] if isinstance(path, str) else ""
    if content is not None:
        for medium in media_of(column, content):
            yield Medium(medium.source, medium.there, name or medium.name)
    elif value.get("array") is not None:
        yield _of_samples(column, value["array"], value.get("sampling_rate"))
    elif path is not None:
        yield from media_of(column, path)
    elif not {"bytes", "path", "array"} & value.keys():
        raise RowError(column, f"an object with {', '.join(map(str, value))}: bytes or path belong")


def _of_samples(column: str, array: Any, rate: object) -> Medium:  # noqa: ANN401
    """Write samples as a sound, so that they take the way of all others."""
    samples = np.atleast_2d(np.asarray(array, np.float32))
    if not isinstance(rate, int) or not 0 < rate <= _MOST_RATE or samples.ndim != 2:
        raise RowError(column, f"an array of shape {samples.shape} at {rate!r} Hz is no sound")
    if samples.shape[0] > samples.shape[1]:
        samples = samples.T  # samples before channels
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(samples.shape[0])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples.T.clip(-1, 1) * 32_767).astype("<i2").tobytes())
    return Medium(out.getvalue(), there=True, name="sound.wav")


def _of_picture(picture: Any) -> Medium:  # noqa: ANN401
    """Write a picture of PIL losslessly, so that it takes the way of all others."""
    out = io.BytesIO()
    plain = picture if picture.mode in ("1", "L", "LA", "P", "RGB", "RGBA") else None
    (picture.convert("RGB") if plain is None else plain).save(out, "PNG")
    return Medium(out.getvalue(), there=True, name="picture.png")
