"""What is told of relations: segments with the way to them, and topics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from omnisearch.records import Hit

Relation = Literal["next", "item", "duplicate", "near", "value", "words"]
RELATIONS: tuple[Relation, ...] = get_args(Relation)


@dataclass(frozen=True, slots=True)
class Step:
    """One step to a related segment: by what relation, how strong it is from 0 to 1, and why."""

    relation: Relation
    id: str
    strength: float
    why: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Give what `omnisearch related --json` prints of it."""
        return {
            "relation": self.relation,
            "id": self.id,
            "strength": round(self.strength, 4),
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Related:
    """A segment that has to do with another: what it is, and the strongest way to it."""

    hit: Hit
    path: tuple[Step, ...]

    @property
    def relation(self) -> Relation:
        """The last step's relation: between the segment before and this one."""
        return self.path[-1].relation

    @property
    def strength(self) -> float:
        """The product of the strengths of all steps."""
        product = 1.0
        for step in self.path:
            product *= step.strength
        return product

    def as_json(self) -> dict[str, Any]:
        """Give the hit as a query prints it, and the way to it."""
        way = [step.as_json() for step in self.path]
        known = {"relation": self.relation, "strength": round(self.strength, 4), "path": way}
        return {**self.hit.as_json(), **known}


@dataclass(frozen=True, slots=True)
class Topic:
    """Segments that are linked more with each other than with others.

    `label` are the words that are most its own, none where its segments say nothing;
    `examples` is the most central segment of each modality.
    """

    number: int
    label: tuple[str, ...]
    segments: int
    items: int
    modalities: Mapping[str, int]
    examples: tuple[Hit, ...]

    def as_json(self) -> dict[str, Any]:
        """Give what `omnisearch topics --json` prints."""
        return {
            "topic": self.number,
            "label": list(self.label),
            "segments": self.segments,
            "items": self.items,
            "modalities": dict(self.modalities),
            "examples": [hit.as_json() for hit in self.examples],
        }
