"""What has to do with a segment or an item, over one step or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest

import numpy as np
import numpy.typing as npt

from omnisearch.errors import QueryError
from omnisearch.query.hits import Fit, hit_of
from omnisearch.query.names import segment
from omnisearch.query.nearest import mask
from omnisearch.query.options import QueryOptions, Wish
from omnisearch.query.rows import read_records
from omnisearch.query.snippets import Snippets
from omnisearch.records import Hit
from omnisearch.relations.graph import Graph
from omnisearch.relations.records import RELATIONS, Related, Relation, Step
from omnisearch.relations.steps import Move, Steps
from omnisearch.storage import sides
from omnisearch.storage.wholes import segments

Mask = npt.NDArray[np.bool_]

MOST_HOPS = 4
_WIDE = 32  # nodes that are stepped on from, of each distance: the strongest


@dataclass(frozen=True, slots=True)
class RelatedWish:
    """What is wanted of the relations of an id, checked."""

    hops: int
    by: frozenset[Relation]
    options: Wish

    @classmethod
    def of(
        cls, hops: object, by: Relation | Sequence[Relation] | None, options: QueryOptions
    ) -> RelatedWish:
        """Check it; each message has the value and what is allowed."""
        if isinstance(hops, bool) or not isinstance(hops, int):
            raise TypeError(f"hops is {hops!r}: a whole number of steps")
        if not 1 <= hops <= MOST_HOPS:
            raise QueryError(f"hops is {hops}: 1 to {MOST_HOPS}")
        some = RELATIONS if by is None else (by,) if isinstance(by, str) else tuple(by)
        for one in some:
            if one not in RELATIONS:
                raise QueryError(f"by is {one!r}: there are {', '.join(RELATIONS)}")
        return cls(hops, frozenset(some), Wish.of(options))


def related(graph: Graph, name: str, wish: RelatedWish) -> list[Related]:
    """Give what is related to an id, the strongest first, each with its strongest path."""
    now = graph.nodes.now
    starts = starts_of(graph, name)
    allowed = allowed_nodes(graph, wish.options)
    ways = _walked(Steps(graph, wish.by), starts, wish.hops)
    if "near" in wish.by:
        _fill(graph, ways, starts, allowed, wish.options.k)
    strongest = nlargest(
        wish.options.k,
        (node for node in ways if allowed[node] and node not in starts),
        key=lambda node: (ways[node].strength, -node),
    )
    hits = hits_of(graph, strongest)
    names = {node: segment(now, int(graph.nodes.rows[node])) for node in _met(ways, strongest)}
    return [
        Related(hit, tuple(_told(step, names) for step in ways[node].steps))
        for hit, node in zip(hits, strongest, strict=True)
    ]


def starts_of(graph: Graph, name: str) -> frozenset[int]:
    """Find the nodes of an id: of a segment, or of all segments of an item."""
    rows = segments(graph.nodes.now, graph.nodes.now.named([name])[0])
    if not len(rows):
        raise QueryError(f"id {name!r} is not stored: give the id of a hit or of an item")
    return frozenset(graph.nodes.of_row[rows].tolist())


def allowed_nodes(graph: Graph, options: Wish) -> Mask:
    """Mark the nodes that may be shown."""
    nodes = graph.nodes
    rows = mask(nodes.now, options.where, options.params)
    allowed = nodes.shown.copy()
    if rows is not None:
        allowed &= rows[nodes.rows] | ((nodes.beside >= 0) & rows[nodes.beside])
    if options.modality is not None:
        wanted = [sides.kind_of(one, "content") for one in options.modality]
        allowed &= np.isin(nodes.modalities, wanted)
    return allowed


def hits_of(graph: Graph, nodes: Sequence[int]) -> list[Hit]:
    """Read nodes as hits; nothing was asked, so none has a score."""
    now, rows = graph.nodes.now, graph.nodes.rows[list(nodes)].astype(np.int64)
    cut, ledger = Snippets(), now.sealed.place.ledgers.newest
    beside = graph.nodes.beside[list(nodes)]
    found: list[Hit] = []
    for record, said in zip(read_records(now, rows), beside.tolist(), strict=True):
        words = record.words
        if said >= 0:
            words = read_records(now, np.array([said], np.int64))[0].words or words
        snippet = cut.cut(words) if words else None
        name = segment(now, int(rows[len(found)]))
        found.append(hit_of(record, name, ledger, snippet, Fit({})))
    return found


@dataclass(frozen=True, slots=True)
class _Way:
    """The strongest way to a node that is known."""

    strength: float
    steps: tuple[Move, ...]


def _walked(steps: Steps, starts: frozenset[int], hops: int) -> dict[int, _Way]:
    """Step on from the strongest nodes of each distance; a path never comes back to its start."""
    ways = dict.fromkeys(sorted(starts), _Way(1.0, ()))
    shown = steps.graph.nodes.shown
    front = sorted(starts)[:_WIDE]
    for _ in range(hops):
        reached: dict[int, _Way] = {}
        for node in front:
            before = ways[node]
            for move in steps.moves(node):
                way = _Way(before.strength * move.strength, (*before.steps, move))
                best = reached.get(move.node) or ways.get(move.node)
                if shown[move.node] and (best is None or way.strength > best.strength):
                    reached[move.node] = way
        ways.update(reached)
        front = nlargest(_WIDE, reached, key=lambda node: (ways[node].strength, -node))
    return ways


def _fill(
    graph: Graph, ways: dict[int, _Way], starts: frozenset[int], allowed: Mask, k: int
) -> None:
    """Add the nearest of what is asked for: links lead to few of what a filter leaves."""
    for start in sorted(starts)[:_WIDE]:
        nodes, strengths = graph.nearest(start, allowed, k)
        for node, strength in zip(nodes.tolist(), strengths.tolist(), strict=True):
            if node not in ways or strength > ways[node].strength:
                ways[node] = _Way(strength, (Move(node, "near", strength),))


def _met(ways: Mapping[int, _Way], ends: Sequence[int]) -> set[int]:
    return {step.node for end in ends for step in ways[end].steps}


def _told(move: Move, names: Mapping[int, str]) -> Step:
    return Step(move.relation, names[move.node], move.strength, move.why)
