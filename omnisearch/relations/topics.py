"""What a collection is about: communities of its graph, with words, sizes and examples."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from omnisearch.query.options import QueryOptions, Wish
from omnisearch.records import Hit
from omnisearch.relations.communities import Edges, communities
from omnisearch.relations.graph import Graph
from omnisearch.relations.labels import labels
from omnisearch.relations.records import Topic
from omnisearch.relations.related import allowed_nodes, hits_of
from omnisearch.storage.batch import MODALITIES

Numbers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_LEAST = 3  # segments: two that are near are a pair and no topic
_TOGETHER = 0.3  # how strongly neighbours in an item hold together


def topics(graph: Graph, options: QueryOptions) -> list[Topic]:
    """Give the communities of what passes the filters, the largest first, `k` at most."""
    wish = Wish.of(options)
    among = np.flatnonzero(allowed_nodes(graph, wish))
    if not len(among):
        return []
    edges = _edges(graph, among)
    own = communities(edges)
    own_sizes = np.bincount(own)
    ranked = np.argsort(-own_sizes, kind="stable")
    ranked = ranked[own_sizes[ranked] >= _LEAST]
    if "k" in options:
        ranked = ranked[: wish.k]
    place = np.full(len(own_sizes), -1)
    place[ranked] = np.arange(len(ranked))
    groups = np.full(len(graph.nodes), -1)
    groups[among] = place[own]
    words = labels(graph.nodes, groups, len(ranked)) if len(ranked) else []
    inside = _centrality(edges, own)
    central = np.zeros(len(graph.nodes))
    central[among] = inside
    return [
        _topic(graph, number, np.flatnonzero(groups == number), label, central)
        for number, label in enumerate(words)
    ]


def _topic(
    graph: Graph, number: int, nodes: Numbers, label: tuple[str, ...], central: Floats
) -> Topic:
    kinds = graph.nodes.modalities[nodes]
    counts = np.bincount(kinds)
    names = {kind: MODALITIES[kind] or "vector" for kind in np.flatnonzero(counts).tolist()}
    return Topic(
        number=number + 1,
        label=label,
        segments=len(nodes),
        items=len(np.unique(graph.nodes.items[nodes])),
        modalities={
            name: int(counts[kind])
            for kind, name in sorted(names.items(), key=lambda pair: (-counts[pair[0]], pair[0]))
        },
        examples=_examples(graph, nodes, central),
    )


def _examples(graph: Graph, nodes: Numbers, central: Floats) -> tuple[Hit, ...]:
    """Give the most central node of each modality, the most central of all first."""
    order = nodes[np.argsort(-central[nodes], kind="stable")]
    _, firsts = np.unique(graph.nodes.modalities[order], return_index=True)
    return tuple(hits_of(graph, order[np.sort(firsts)].tolist()))


def _edges(graph: Graph, among: Numbers) -> Edges:
    """Take the links among some nodes, and those between neighbours in an item."""
    starts, targets, strengths = graph.edges
    sources = np.repeat(np.arange(len(graph.nodes)), np.diff(starts))
    place = np.full(len(graph.nodes), -1)
    place[among] = np.arange(len(among))
    inside = (place[sources] >= 0) & (place[targets] >= 0)
    items = graph.nodes.items[among]
    order = np.argsort(items, kind="stable")
    beside = np.flatnonzero(np.diff(items[order]) == 0)
    left, right = order[beside], order[beside + 1]
    return Edges(
        len(among),
        np.concatenate([place[sources[inside]], left, right]),
        np.concatenate([place[targets[inside]], right, left]),
        np.concatenate([strengths[inside].astype(np.float64), np.full(2 * len(beside), _TOGETHER)]),
    )


def _centrality(edges: Edges, own: Numbers) -> Floats:
    """Give how strongly each node is linked within its community."""
    inside = own[edges.sources] == own[edges.targets]
    found = np.bincount(edges.sources[inside], edges.weights[inside], edges.count)
    return found.astype(np.float64)
