"""Reading packages as they were downloaded: wheels, npm archives and Debian packages.

Links are left out: in clip-art collections they repeat what is there under another name.
"""

from __future__ import annotations

import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from omnisearch.training.lab import LabStorageError

_AR_MAGIC, _AR_HEADER = b"!<arch>\n", 60
_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, EOFError, lzma.LZMAError, zlib.error, ValueError)


def members(
    archive: Path, wanted: Callable[[str], bool] = lambda name: True
) -> Iterator[tuple[str, bytes]]:
    """Give the names and contents of the files that are wanted, in the archive's order."""
    try:
        if archive.suffix in (".whl", ".zip"):
            yield from _zipped(archive, wanted)
        elif archive.suffix == ".deb":
            yield from _tarred(io.BytesIO(_data_of_deb(archive)), wanted)
        else:
            with archive.open("rb") as stream:
                yield from _tarred(stream, wanted)
    except _DAMAGE as error:
        fault = f"{archive} is damaged ({error})"
        raise LabStorageError(f"{fault}: remove it and run the stage again") from error


def member(archive: Path, name: str) -> bytes:
    """Give one file of an archive."""
    for _, content in members(archive, name.__eq__):
        return content
    raise LabStorageError(f"{archive} holds no {name}: it is not the version that was asked for")


def _zipped(archive: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(archive) as file:
        for name in file.namelist():
            if not name.endswith("/") and wanted(name):
                yield name, file.read(name)


def _tarred(
    stream: io.BufferedIOBase, wanted: Callable[[str], bool]
) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=stream, mode="r|*") as file:
        for entry in file:
            name = entry.name.removeprefix("./")
            if entry.isfile() and wanted(name):
                content = file.extractfile(entry)
                assert content is not None
                yield name, content.read()


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
        if name.startswith("data.tar"):
            return content[place : place + size]
        place += size + size % 2
    raise ValueError("no data.tar in it")
