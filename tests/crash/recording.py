"""What was done to the disk, in order, with a mark where a write began and where it was promised.

A recording is a file that grows by one entry per operation, so that it outlives a killed process.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MARKS = ("attempt", "promise")
RENAMES = ("link", "renameat2", "rename", "hard_link")


@dataclass(frozen=True, slots=True)
class Operation:
    """One change, or a mark: `attempt` and `promise` carry a generation in `offset`."""

    kind: str
    path: str
    target: str = ""
    offset: int = 0
    data: bytes = b""


class Recorder:
    """An observer of `files` that notes every change below a folder."""

    def __init__(self, base: Path, journal: BinaryIO) -> None:
        self.base, self._journal, self._lock = base, journal, threading.Lock()

    def __call__(self, kind: str, path: Path, detail: object = None) -> None:
        target, offset, data = "", 0, b""
        if kind in RENAMES:
            assert isinstance(detail, Path)
            target = str(detail.relative_to(self.base))
        elif kind == "write":
            assert isinstance(detail, tuple)
            offset, data = detail[0], bytes(detail[1])
        self.note(Operation(kind, str(path.relative_to(self.base)), target, offset, data))

    def mark(self, kind: str, generation: int) -> None:
        self.note(Operation(kind, "", offset=generation))

    def note(self, done: Operation) -> None:
        head = [done.kind, done.path, done.target, done.offset, len(done.data)]
        with self._lock:
            self._journal.write(json.dumps(head).encode() + b"\n" + done.data)
            self._journal.flush()


def read(journal: Path) -> list[Operation]:
    with journal.open("rb") as stream:
        return list(_entries(stream))


def _entries(stream: BinaryIO) -> Iterator[Operation]:
    while line := stream.readline():
        kind, path, target, offset, size = json.loads(line)
        yield Operation(kind, path, target, offset, stream.read(size))
