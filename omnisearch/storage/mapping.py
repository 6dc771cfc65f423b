"""Files mapped for reading, with length and checksum proved before a parser sees a byte."""

from __future__ import annotations

import mmap
from pathlib import Path

import xxhash

from omnisearch.errors import CorruptCollectionError
from omnisearch.storage.files import Written


def map_file(path: Path, written: Written | None, *, whole: bool = True) -> memoryview:
    """Map a file; `whole` also hashes it now, otherwise the caller checks what it reads."""
    if written is None:
        raise CorruptCollectionError(f"{path} is not listed in the manifest")
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            if size != written.size:
                raise CorruptCollectionError(_wrong_size(path, size, written.size))
            if not size:
                return memoryview(b"")
            data = memoryview(mmap.mmap(stream.fileno(), size, prot=mmap.PROT_READ))
    except FileNotFoundError:
        raise CorruptCollectionError(f"{path} is missing: restore it from a snapshot") from None
    except OSError as error:
        raise CorruptCollectionError(f"{path} cannot be read ({error}): check the disk") from error
    if whole and xxhash.xxh3_128_hexdigest(data) != written.digest:
        raise CorruptCollectionError(
            f"{path} is damaged, its checksum does not match: restore it from a snapshot"
        )
    return data


def _wrong_size(path: Path, found: int, expected: int) -> str:
    fault = f"{path} has {found} bytes, the manifest says {expected}"
    return f"{fault}: restore it from a snapshot"
