"""From judged candidates to hits: best first, one for each item, near-duplicates folded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from omnisearch.query.collapse import Duplicates
from omnisearch.query.fusing import among, least_alone
from omnisearch.query.judged import Judged
from omnisearch.query.names import items, numbered, segment
from omnisearch.query.options import Wish
from omnisearch.storage.generation import Generation

Floats = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]


@dataclass(slots=True)
class Grouped:
    """Places among the candidates, best first, and how many each stands for besides itself.

    `odds` are those of the hits that are asked for, in the light of those above them; candidates of
    less than `least` are no hits. `withheld` are those that must not be shown, best first.
    """

    least: float
    places: Positions
    folded: Positions
    odds: Floats
    withheld: Positions


def group(now: Generation, judged: Judged, wish: Wish, left_out: frozenset[str]) -> Grouped:
    """Let each item and what is alike have one hit; what is folded leaves its place to the next."""
    least, keys = least_alone(wish.least, judged.joint), judged.segments.keys
    order = _descending(now, judged, least, wish.min_score)
    if left_out and len(order):
        order = order[[name not in left_out for name in items(now, keys[order])]]
    withheld = order[:0]
    if judged.why is not None:
        kept = judged.why[order] == ""
        order, withheld = order[kept], order[~kept]
    owners = np.arange(len(order))
    if wish.group_by == "item" and len(order):
        owners = numbered(now, keys[order])
    if wish.collapse is None:
        firsts, folded = _firsts(owners)
    else:
        firsts, folded = _unlike(order, owners, Duplicates(now, keys, wish.collapse))
    places = order[firsts]
    found = Grouped(least, places, folded, judged.odds[places[: wish.reach]], withheld)
    if judged.rivals and len(places):
        _weigh(now, found, judged, wish)
    return found


def _firsts(owners: Positions) -> tuple[Positions, Positions]:
    """Give the first place of each owner, ascending, and how many others it has."""
    together = np.argsort(owners, kind="stable")
    edges = _edges(owners[together])
    begins = edges[:-1]
    firsts, totals = together[begins], edges[1:] - begins
    ascending = np.argsort(firsts)
    return firsts[ascending], totals[ascending] - 1


def _unlike(order: Positions, owners: Positions, alike: Duplicates) -> tuple[Positions, Positions]:
    """Do the same where an owner that looks like another is folded into it."""
    firsts, folded, seen = list[int](), list[int](), dict[int, int]()
    for at, (place, owner) in enumerate(zip(order.tolist(), owners.tolist(), strict=True)):
        hit = seen.get(owner)
        if hit is None:
            hit = alike.of(place)
        if hit is None:
            hit = len(firsts)
            firsts.append(at)
            folded.append(0)
        else:
            folded[hit] += 1
        seen[owner] = hit
    return np.array(firsts, np.int64), np.array(folded, np.int64)


def _weigh(now: Generation, found: Grouped, judged: Judged, wish: Wish) -> None:
    """Judge hits beside each other, and end the list where they are no longer sure enough.

    What is below a hit does not bear on it, so those are looked at that are asked for.
    """
    alone = found.odds
    places = found.places[: len(alone)]
    several = wish.group_by != "item"
    owners = items(now, judged.segments.keys[places]) if several else None
    found.odds = among(alone, judged.modalities(places), owners, judged.joint)
    kept = int(np.count_nonzero(found.odds >= wish.least))
    if kept < len(alone):
        found.least = float(alone[kept])
        found.places, found.folded = places[:kept], found.folded[:kept]
        found.odds = found.odds[:kept]


def _descending(
    now: Generation, judged: Judged, least: float, min_score: float | None
) -> Positions:
    """Order candidates, best first, equal ones by id; none of lower odds."""
    order = np.argsort(-judged.order, kind="stable")
    order = order[judged.odds[order] >= least]
    if min_score is not None:
        order = order[judged.scores[order] >= min_score]
    values, keys = judged.order[order], judged.segments.keys
    edges = _edges(values)
    for run in np.flatnonzero(edges[1:] - edges[:-1] > 1).tolist():
        alike = slice(int(edges[run]), int(edges[run + 1]))
        names = [segment(now, position) for position in keys[order[alike]].tolist()]
        order[alike] = order[alike][sorted(range(len(names)), key=names.__getitem__)]
    return order


def _edges(values: Floats | Positions) -> Positions:
    """Give where runs of equal values begin, and where the last one ends."""
    differ = np.ones(len(values) + 1, bool)
    differ[1:-1] = values[1:] != values[:-1]  # `np.diff` takes ten times as long
    return np.flatnonzero(differ)
