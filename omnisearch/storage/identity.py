"""FORMAT says what a folder is, once; HEAD says how far it was acknowledged.

HEAD is rewritten in place after each acknowledgement, unsynced: after a power cut it may be old,
but never ahead of what is durable, so a collection that ends before its HEAD has lost something.
"""

from __future__ import annotations

import os
import struct
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

import xxhash

from omnisearch.errors import (
    CollectionNotFoundError,
    CorruptCollectionError,
    UnsupportedFormatError,
)
from omnisearch.storage import files, layout

FORMAT_VERSION = 1
_MAGIC = "omnisearch"
_HEAD = struct.Struct("<8s16sQII")  # magic, collection, generation, manifest, ledger
_HEAD_MAGIC = b"OMNIHEAD"
HEAD_BYTES = _HEAD.size + 8
_POLLS, _POLL_PAUSE_S = 4, 0.001


@dataclass(frozen=True, slots=True)
class Identity:
    """Which collection this is and how its file system publishes names."""

    collection: uuid.UUID
    publishing: files.Publishing

    def encode(self) -> bytes:
        """Write the one line of FORMAT with its checksum."""
        line = f"{_MAGIC} {FORMAT_VERSION} {self.collection} {self.publishing}\n".encode()
        return line + f"{xxhash.xxh3_128_hexdigest(line)}\n".encode()


@dataclass(frozen=True, slots=True)
class Head:
    """The last acknowledged generation, the manifest it stood on, and the newest ledger."""

    generation: int
    manifest: int
    ledger: int = 0


def read_identity(root: Path) -> Identity:
    """Read FORMAT, or say what is there instead of a collection."""
    path = root / layout.FORMAT
    try:
        raw = path.read_bytes()[:4096]
    except (FileNotFoundError, NotADirectoryError):
        if has_remains(root):
            remedy = f"run `omnisearch doctor --index {root} --repair`"
            raise CorruptCollectionError(f"{path} is missing: {remedy}") from None
        raise CollectionNotFoundError(
            f"{root} is not a collection (no {layout.FORMAT} file): name an existing one, "
            "or write to it first"
        ) from None
    line, _, digest = raw.partition(b"\n")
    wanted = f"{xxhash.xxh3_128_hexdigest(line + bytes([10]))}\n".encode()
    words = line.decode("ascii", "replace").split(" ")
    if digest != wanted:
        remedy = f"run `omnisearch doctor --index {root} --repair`"
        raise CorruptCollectionError(f"{path} is damaged: {remedy}")
    if words[0] != _MAGIC or len(words) < 2 or not words[1].isdigit():
        raise CollectionNotFoundError(f"{root} is not a collection ({path} is of another program)")
    if int(words[1]) > FORMAT_VERSION:
        raise UnsupportedFormatError(
            f"{root} has format {words[1]}, this omnisearch reads up to {FORMAT_VERSION}: "
            "upgrade omnisearch"
        )
    if len(words) != 4 or words[3] not in get_args(files.Publishing):
        raise CorruptCollectionError(f"{path} does not read as format {FORMAT_VERSION}")
    return Identity(uuid.UUID(words[2]), cast(files.Publishing, words[3]))


def has_remains(root: Path) -> bool:
    """Tell a collection that lost its FORMAT from a folder, or a creation that was killed."""
    try:
        raw = (root / layout.HEAD).read_bytes()
    except OSError:
        raw = b""
    written = len(raw) == HEAD_BYTES and _HEAD.unpack_from(raw)[2] > 0
    shards = root / layout.SHARDS
    return written or (shards.is_dir() and any(shards.iterdir()))


def encode_head(identity: Identity, head: Head) -> bytes:
    """Write HEAD with its checksum; it fits one sector."""
    numbers = head.generation, head.manifest, head.ledger
    body = _HEAD.pack(_HEAD_MAGIC, identity.collection.bytes, *numbers)
    return body + xxhash.xxh3_64_digest(body)


def decode_head(raw: bytes, root: Path, identity: Identity) -> Head:
    """Read HEAD; damage is an error, since only HEAD can tell a torn tail from a lost record."""
    path = root / layout.HEAD
    body, digest = raw[: _HEAD.size], raw[_HEAD.size :]
    if len(raw) != HEAD_BYTES or xxhash.xxh3_64_digest(body) != digest:
        raise CorruptCollectionError(
            f"{path} is damaged: run `omnisearch doctor --index {root} --repair`"
        )
    magic, collection, generation, manifest, ledger = _HEAD.unpack(body)
    if magic != _HEAD_MAGIC or collection != identity.collection.bytes:
        raise CorruptCollectionError(
            f"{path} belongs to another collection: run `omnisearch doctor --index {root} --repair`"
        )
    return Head(generation, manifest, ledger)


def poll_head(descriptor: int, root: Path, identity: Identity) -> Head:
    """Read HEAD from an open file; a read in the middle of a write is repeated."""
    for attempt in range(_POLLS):
        try:
            return decode_head(os.pread(descriptor, HEAD_BYTES + 1, 0), root, identity)
        except CorruptCollectionError:
            if attempt == _POLLS - 1:
                raise
            time.sleep(_POLL_PAUSE_S)
    raise AssertionError("the last attempt returns or raises")


def read_head(root: Path, identity: Identity) -> Head:
    """Read HEAD by name."""
    path = root / layout.HEAD
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return decode_head(b"", root, identity)
    try:
        return poll_head(descriptor, root, identity)
    finally:
        os.close(descriptor)
