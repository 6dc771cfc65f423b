"""What goes in and comes out, as plain immutable records; names are those of the JSON output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

Modality = Literal["text", "image", "audio", "video", "document"]
View = Literal["content", "words"]
Vector = np.ndarray[tuple[int], np.dtype[np.float32]]


@dataclass(frozen=True, slots=True)
class Record:
    """A stored row; `vector` has its original scale and is only read when asked for."""

    id: str
    item: str
    modality: Modality | None
    view: View
    metadata: Mapping[str, Any]
    vector: Vector | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer; `score` is larger the nearer, a cosine unless the metric is another."""

    id: str
    item: str
    uri: str | None
    locations: tuple[str, ...]
    modality: Modality | None
    view: View | None
    span: Mapping[str, Any] | None
    score: float | None
    confidence: float | None
    parts: Mapping[str, float]
    folded: int
    snippet: str | None
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of a collection's files and what mends it."""

    path: str
    fault: str
    remedy: str


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a check of a collection found."""

    ok: bool
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What a repair left: `problems` are those that remain; what is lost is gone for good."""

    ok: bool
    problems: tuple[Problem, ...]
    mended: int
    lost_rows: int
    lost_generations: int


@dataclass(frozen=True, slots=True)
class CompactReport:
    """What compaction made of a collection."""

    rows: int
    shards_before: int
    shards: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Stats(Mapping[str, Any]):
    """Figures of a collection, under the keys of `omnisearch status --json`."""

    figures: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401
        return self.figures[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.figures)

    def __len__(self) -> int:
        return len(self.figures)
