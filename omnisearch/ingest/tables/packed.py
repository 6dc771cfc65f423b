"""Tables of lines as they lie on the disk: plain or compressed, opened for reading."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from omnisearch.errors import InputError

_OPENERS: Mapping[str, Callable[[Path], IO[bytes]]] = {
    ".gz": lambda path: cast(IO[bytes], gzip.open(path, "rb")),
    ".bz2": lambda path: bz2.open(path, "rb"),
    ".xz": lambda path: lzma.open(path, "rb"),
}
ENDS = tuple(_OPENERS)
_FAULTS = (OSError, EOFError, zlib.error, lzma.LZMAError)


def ending(path: Path) -> str:
    """Give what a name ends with, what it is packed by left out: `.csv` of `a.csv.gz`."""
    found = path.suffix.lower()
    return Path(path.stem).suffix.lower() if found in _OPENERS else found


def packed(path: Path) -> bool:
    """Tell whether a file is compressed by its name."""
    return path.suffix.lower() in _OPENERS


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file and unpack it as it is read; what is no such file is an error with its name."""
    opener = _OPENERS.get(path.suffix.lower())
    try:
        with path.open("rb") if opener is None else opener(path) as file:
            yield file
    except _FAULTS as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(f"{path} cannot be read: {why}") from error
