"""What this user's last query found in a collection, so that `show 3` means its third hit.

A file for each collection, readable by the user alone: ids and how good each hit was, no word of
the question or of an answer. What cannot be written is not remembered.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from pathlib import Path

import omnisearch as om
from omnisearch_cli import state

_COLLECTIONS = 100
_HITS = 10_000
_BYTES = 32 << 20  # a file that is longer is none of ours
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Found:
    """A hit as it was: its id, and how good an answer it was."""

    id: str
    score: float | None = None
    confidence: float | None = None
    parts: Mapping[str, float] = field(default_factory=dict)
    folded: int = 0


@dataclass(frozen=True, slots=True)
class Last:
    """What was found: the number of the first hit, and the hits from there on."""

    first: int
    hits: tuple[Found, ...]

    def hit(self, number: int) -> Found | None:
        """Give the hit with a number."""
        at = number - self.first
        return self.hits[at] if 0 <= at < len(self.hits) else None

    def named(self, number: int) -> str | None:
        """Give the id of the hit with a number."""
        found = self.hit(number)
        return None if found is None else found.id


def remember(
    collection: Path,
    hits: Sequence[om.Hit],
    first: int,
    environment: Mapping[str, str] = os.environ,
) -> None:
    """Keep what a query found, in place of what the one before did."""
    file = _file(collection, environment)
    if file is None:
        return
    made = file.with_name(f".{file.name}.{os.getpid()}")
    kept = [
        [hit.id, hit.score, hit.confidence, dict(hit.parts), hit.folded]
        for hit in islice(hits, _HITS)
    ]
    told = {"collection": os.path.realpath(collection), "first": first, "hits": kept}
    with contextlib.suppress(OSError, ValueError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # of a process that was killed
            made.unlink()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(made, flags, _PRIVATE), "wb") as opened:
            opened.write(json.dumps(told).encode())
        made.replace(file)
        _forget_old(file)


def recall(collection: Path, environment: Mapping[str, str] = os.environ) -> Last | None:
    """Give what the last query found; None where nobody knows."""
    file = _file(collection, environment)
    if file is None:
        return None
    try:
        with file.open("rb") as opened:
            found = opened.read(_BYTES + 1)
        told = json.loads(found) if len(found) <= _BYTES else None
    except (OSError, ValueError, RecursionError):
        return None
    match told:
        case {"collection": str(path), "first": int(first), "hits": list(hits)}:
            kept = [_hit(one) for one in hits]
            if path == os.path.realpath(collection) and None not in kept:
                return Last(first, tuple(one for one in kept if one is not None))
    return None


def _hit(told: object) -> Found | None:
    match told:
        case [
            str(name),
            float() | int() | None as score,
            float() | int() | None as confidence,
            dict(parts),
            int(folded),
        ] if all(isinstance(one, float | int) for one in parts.values()):
            return Found(name, score, confidence, parts, folded)
    return None


def _forget_old(file: Path) -> None:
    """Remove what was asked longest ago."""
    times = {one: one.stat().st_mtime_ns for one in file.parent.glob("*.json")}
    for old in sorted(times, key=lambda one: times[one])[:-_COLLECTIONS]:
        old.unlink(missing_ok=True)


def _file(collection: Path, environment: Mapping[str, str]) -> Path | None:
    folder = state.folder(environment)
    name = sha256(os.fsencode(os.path.realpath(collection))).hexdigest()[:32]
    return None if folder is None else Path(folder) / "last" / f"{name}.json"
