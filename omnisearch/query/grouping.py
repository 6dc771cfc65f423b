"""From judged candidates to hits: best first, one for each item, near-duplicates folded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from omnisearch.query.collapse import Duplicates
from omnisearch.query.fusing import among
from omnisearch.query.judging import Judged
from omnisearch.query.names import items, segment
from omnisearch.query.options import Wish
from omnisearch.storage.generation import Generation

Floats = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]


@dataclass(slots=True)
class Grouped:
    """Places among the candidates, best first, and how many each stands for besides itself.

    `odds` are those of the hits in the light of those above them; candidates of less than `least`
    are no hits.
    """

    least: float
    places: list[int] = field(default_factory=list)
    folded: list[int] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    odds: Floats = field(default_factory=lambda: np.zeros(0, np.float32))


def group(
    now: Generation, judged: Judged, wish: Wish, left_out: frozenset[str], least: float
) -> Grouped:
    """Walk down the candidates; what is folded leaves its place to the next."""
    found, seen = Grouped(least), dict[str | int, int]()
    positions = judged.segments.keys
    alike = None if wish.collapse is None else Duplicates(now, positions, wish.collapse)
    for place, item in _descending(now, judged, least, wish.min_score):
        if item in left_out:
            continue
        name = item if wish.group_by == "item" else place
        hit = seen.get(name)
        if hit is None and alike is not None:
            hit = alike.of(place)
        if hit is None:
            hit = len(found.places)
            found.places.append(place)
            found.folded.append(0)
            found.items.append(item)
        else:
            found.folded[hit] += 1
        seen[name] = hit
    _weigh(found, judged, several=wish.group_by != "item")
    return found


def _weigh(found: Grouped, judged: Judged, several: bool) -> None:
    """Judge hits beside each other, and end the list where they are no longer sure enough."""
    found.odds = judged.odds[found.places] if found.places else found.odds
    if not judged.rivals or not found.places:
        return
    alone, modalities = found.odds, judged.modalities(found.places)
    found.odds = among(alone, modalities, found.items if several else None)
    kept = int(np.count_nonzero(found.odds >= found.least))
    if kept < len(found.places):
        found.least = float(alone[kept])
        for column in (found.places, found.folded, found.items):
            del column[kept:]
        found.odds = found.odds[:kept]


def _descending(
    now: Generation, judged: Judged, least: float, min_score: float | None
) -> Iterator[tuple[int, str]]:
    """Give candidates with their items, best first, equal ones by id; none of lower odds."""
    order = np.argsort(-judged.order, kind="stable")
    order = order[judged.odds[order] >= least]
    if min_score is not None:
        order = order[judged.scores[order] >= min_score]
    values = judged.order[order]
    owners = items(now, judged.segments.keys[order])
    if (values[1:] != values[:-1]).all():
        yield from zip(order.tolist(), owners, strict=True)
        return
    keys, places = judged.segments.keys[order].tolist(), order.tolist()
    for begin, end in _runs(values):
        run: Sequence[int] = range(begin, end)
        if end - begin > 1:
            run = sorted(run, key=lambda at: segment(now, keys[at]))
        for at in run:
            yield places[at], owners[at]


def _runs(values: Floats) -> Iterator[tuple[int, int]]:
    """Cut sorted numbers where they change."""
    edges = (np.flatnonzero(values[1:] != values[:-1]) + 1).tolist()
    if len(values):
        yield from zip([0, *edges], [*edges, len(values)], strict=True)
