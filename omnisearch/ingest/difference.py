"""What changed since files were last read, told without opening them where that can be told.

A file that looks as it did is as it was, unless it was changed in the moment when it was read:
clocks of file systems tick slowly, so what was that young is read again.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
import xxhash

from omnisearch.ingest.beneath import Beneath
from omnisearch.ingest.entries import Entry
from omnisearch.locations import Root, shown
from omnisearch.storage.sightings import Sighting

TICK_NS = 2_000_000_000  # of the coarsest clock, that of FAT
_AHEAD_NS = 86_400 * 1_000_000_000  # a server's clock may be ahead; beyond that a time is made up
MANY = 100  # files that may vanish at once before anybody is asked
_CHUNK = 4_096


class Unchanged(NamedTuple):
    """A file that need not be opened; `seen` says what became of it."""

    entry: Entry
    seen: Sighting


class New(NamedTuple):
    """A file to open and hash: never seen, changed, or too young then to be sure."""

    entry: Entry


def compare(
    entry: Entry, seen: Sighting | None, holds: Callable[[Entry, Sighting], bool]
) -> Unchanged | New:
    """Tell whether a file is as it was; `holds` says whether the collection agrees.

    A catalog may be older or newer than its collection, so what it says is looked up there.
    """
    if seen is None or not looks_same(entry, seen) or was_young(seen):
        return New(entry)
    return Unchanged(entry, seen) if holds(entry, seen) else New(entry)


def looks_same(entry: Entry, seen: Sighting) -> bool:
    """Tell whether a file looks as it did; devices are left out, a restart may renumber them."""
    return (
        entry.mtime_ns == seen.mtime_ns
        and entry.size == seen.size
        and entry.ctime_ns == seen.ctime_ns
        and entry.inode == seen.inode
    )


def was_young(seen: Sighting) -> bool:
    """Tell whether a file was read so soon after a change that the next one may not show."""
    first, last = seen.read_at_ns - TICK_NS, seen.read_at_ns + _AHEAD_NS
    return first <= seen.mtime_ns <= last or first <= seen.ctime_ns <= last


class Met:
    """Which paths a walk has met, in eight bytes each."""

    def __init__(self) -> None:
        self._hashes = array("Q")

    def __len__(self) -> int:
        return len(self._hashes)

    def add(self, path: bytes) -> None:
        """Note a path."""
        self._hashes.append(xxhash.xxh3_64_intdigest(path))

    def others(self, known: Iterable[bytes]) -> Iterator[bytes]:
        """Give the known paths that were not met."""
        met = np.sort(np.array(self._hashes, np.uint64))
        waiting = iter(known)
        while chunk := list(islice(waiting, _CHUNK)):
            hashes = np.array([xxhash.xxh3_64_intdigest(path) for path in chunk], np.uint64)
            first, after = (np.searchsorted(met, hashes, side) for side in ("left", "right"))
            for place in np.flatnonzero(first == after).tolist():
                yield chunk[place]


def gone(handle: Beneath, paths: Iterable[bytes]) -> Iterator[bytes]:
    """Give those paths where no file is any more.

    Each is looked at again, so what is left out or out of reach now is never taken for gone.
    """
    return (path for path in paths if handle.state(path) == "gone")


@dataclass(frozen=True, slots=True)
class Loss:
    """What a walk of a root, or of a part of it, did not find again."""

    known: int  # files that the collection has there
    gone: int
    met: int  # whatever the walk met
    unchanged: int  # files that are just as they were
    device: int | None  # where the root is now; None: nowhere


def withheld(root: Root, loss: Loss) -> str | None:
    """Say why what is gone may not be gone for good; None where it may be hidden."""
    if not loss.gone:
        return None
    path = shown(root.path)
    if loss.device is None:
        return f"{path} is not there"
    if root.kind == "folder" and not loss.met:
        return f"{path} is empty"
    if loss.device != root.device and not loss.unchanged:
        return f"{path} is on another device than before"
    if loss.gone > MANY and 2 * loss.gone > loss.known:
        return f"{loss.gone:,} of {loss.known:,} files below {path} are gone at once"
    return None
