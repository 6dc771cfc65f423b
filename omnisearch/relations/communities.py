"""Communities of a graph: nodes that are linked more with each other than chance would.

Louvain's two steps (Blondel et al. 2008), for all nodes at once instead of one after another: nodes
move to the community of their neighbours that gains the most modularity, half of them at a time so
that two do not swap for ever; then communities become nodes. Nothing is drawn, so the same graph
has the same communities.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_ROUNDS = 24  # of moving; most settle in ten
_LEVELS = 12
_SETTLED = 0.002  # of the nodes still move
_LEAST_GAIN = 1e-9  # of rounding
_MIXING = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)


@dataclass(frozen=True)
class Edges:
    """A graph of n nodes: each edge both ways, loops once with twice their weight."""

    count: int
    sources: Numbers
    targets: Numbers
    weights: Floats


def communities(edges: Edges, resolution: float = 1.0) -> Numbers:
    """Give the community (n,) of each node, numbered from 0; a lone node is one itself."""
    whole = np.arange(edges.count)
    for _ in range(_LEVELS):
        own = _compacted(_moved(edges, resolution))
        whole = own[whole]
        count = int(own.max(initial=-1)) + 1
        if count == edges.count:
            break
        edges = _joined(edges, own, count)
    return _compacted(whole)


def _moved(edges: Edges, resolution: float) -> Numbers:
    count, total = edges.count, float(edges.weights.sum())
    own = np.arange(count)
    if total <= 0:
        return own
    degrees: Floats = np.bincount(edges.sources, edges.weights, count).astype(np.float64)
    for turn in range(_ROUNDS):
        best = _best(edges, own, degrees, resolution / total)
        going = best != own
        own = np.where(going & _half(count, turn), best, own)
        if np.count_nonzero(going) <= _SETTLED * count:
            break
    return own


def _best(edges: Edges, own: Numbers, degrees: Floats, scale: float) -> Numbers:
    """Find where each node would gain the most modularity; of equal gains the first number."""
    count, sums = edges.count, np.bincount(own, degrees, edges.count)
    apart = edges.sources != edges.targets
    names = edges.sources[apart] * count + own[edges.targets[apart]]
    order = np.argsort(names, kind="stable")
    begins = np.flatnonzero(np.diff(names[order], prepend=-1))
    if not len(begins):
        return own
    pairs = names[order][begins]
    drawn = np.add.reduceat(edges.weights[apart][order], begins)
    nodes, groups = pairs // count, pairs % count
    home = groups == own[nodes]
    others = sums[groups] - np.where(home, degrees[nodes], 0)  # what is there without the node
    gains = drawn - scale * degrees[nodes] * others
    stay = -scale * degrees * (sums[own] - degrees)
    stay[nodes[home]] = gains[home]
    ranked = np.lexsort((groups, -gains, nodes))
    first = ranked[np.flatnonzero(np.diff(nodes[ranked], prepend=-1))]
    best = own.copy()
    better = first[gains[first] > stay[nodes[first]] + _LEAST_GAIN]
    best[nodes[better]] = groups[better]
    return best


def _half(count: int, turn: int) -> npt.NDArray[np.bool_]:
    """Mark half of the nodes, others each time and without a pattern (the mixing of SplitMix64)."""
    with np.errstate(over="ignore"):
        mixed = (np.arange(count, dtype=np.uint64) + np.uint64(turn * count + 1)) * _MIXING[0]
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIXING[1]
    return np.asarray(mixed >> np.uint64(63), bool)


def _compacted(own: Numbers) -> Numbers:
    """Count communities from 0, in the order of their first nodes."""
    _, firsts, found = np.unique(own, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(firsts))[found]


def _joined(edges: Edges, own: Numbers, count: int) -> Edges:
    """Make communities nodes: links inside one become its loop."""
    names = own[edges.sources] * count + own[edges.targets]
    order = np.argsort(names, kind="stable")
    begins = np.flatnonzero(np.diff(names[order], prepend=-1))
    pairs = names[order][begins]
    weights = np.add.reduceat(edges.weights[order], begins) if len(begins) else np.zeros(0)
    return Edges(count, pairs // count, pairs % count, weights)
