"""What may happen to a file: every damage changes it, and is the same for the same seed."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.specimen import files_of

KINDS = ("flip", "truncate", "zero", "lengthen", "huge", "swap", "delete")
BLOCK = 512


@dataclass(frozen=True, slots=True)
class Damage:
    """One damage to one file; `place` is an offset or a length, `bit` is for flips."""

    path: str
    kind: str
    place: int = 0
    bit: int = 0
    other: str = ""

    def do(self, target: Path, stranger: Path) -> None:
        """Damage the file below `target`; `stranger` is another collection."""
        path = target / self.path
        if self.kind == "delete":
            path.unlink()
        elif self.kind == "swap":
            shutil.copyfile(stranger / self.other, path)
        else:
            path.write_bytes(self._changed(path.read_bytes()))

    def _changed(self, data: bytes) -> bytes:
        head, tail = data[: self.place], data[self.place :]
        match self.kind:
            case "flip":
                return head + bytes([tail[0] ^ 1 << self.bit]) + tail[1:]
            case "zero":
                return head + b"\0" * len(tail[:BLOCK]) + tail[BLOCK:]
            case "huge":
                return head + b"\xff" * len(tail[:8]) + tail[8:]
            case "lengthen":
                return data + b"\0" * BLOCK
        return head


def damages(root: Path, stranger: Path, flips: int, seed: int = 3) -> Iterator[Damage]:
    """List damages of every kind to every file; `flips` of the kind that is cheapest to miss."""
    chance = random.Random(seed)
    twins = {_kind(path): path for path in files_of(stranger)}
    for path in files_of(root):
        data = (root / path).read_bytes()
        yield Damage(path, "delete")
        yield Damage(path, "lengthen")
        other = twins.get(_kind(path))
        if other and (stranger / other).read_bytes() != data:
            yield Damage(path, "swap", other=other)
        for size in {0, 1, len(data) // 2, len(data) // 4096 * 4096, len(data) - 1}:
            if size < len(data):
                yield Damage(path, "truncate", size)
        for place in {0, len(data) // 2 // BLOCK * BLOCK, max(0, len(data) - BLOCK)}:
            if any(data[place : place + BLOCK]):
                yield Damage(path, "zero", place)
        for place in range(0, min(len(data) - 8, 72), 72 // min(flips, 9)):
            if data[place : place + 8] != b"\xff" * 8:
                yield Damage(path, "huge", place)
        for _ in range(flips):
            yield Damage(path, "flip", chance.randrange(len(data)), chance.randrange(8))


def _kind(path: str) -> str:
    """Name a file without the part that is its own."""
    parts = Path(path).parts
    own = parts[-2:] if parts[0] == "shards" else (parts[0], Path(path).suffix)
    return "/".join(("shards", own[-1]) if parts[0] == "shards" else own)
