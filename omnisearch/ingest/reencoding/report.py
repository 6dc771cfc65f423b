"""What a change of the encoder would do, and what it did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omnisearch.ingest.estimate import KindEstimate


@dataclass(frozen=True, slots=True)
class Unable:
    """An item that the other encoder cannot have, and why; `path` is where its file was."""

    item: str
    path: bytes | None
    reason: str


@dataclass(frozen=True, slots=True)
class ReencodeEstimate:
    """What is to be encoded by another encoder, about how long that takes, and how much room.

    `files` are those that are read, `done` items that were encoded before, `from_words` those of
    which only words are kept.
    """

    space: str
    before: str
    items: int
    done: int
    files: int
    bytes: int
    from_words: int
    unable: tuple[Unable, ...]
    seconds: float | None
    disk_bytes: int
    free_bytes: int
    memory_bytes: int
    kinds: Mapping[str, KindEstimate] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReencodeReport:
    """What was encoded, and whether questions are answered by it now.

    `segments` and `from_words` count what this run encoded; `left_out` are items that the other
    encoder could not have.
    """

    space: str
    before: str
    items: int
    segments: int
    from_words: int
    left_out: tuple[Unable, ...]
    seconds: float
    switched: bool
    generation: int
    warnings: tuple[str, ...] = ()
