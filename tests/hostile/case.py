"""What a hostile file is: a name, what is wrong with it, what may become of it, its bytes.

Files are made when a test asks for them, the same bytes each time. What would be large is sparse.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Outcome = Literal["failed", "skipped", "stored", "truncated"]
Topic = Literal[
    "picture bomb",
    "picture attack",
    "endless animation",
    "damaged picture",
    "playlist",
    "odd codec",
    "absurd film",
    "absurd sound",
    "pdf bomb",
    "pdf cycle",
    "xml bomb",
    "text",
    "polyglot",
    "archive",
    "office",
    "mail",
    "phone picture",
]


@dataclass(frozen=True)
class Sparse:
    """A file that is mostly a hole: what it begins with, and how long it claims to be."""

    beginning: bytes
    size: int


@dataclass(frozen=True)
class Bait:
    """What no decoder may touch: a file that nobody handed over, and a port where somebody listens.

    Files that lure name both.
    """

    canary: Path = Path("/etc/hostname")
    port: int = 9


Content = bytes | Sparse
_Make = Callable[[], Content]
_Lure = Callable[[Bait], Content]


@dataclass(frozen=True)
class Case:
    """One hostile file."""

    name: str
    topic: Topic
    may: frozenset[Outcome]  # any of these is right, nothing else is
    make: _Lure

    def write(self, folder: Path, bait: Bait) -> Path:
        """Write the file into a folder."""
        path, content = folder / self.name, self.make(bait)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            with path.open("wb") as file:
                file.write(content.beginning)
                file.truncate(content.size)
        return path


CASES: dict[str, Case] = {}


def luring(name: str, topic: Topic, *may: Outcome) -> Callable[[_Lure], _Lure]:
    """Register a function of bait to bytes under the name of the file that it makes."""

    def register(make: _Lure) -> _Lure:
        if name in CASES:
            raise ValueError(f"there are two hostile files called {name}")
        CASES[name] = Case(name, topic, frozenset(may), make)
        return make

    return register


def hostile(name: str, topic: Topic, *may: Outcome) -> Callable[[_Make], _Make]:
    """Register a function that needs no bait."""

    def register(make: _Make) -> _Make:
        luring(name, topic, *may)(lambda bait: make())
        return make

    return register
