"""The ids that this user's last query found in a collection, so that `show 3` means its third hit.

A file for each collection, readable by the user alone. What cannot be written is not remembered.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

_COLLECTIONS = 100
_HITS = 10_000
_BYTES = 32 << 20  # a file that is longer is none of ours
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Last:
    """What was found: the number of the first hit, and the ids from there on."""

    first: int
    ids: tuple[str, ...]

    def named(self, number: int) -> str | None:
        """Give the id of the hit with a number."""
        at = number - self.first
        return self.ids[at] if 0 <= at < len(self.ids) else None


def remember(
    collection: Path, ids: Sequence[str], first: int, environment: Mapping[str, str] = os.environ
) -> None:
    """Keep what a query found, in place of what the one before did."""
    file = _file(collection, environment)
    made = file.with_name(f".{file.name}.{os.getpid()}")
    told = {"collection": os.path.realpath(collection), "first": first, "ids": list(ids[:_HITS])}
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
    try:
        with file.open("rb") as opened:
            found = opened.read(_BYTES + 1)
        told = json.loads(found) if len(found) <= _BYTES else None
    except (OSError, ValueError, RecursionError):
        return None
    match told:
        case {"collection": str(path), "first": int(first), "ids": list(ids)}:
            if path == os.path.realpath(collection) and all(isinstance(one, str) for one in ids):
                return Last(first, tuple(ids))
    return None


def _forget_old(file: Path) -> None:
    """Remove what was asked longest ago."""
    times = {one: one.stat().st_mtime_ns for one in file.parent.glob("*.json")}
    for old in sorted(times, key=lambda one: times[one])[:-_COLLECTIONS]:
        old.unlink(missing_ok=True)


def _file(collection: Path, environment: Mapping[str, str]) -> Path:
    home = environment.get("HOME") or str(Path.home())
    folder = Path(environment.get("XDG_STATE_HOME") or Path(home) / ".local" / "state")
    name = sha256(os.fsencode(os.path.realpath(collection))).hexdigest()[:32]
    return folder / "omnisearch" / "last" / f"{name}.json"
