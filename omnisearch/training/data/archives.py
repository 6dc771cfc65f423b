"""Reading packages as they were downloaded: wheels, npm archives and Debian packages.

Links are left out: in clip-art collections they repeat what is there under another name.
"""

from __future__ import annotations

import errno
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from omnisearch.training.lab import LabStorageError

LARGEST = 512 << 20  # bytes of one file; the largest that is read, a sound font, has 142 MiB
_AR_MAGIC, _AR_HEADER = b"!<arch>\n", 60
_DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    EOFError,
    lzma.LZMAError,
    zlib.error,
    ValueError,
    RuntimeError,  # a file in a wheel is encrypted, or packed in a way that zipfile does not know
)
_OF_DAMAGE = (None, errno.EINVAL)  # bz2 gives no number, and a wheel may point before its begin


def members(
    archive: Path, wanted: Callable[[str], bool] = lambda name: True, largest: int = LARGEST
) -> Iterator[tuple[str, bytes]]:
    """Give the names and contents of the files that are wanted, in the archive's order.

    One that unpacks to more than `largest` bytes is damage, and is not unpacked.
    """
    try:
        if archive.suffix in (".whl", ".zip"):
            yield from _zipped(archive, wanted, largest)
        elif archive.suffix == ".deb":
            yield from _tarred(io.BytesIO(_data_of_deb(archive)), wanted, largest)
        else:
            with archive.open("rb") as stream:
                yield from _tarred(stream, wanted, largest)
    except _DAMAGE as error:
        raise _damaged(archive, error) from error
    except OSError as error:
        if error.errno not in _OF_DAMAGE:
            raise
        raise _damaged(archive, error) from error


def _damaged(archive: Path, error: Exception) -> LabStorageError:
    remedy = "remove it, if it is still there, and run the stage again"
    return LabStorageError(f"{archive} is damaged ({error}): {remedy}")


def member(archive: Path, name: str, largest: int = LARGEST) -> bytes:
    """Give one file of an archive."""
    for _, content in members(archive, name.__eq__, largest):
        return content
    raise LabStorageError(f"{archive} holds no {name}: it is not the version that was asked for")


def _zipped(
    archive: Path, wanted: Callable[[str], bool], largest: int
) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(archive) as file:
        for entry in file.infolist():
            if not entry.is_dir() and wanted(entry.filename):
                _bound(entry.filename, entry.file_size, largest)
                yield entry.filename, file.read(entry)


def _tarred(
    stream: io.BufferedIOBase, wanted: Callable[[str], bool], largest: int
) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=stream, mode="r|*") as file:
        for entry in file:
            name = entry.name.removeprefix("./")
            if entry.isfile() and wanted(name):
                _bound(name, entry.size, largest)
                content = file.extractfile(entry)
                assert content is not None
                yield name, content.read()


def _bound(name: str, size: int, largest: int) -> None:
    if size > largest:
        raise ValueError(f"{name} unpacks to {size:,} bytes, {largest:,} at most are read")


def _data_of_deb(archive: Path) -> bytes:
    """Find the part of an ar archive that holds the files."""
    content = archive.read_bytes()
    if not content.startswith(_AR_MAGIC):
        raise ValueError("no ar archive")
    place = len(_AR_MAGIC)
    while place + _AR_HEADER <= len(content):
        header = content[place : place + _AR_HEADER]
        name, size = header[:16].decode("ascii").strip(), int(header[48:58])
        place += _AR_HEADER
        if not 0 <= size <= len(content) - place:
            raise ValueError(f"{name} has {size} bytes, {len(content) - place} are there")
        if name.startswith("data.tar"):
            return content[place : place + size]
        place += size + size % 2
    raise ValueError("no data.tar in it")
