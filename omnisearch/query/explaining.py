"""What was done for a question and how long each stage took, for `explain`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from omnisearch.query.candidates import Found
from omnisearch.query.narrowing import Allowed
from omnisearch.query.preferring import Understood
from omnisearch.reranking.rerankers import Judgement
from omnisearch.storage import sides
from omnisearch_indexes import Plan


@dataclass(frozen=True, slots=True)
class Survivors:
    """A sealed shard, or the tail: its rows, those that are means left out, and how many pass."""

    part: str
    rows: int
    allowed: int


@dataclass(frozen=True, slots=True)
class Searched:
    """How the rows of one modality and view were searched."""

    modality: str | None
    view: str
    plan: Plan
    found: int


@dataclass
class Stages:
    """The time of each stage; the clock is read between them."""

    ms: dict[str, float] = field(default_factory=dict)
    _last: float = field(default_factory=time.perf_counter)

    def end(self, stage: str) -> None:
        """Take note of what has passed since the stage before."""
        now = time.perf_counter()
        self.ms[stage] = self.ms.get(stage, 0.0) + 1e3 * (now - self._last)
        self._last = now


@dataclass(frozen=True)
class Explanation:
    """The plan of one question: what passed the filters, how it was searched, stage by stage."""

    survivors: tuple[Survivors, ...]
    searched: tuple[Searched, ...]
    said: int | None  # rows that say words of the question; None where none were looked for
    candidates: int
    rounds: int
    stages: dict[str, float]  # milliseconds
    reranked: Judgement | None = field(default=None, kw_only=True)
    route: tuple[Understood, ...] = ()  # what the words were taken for
    regions: tuple[int, ...] = ()  # hits of this page, from 1, that are parts of pictures
    withheld: Mapping[str, int] = field(default_factory=dict, kw_only=True)  # hits, by reason
    also: tuple[tuple[str, float], ...] = field(default=(), kw_only=True)  # words and weights

    def __str__(self) -> str:
        lines = [f"{one.rule}: {one}" for one in self.route]
        lines += [
            f"{one.part}: {one.allowed:,} of {one.rows:,} rows pass" for one in self.survivors
        ]
        for one in self.searched:
            lines.append(f"{one.modality or 'vectors'} {one.view}: {one.plan}; {one.found} taken")
        if self.said is not None:
            lines.append(f"words: {self.said:,} rows say some of the question")
        lines.append(f"{self.candidates:,} candidates in {self.rounds} round(s)")
        if self.reranked is not None:
            lines.append(str(self.reranked))
        if self.regions:
            lines.append(f"by a part of a picture: hit {', '.join(map(str, self.regions))}")
        if self.also:
            told = ", ".join(f"{word} {weight:.2f}" for word, weight in self.also)
            lines.append(f"expanded by {told}")
        lines += [f"withheld: {why} ({count:,})" for why, count in sorted(self.withheld.items())]
        lines.append(", ".join(f"{stage} {ms:.2f} ms" for stage, ms in self.stages.items()))
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """Give the same for programs."""
        return {
            "survivors": [[one.part, one.rows, one.allowed] for one in self.survivors],
            "searched": [
                {
                    "modality": one.modality,
                    "view": one.view,
                    "method": one.plan.method,
                    "allowed": one.plan.allowed,
                    "candidates": one.plan.candidates,
                    "expected_recall": one.plan.expected_recall,
                    "found": one.found,
                }
                for one in self.searched
            ],
            "said": self.said,
            "candidates": self.candidates,
            "rounds": self.rounds,
            "stages_ms": self.stages,
            "reranked": None if self.reranked is None else self.reranked.as_json(),
            "route": [one.as_json() for one in self.route],
            "regions": list(self.regions),
            "withheld": dict(self.withheld),
            "also": dict(self.also),
        }


def survivors(allowed: Allowed) -> tuple[Survivors, ...]:
    """Count what passes the filters, part by part."""
    now, mask = allowed.now, allowed.every()
    shards = [shard.name for shard in now.sealed.shards]
    names = [f"shard {name}" for name in shards]
    counted: list[tuple[str, int, int]] = []
    for number, part in enumerate(now.parts):
        start = int(now.starts[number])
        own = part.sides.wholes
        passed = rows = part.rows - (0 if own is None else len(own.rows))
        if mask is not None:
            passed = int(np.count_nonzero(mask[start : start + part.rows]))
        name = names[number] if number < len(names) else "not yet sealed"
        if counted and number > len(names):
            _, before, earlier = counted.pop()
            counted.append((name, before + rows, earlier + passed))
        else:
            counted.append((name, rows, passed))
    return tuple(Survivors(*one) for one in counted)


def searched(allowed: Allowed, found: Sequence[Found]) -> tuple[Searched, ...]:
    """List how each kind was searched."""
    counts = {**allowed.counts, **allowed.means}
    means = 0 if allowed.now.wholes is None else len(allowed.now.wholes.rows)
    others = allowed.now.rows - means
    return tuple(
        Searched(
            sides.modality_of(one.kind),
            "whole" if one.kind in allowed.means else sides.view_of(one.kind),
            replace(
                one.plan,
                rows=means if one.kind in allowed.means else others,
                allowed=counts[one.kind],
            ),
            len(one.positions),
        )
        for one in found
    )
