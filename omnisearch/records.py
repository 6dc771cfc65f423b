"""What goes in and comes out, as plain immutable records; names are those of the JSON output."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeAlias

import numpy as np

Modality = Literal["text", "image", "audio", "video", "document"]
View = Literal["content", "words"]
Vector = np.ndarray[tuple[int], np.dtype[np.float32]]
Box = tuple[float, float, float, float]  # x, y, w, h: fractions, from top left


@dataclass(frozen=True, slots=True)
class TextSpan:
    """Code points of a text, `end` not among them."""

    start: int
    end: int

    def as_json(self) -> dict[str, Any]:
        """Give the span as it is stored and printed."""
        return {"start": self.start, "end": self.end}


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """Seconds of a sound or film."""

    start_s: float
    end_s: float

    def as_json(self) -> dict[str, Any]:
        """Give the span as it is stored and printed."""
        return {"start_s": self.start_s, "end_s": self.end_s}


@dataclass(frozen=True, slots=True)
class PageSpan:
    """A page, or a box of it."""

    page: int
    box: Box | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the span as it is stored and printed."""
        return {"page": self.page, "box": None if self.box is None else list(self.box)}


@dataclass(frozen=True, slots=True)
class RegionSpan:
    """A box of a picture."""

    box: Box

    def as_json(self) -> dict[str, Any]:
        """Give the span as it is stored and printed."""
        return {"box": list(self.box)}


Span: TypeAlias = TextSpan | TimeSpan | PageSpan | RegionSpan


def span_of(tree: Mapping[str, Any]) -> Span:
    """Read a span back from its JSON; what is no span is a ValueError."""
    match dict(tree):
        case {"start": int(start), "end": int(end), **rest} if not rest and 0 <= start <= end:
            return TextSpan(start, end)
        case {"start_s": start, "end_s": end, **rest} if not rest:
            first, last = _number(start), _number(end)
            if 0 <= first <= last:
                return TimeSpan(first, last)
        case {"page": int(page), "box": box, **rest} if not rest and page >= 1:
            return PageSpan(page, None if box is None else _box(box))
        case {"box": box, **rest} if not rest:
            return RegionSpan(_box(box))
    raise ValueError(f"{tree!r} is no span")


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number of a span")
    return float(value)


def _box(value: object) -> Box:
    if not isinstance(value, list | tuple) or len(value) != 4:
        raise ValueError(f"{value!r} is no box: x, y, w, h")
    x, y, w, h = (_number(one) for one in value)
    return x, y, w, h


@dataclass(frozen=True, slots=True)
class Item:
    """A record to be stored: parts that make one vector together, and metadata.

    A medium is a path, bytes, or what the part of its name takes: `image` as `om.Image` does.
    """

    id: str
    text: str | None = None
    image: Any = None
    audio: Any = None
    video: Any = None
    document: Any = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """A stored row; `vector` has its original scale and is only read when asked for.

    `words` is what the row says, where it says something.
    """

    id: str
    item: str
    modality: Modality | None
    view: View
    metadata: Mapping[str, Any]
    vector: Vector | None = None
    locations: tuple[str, ...] = ()
    span: Span | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer; `score` is larger the nearer, a cosine unless the metric is another.

    `marks` are where words of the question stand in the snippet: pairs of first and behind last.
    `reranked` is what a reranker gave it, None where none did.
    """

    id: str
    item: str
    uri: str | None
    locations: tuple[str, ...]
    modality: Modality | None
    view: View | None
    span: Span | None
    score: float | None
    confidence: float | None
    parts: Mapping[str, float]
    folded: int
    snippet: str | None
    metadata: Mapping[str, Any]
    marks: tuple[tuple[int, int], ...] = ()
    reranked: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Give what `omnisearch query --json` prints, under the same names."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        return {**found, "span": None if self.span is None else self.span.as_json()}


@dataclass(frozen=True, slots=True)
class Details:
    """All that is known of a segment: as a hit, what it says in full, what stands around it.

    `before` and `after` are its neighbours in the item, a row for each, in their order.
    """

    hit: Hit
    words: str | None
    views: tuple[View, ...]
    segments: int
    before: tuple[Record, ...]
    after: tuple[Record, ...]


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
