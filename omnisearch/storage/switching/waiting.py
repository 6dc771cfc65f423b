"""What waits beside a collection: the space that is being built, and the one that was left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from omnisearch.errors import (
    CollectionNotFoundError,
    CorruptCollectionError,
    UnsupportedFormatError,
)
from omnisearch.storage import filesystem, layout, manifest
from omnisearch.storage.identity import read_head, read_identity
from omnisearch.storage.ledger import Ledgers, LeftOut
from omnisearch.storage.manifest import Manifest

_UNREADABLE = CorruptCollectionError, UnsupportedFormatError, OSError


@dataclass(frozen=True, slots=True)
class Waiting:
    """A collection inside another; where it is `unreadable`, nothing else is known of it."""

    path: Path
    bytes: int
    space: str = ""
    dim: int = 0
    generation: int = 0
    unreadable: str | None = None
    left_out: tuple[LeftOut, ...] = ()  # what it was built without


@dataclass(frozen=True, slots=True)
class Spaces:
    """What is being built, and what can be gone back to."""

    next: Waiting | None = None
    previous: Waiting | None = None


def spaces(root: Path) -> Spaces:
    """Tell what waits beside a collection; what a finished switch left over is not told."""
    here = space_of(root)
    coming, before, leaving = (_waiting(root / name) for name in layout.SPACES)
    if leaving is not None and leaving.space not in ("", here):
        before = leaving  # the switch is done, but for names
    return Spaces(None if coming is not None and coming.space == here else coming, before)


def is_whole(path: Path) -> bool:
    """Tell whether a collection inside was made to the end, and none of it removed."""
    return (path / layout.FORMAT).exists()


def newest_of(path: Path) -> Manifest:
    """Read what a collection inside holds."""
    return manifest.read(path, manifest.newest(path), read_identity(path))


def space_of(path: Path) -> str | None:
    """Tell of which space a collection is; None where there is none, or it does not read."""
    try:
        return newest_of(path).space if is_whole(path) else None
    except (*_UNREADABLE, CollectionNotFoundError):
        return None


def _waiting(path: Path) -> Waiting | None:
    if not is_whole(path):
        return None
    size = filesystem.bytes_below(path)
    try:
        identity, made = read_identity(path), newest_of(path)
        number = max(read_head(path, identity).generation, made.base_generation)
        lines = Ledgers(path, identity).newest().left_out
    except CollectionNotFoundError:  # it was removed meanwhile
        return None
    except _UNREADABLE as error:
        return Waiting(path, size, unreadable=str(error)) if is_whole(path) else None
    own = tuple(one for one in lines if one.space == made.space)
    return Waiting(path, size, made.space, made.settings.dim, number, left_out=own)
