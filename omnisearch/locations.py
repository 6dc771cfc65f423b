"""Where files are: a root that the user named, and a path below it whose bytes stay as they are.

A path is bytes because names on disk are: `é` in its two forms of Unicode, or no Unicode at all.
"""

from __future__ import annotations

import os
import re
import string
from dataclasses import dataclass
from typing import Literal, NamedTuple
from urllib.parse import quote_from_bytes, unquote_to_bytes

from omnisearch.errors import InputError

_PLAIN = string.ascii_letters.encode() + string.digits.encode() + b"-._~/"
# Controls (C0, DEL, C1), marks that change the direction of text, line ends, lone surrogates.
_OBEYED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


@dataclass(frozen=True, slots=True)
class Root:
    """A folder or a single file that the user named; `device` is where it was then."""

    number: int
    path: bytes
    device: int
    kind: Literal["folder", "file"]


class Location(NamedTuple):
    """A file below a root; the path of a root that is itself a file is empty."""

    root: int
    path: bytes

    def __str__(self) -> str:
        return f"{self.root}:{encode(self.path)}"

    @classmethod
    def parse(cls, text: str) -> Location:
        """Read what `str` wrote; anything else is a ValueError."""
        number, colon, path = text.partition(":")
        if not (colon and number.isascii() and number.isdigit() and str(int(number)) == number):
            raise ValueError(f"{text!r} is no location: it has the form 0:folder/file")
        return cls(int(number), decode(path))


def encode(path: bytes) -> str:
    """Write the bytes of a path as ASCII: letters, digits, `-._~/`, the rest as `%XX`."""
    if not path.translate(None, _PLAIN):  # most paths, and there may be a million
        return path.decode("ascii")
    return quote_from_bytes(path, safe="/")


def decode(text: str) -> bytes:
    """Read what `encode` wrote; anything else is a ValueError, so a path is written in one way."""
    path = unquote_to_bytes(text) if "%" in text else text.encode()
    if encode(path) != text:
        raise ValueError(f"{text!r} is not how a path is written")
    return path


def joined(root_path: bytes, path: bytes) -> bytes:
    """Give the absolute path of a file below a root."""
    return root_path.rstrip(b"/") + b"/" + path if path else root_path


def uri(root_path: bytes, path: bytes) -> str:
    """Give the absolute `file://` URI of a file below a root."""
    return f"file://{encode(joined(root_path, path))}"


def text_of(path: bytes) -> str:
    """Give a path as text; bytes that are no UTF-8 as hexadecimal."""
    return path.decode("utf-8", "backslashreplace")


def shown(path: bytes) -> str:
    """Give a path as text for messages: on one line, and harmless to a terminal."""
    return plain(text_of(path))


def plain(text: str) -> str:
    r"""Write what a terminal would obey, line ends too, as `\u001b`: a name may hold anything."""
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def given(path: str | bytes | os.PathLike[str] | os.PathLike[bytes]) -> bytes:
    """Give the bytes of a path as the user wrote it."""
    raw = os.fsencode(path)
    if not raw or b"\0" in raw:
        raise InputError(f"{raw!r} is no path: a path has characters, and no NUL")
    return raw
