"""How right the first answers of two engines are to the same questions, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from omnisearch.evaluation.retrieval import Interval, paired_bootstrap

FIRST = 10  # answers that are looked at
MEASURES = ("R@1", "R@10", "nDCG@10")


@dataclass(frozen=True, slots=True)
class Asked:
    """What two engines answered first, best first, by item, and what is right if that is known."""

    kind: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    relevant: frozenset[str]


@dataclass(frozen=True, slots=True)
class Compared:
    """Questions of one kind: shares of both engines, their difference, and what both found.

    `judged` are those of which somebody said what is right; only these have measures. `overlap` is
    the share of the first ten answers that both have.
    """

    questions: int
    judged: int
    overlap: float
    before: Mapping[str, float] = field(default_factory=dict)
    after: Mapping[str, float] = field(default_factory=dict)
    difference: Mapping[str, Interval] = field(default_factory=dict)


def measures(found: Sequence[str], relevant: frozenset[str]) -> tuple[float, float, float]:
    """Give R@1 and R@10 (a right answer among so many) and nDCG@10 of one question."""
    right = np.array([item in relevant for item in found[:FIRST]], bool)
    gains = 1 / np.log2(np.arange(FIRST) + 2)
    ideal = float(gains[: min(len(relevant), FIRST)].sum())
    gained = float(gains[: len(right)][right].sum())
    return float(right[:1].any()), float(right.any()), gained / ideal


def overlap(before: Sequence[str], after: Sequence[str]) -> float:
    """Give the share of the first answers that both have; 1 where both have none."""
    most = max(len(before[:FIRST]), len(after[:FIRST]))
    return len({*before[:FIRST]} & {*after[:FIRST]}) / most if most else 1.0


def compared(asked: Sequence[Asked], seed: int = 0) -> Compared:
    """Compare the answers to questions; intervals are those of a paired bootstrap, 95 %."""
    judged = [one for one in asked if one.relevant]
    shared = float(np.mean([overlap(one.before, one.after) for one in asked]))
    if not judged:
        return Compared(len(asked), 0, shared)
    before = np.array([measures(one.before, one.relevant) for one in judged])
    after = np.array([measures(one.after, one.relevant) for one in judged])
    return Compared(
        questions=len(asked),
        judged=len(judged),
        overlap=shared,
        before=dict(zip(MEASURES, before.mean(axis=0).tolist(), strict=True)),
        after=dict(zip(MEASURES, after.mean(axis=0).tolist(), strict=True)),
        difference={
            name: paired_bootstrap(after[:, at], before[:, at], seed)
            for at, name in enumerate(MEASURES)
        },
    )
