"""Tables of lines as they lie on the disk: plain or compressed, opened for reading."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from omnisearch.errors import InputError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_OPENERS: Mapping[str, Callable[[IO[bytes]], IO[bytes]]] = {
    ".gz": lambda file: cast(IO[bytes], gzip.GzipFile(fileobj=file, mode="rb")),
    ".bz2": lambda file: bz2.open(file, "rb"),
    ".xz": lambda file: lzma.open(file, "rb"),
}
ENDS = tuple(_OPENERS)
_FAULTS = (OSError, EOFError, zlib.error, lzma.LZMAError)
_FREE, _GROWTH = 16 << 20, 200  # bytes that may come of any file; beyond, of each byte of it
_BUFFER = 1 << 16


def ending(path: Path, texts: Sequence[str]) -> str:
    """Give what a name ends with, what it is packed by left out: `.csv` of `a.csv.gz`.

    Only tables of text may be packed, which are those with some ends.
    """
    found = path.suffix.lower()
    inner = Path(path.stem).suffix.lower()
    if found not in _OPENERS:
        return found
    if inner not in texts:
        known = ", ".join(f"{one}{found}" for one in texts)
        raise InputError(f"{path} is packed, and no table of text ({known}): unpack it first")
    return inner


def packed(path: Path) -> bool:
    """Tell whether a file is compressed by its name."""
    return path.suffix.lower() in _OPENERS


@contextmanager
def opened(path: Path, most: int | None = None) -> Iterator[IO[bytes]]:
    """Open a file and unpack it as it is read; what is no such file is an error with its name.

    What unpacks to many times its length is refused, and what unpacks to more than `most` bytes.
    """
    opener = _OPENERS.get(path.suffix.lower())
    try:
        with path.open("rb") as file:
            if opener is None:
                yield file
                return
            with opener(file) as unpacked:
                yield io.BufferedReader(_Bounded(path, file, unpacked, most), _BUFFER)
    except _FAULTS as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(f"{path} cannot be read: {why}") from error


class _Bounded(io.RawIOBase):
    """What comes of a packed file, counted."""

    def __init__(
        self, path: Path, packed: IO[bytes], unpacked: IO[bytes], most: int | None
    ) -> None:
        self._path, self._packed, self._unpacked, self._most = path, packed, unpacked, most
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        found = self._unpacked.read(len(memoryview(buffer).cast("B")))
        memoryview(buffer).cast("B")[: len(found)] = found
        self._count += len(found)
        if self._count > max(_FREE, _GROWTH * self._packed.tell()):
            told = f"more than {_GROWTH} times its length"
            raise InputError(f"{self._path} unpacks to {told}: unpack it first to have it read")
        if self._most is not None and self._count > self._most:
            told = f"more than {self._most:,} bytes"
            raise InputError(f"{self._path} unpacks to {told}: unpack it first to have it read")
        return len(found)
