"""Which files a model is made of, byte by byte; from that follows the space of its vectors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omnisearch.encoder.hub import contents
from omnisearch.errors import EncoderFilesError


def hashes(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of each file that decides a vector.

    The hub's cache names a file by the hash of what was fetched, so damage there is found at once.
    """
    found = {}
    for name, path in contents.files(folder).items():
        try:
            with path.open("rb") as file:
                found[name] = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            fault = f"{path} cannot be read ({error.strerror or error})"
            raise EncoderFilesError(f"{fault}: copy the folder again") from error
        _check_blob(path, found[name])
    return found


def compare(folder: Path, found: Mapping[str, str], expected: Mapping[str, str]) -> None:
    """Refuse a model that is not, file by file, the one that was recorded."""
    for name in sorted(found.keys() | expected.keys()):
        if found.get(name) != expected.get(name):
            how = "is new" if name not in expected else "is missing"
            how = "has changed" if name in found and name in expected else how
            raise EncoderFilesError(
                f"{folder / name} {how} since this model was recorded, and other files make other "
                "vectors: restore it, or encode everything again"
            )


def fingerprint(files: Mapping[str, str], how: Mapping[str, Any]) -> str:
    """Hash what decides a vector: files, and how they are used."""
    total = hashlib.blake2b(digest_size=16)
    total.update(json.dumps(dict(how), sort_keys=True).encode())
    for name in sorted(files):
        total.update(name.encode() + b"\0" + bytes.fromhex(files[name]))
    return total.hexdigest()


def _check_blob(path: Path, sha256: str) -> None:
    """Compare a file of the hub's cache with its name there: a SHA-256, or what git gives."""
    blob = path.resolve()
    if not path.is_symlink() or blob.parent.name != "blobs":
        return
    told = blob.name
    if len(told) == 40:
        content = blob.read_bytes()
        sha256 = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    if len(told) in (40, 64) and told != sha256:
        raise EncoderFilesError(
            f"{path} is not what was fetched, its hash differs: delete {blob} and {path}, and "
            "the file is fetched again"
        )
