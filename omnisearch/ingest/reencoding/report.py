"""What a change of the encoder would do, and what it did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from omnisearch.locations import shown

if TYPE_CHECKING:
    from omnisearch.ingest.estimate import KindEstimate


_LISTED = 3


@dataclass(frozen=True, slots=True)
class Unable:
    """An item that the other encoder cannot have, and why; `path` is where its file was."""

    item: str
    path: bytes | None
    reason: str


def named(items: Sequence[Unable], *, reasons: bool = False) -> str:
    """Name the first of some items, and say how many more there are."""
    names = [shown(one.path) if one.path else one.item for one in items[:_LISTED]]
    if reasons:
        names = [f"{name}: {one.reason}" for name, one in zip(names, items, strict=False)]
    more = f" and {len(items) - _LISTED:,} more" if len(items) > _LISTED else ""
    return ("; " if reasons else ", ").join(names) + more


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
class SpaceStatus:
    """A space, and what it goes without: of the present one, what was left out at the last change.

    Of the one that is being built, what shall be; of the one before, what came after the change.
    """

    space: str
    left_out: tuple[Unable, ...]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class ReencodeStatus:
    """The space that answers, the one that is being built, and the one that can be gone back to."""

    now: SpaceStatus
    next: SpaceStatus | None
    previous: SpaceStatus | None


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
