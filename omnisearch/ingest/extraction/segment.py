"""What an extractor gives: the item first, then its segments, at last how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from omnisearch.media.pool.piece import Array, Piece
from omnisearch.records import Modality, Span

Column = str | int | float
Views = Literal["content", "words", "both"]


@dataclass(frozen=True, slots=True)
class Item:
    """A file as a whole: what it is, what its columns hold, what its name and title say."""

    modality: Modality
    type: str
    columns: Mapping[str, Column] = field(default_factory=dict)
    title: str = ""
    notes: Sequence[str] = ()  # for a person: an encoding that was guessed, a name that misleads

    def piece(self, named: str) -> Piece:
        """Say it to the parent, with the words of the name."""
        told = {"modality": self.modality, "type": self.type, "columns": dict(self.columns)}
        return Piece({"what": "item", **told, "named": named, "notes": list(self.notes)})


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """The part of an item that is found: where it is, what it says, how it looks and sounds."""

    modality: Modality
    view: Views
    span: Span
    words: str | None = None
    arrays: Mapping[str, Array] = field(default_factory=dict)  # image, frames, sound
    look: int | None = None

    def piece(self) -> Piece:
        """Say it to the parent."""
        told: dict[str, Any] = {"modality": self.modality, "view": self.view, "words": self.words}
        where = {"span": self.span.as_json(), "look": self.look}
        return Piece({"what": "segment", **told, **where}, self.arrays)


@dataclass(frozen=True, slots=True)
class End:
    """How it ended: whether a cap cut it, some was damaged, and what is only known now."""

    truncated: bool = False
    damaged: bool = False
    columns: Mapping[str, Column] = field(default_factory=dict)

    def piece(self) -> Piece:
        """Say it to the parent."""
        told = {"truncated": self.truncated, "damaged": self.damaged}
        return Piece({"what": "end", **told, "columns": dict(self.columns)})


Extract = Item | Segment | End
