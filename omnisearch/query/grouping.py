"""From judged candidates to hits: best first, one for each item, near-duplicates folded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from omnisearch.query.judging import Judged
from omnisearch.query.options import Wish
from omnisearch.storage import batch, rows
from omnisearch.storage.generation import Generation

Floats = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]


@dataclass(slots=True)
class Grouped:
    """Places among the candidates, best first, and how many each stands for besides itself."""

    places: list[int] = field(default_factory=list)
    folded: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Names:
    """The ids of segments and of their items."""

    segments: Sequence[str]
    items: Sequence[str]


def names(now: Generation, positions: Positions) -> Names:
    """Read the ids behind rows."""
    segments, items = [""] * len(positions), [""] * len(positions)
    for places, part in rows.by_part(now, positions):
        tables = rows.tables(now, positions[places], part)
        at = iter(places.tolist())
        for table in tables:
            columns = [table.column(one).to_pylist() for one in (batch.SEGMENT, batch.ITEM)]
            for segment, item in zip(*columns, strict=True):
                place = next(at)
                segments[place], items[place] = segment, item or segment
    return Names(segments, items)


def group(now: Generation, judged: Judged, wish: Wish, left_out: frozenset[str]) -> Grouped:
    """Walk down the candidates; what is folded leaves its place to the next."""
    found, seen = Grouped(), dict[str, int]()
    for place, segment, item in _descending(now, judged):
        if item in left_out:
            continue
        name = item if wish.group_by == "item" else segment
        if name in seen:
            found.folded[seen[name]] += 1
            continue
        seen[name] = len(found.places)
        found.places.append(place)
        found.folded.append(0)
    return found


def _descending(now: Generation, judged: Judged) -> Iterator[tuple[int, str, str]]:
    """Give candidates with their ids, best first, equal ones by id."""
    order = np.argsort(-judged.order, kind="stable")
    found = names(now, judged.segments.keys[order])
    values = judged.order[order]
    edges = np.flatnonzero(values[1:] != values[:-1]) + 1
    for begin, end in zip([0, *edges.tolist()], [*edges.tolist(), len(order)], strict=True):
        if begin == end:
            continue
        run: Sequence[int] = range(begin, end)
        if end - begin > 1:
            run = sorted(run, key=found.segments.__getitem__)
        for at in run:
            yield int(order[at]), found.segments[at], found.items[at]
