"""Patches of like colour in a small picture, and what they make as the likest are joined.

Cut as by Felzenszwalb and Huttenlocher (2004), joined as by Uijlings and others (2013): things are
patches on some step of the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Edges = tuple[int, int, int, int]  # left, top, right, bottom in pixels, the last two beyond
_SCALE = 75.0  # how much patches of a pixel may differ inside, shared out as they grow
_LEAST = 10  # pixels of a patch
_BESIDE = (  # pairs of neighbours: to the right, below, and both diagonals
    (np.s_[:, :-1], np.s_[:, 1:]),
    (np.s_[:-1], np.s_[1:]),
    (np.s_[:-1, :-1], np.s_[1:, 1:]),
    (np.s_[:-1, 1:], np.s_[1:, :-1]),
)


def patches(pixels: npt.NDArray[np.uint8]) -> Labels:
    """Tell of each pixel (h, w) of a picture (h, w, 3) to which patch it belongs."""
    height, width = pixels.shape[:2]
    pairs, steps = _neighbours(_smooth(pixels))
    of, size = list(range(height * width)), [1] * (height * width)
    bound = [_SCALE] * (height * width)

    def patch(pixel: int) -> int:
        while of[pixel] != pixel:
            of[pixel] = of[of[pixel]]
            pixel = of[pixel]
        return pixel

    for (one, other), step in zip(pairs, steps, strict=True):
        a, b = patch(one), patch(other)
        if a != b and step <= bound[a] and step <= bound[b]:
            of[b], size[a] = a, size[a] + size[b]
            bound[a] = step + _SCALE / size[a]
    for one, other in pairs:
        a, b = patch(one), patch(other)
        if a != b and min(size[a], size[b]) < _LEAST:
            of[b], size[a] = a, size[a] + size[b]
    found = np.array([patch(pixel) for pixel in range(height * width)])
    return np.unique(found, return_inverse=True)[1].reshape(height, width)


def _smooth(pixels: npt.NDArray[np.uint8]) -> Floats:
    wide = np.pad(pixels.astype(np.float32), ((1, 1), (1, 1), (0, 0)), "edge")
    across = wide[1:-1, :-2] + wide[1:-1, 2:] + wide[:-2, 1:-1] + wide[2:, 1:-1]
    return np.asarray((across + 2 * wide[1:-1, 1:-1]) / 6, np.float32)


def _neighbours(colours: Floats) -> tuple[list[list[int]], list[float]]:
    """Give pairs of neighbours and how far their colours are apart, the nearest first."""
    numbers = np.arange(colours.shape[0] * colours.shape[1]).reshape(colours.shape[:2])
    pairs = [np.stack([numbers[a].ravel(), numbers[b].ravel()], 1) for a, b in _BESIDE]
    apart = [np.linalg.norm(colours[a] - colours[b], axis=2).ravel() for a, b in _BESIDE]
    every = np.concatenate(apart)
    order = np.argsort(every, kind="stable")
    return np.concatenate(pairs)[order].tolist(), every[order].tolist()


@dataclass(slots=True)
class _Patch:
    """One on the way: its box, its pixels by colour, and those that it touches."""

    edges: Edges
    colours: Floats  # (bins,) how many pixels have each
    size: int
    beside: set[int] = field(default_factory=set)


def joined(labels: Labels, colours: Floats) -> Iterator[Edges]:
    """Give the boxes of patches, then of what each join makes; colours are (h, w, bins)."""
    known = dict(enumerate(_singles(labels, colours)))
    yield from (one.edges for one in known.values())
    for a, b in ((labels[:, :-1], labels[:, 1:]), (labels[:-1], labels[1:])):
        for one, other in np.unique(np.stack([a[a != b], b[a != b]], 1), axis=0).tolist():
            known[one].beside.add(other)
            known[other].beside.add(one)
    waiting = [
        (-_alike(known[one], known[other], labels.size), one, other)
        for one in known
        for other in known[one].beside
        if one < other
    ]
    heapify(waiting)
    last = len(known)
    while waiting:
        _, one, other = heappop(waiting)
        if one not in known or other not in known:
            continue
        made = _both(known.pop(one), known.pop(other))
        made.beside -= {one, other}
        yield made.edges
        for number in made.beside:
            near = known[number]
            near.beside = (near.beside - {one, other}) | {last}
            heappush(waiting, (-_alike(made, near, labels.size), number, last))
        known[last] = made
        last += 1


def _singles(labels: Labels, colours: Floats) -> Iterator[_Patch]:
    for number in range(int(labels.max()) + 1):
        own = labels == number
        rows, columns = np.flatnonzero(own.any(axis=1)), np.flatnonzero(own.any(axis=0))
        edges = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
        yield _Patch(edges, colours[own].sum(axis=0), int(own.sum()))


def _both(one: _Patch, other: _Patch) -> _Patch:
    edges = _around(one.edges, other.edges)
    return _Patch(
        edges, one.colours + other.colours, one.size + other.size, one.beside | other.beside
    )


def _alike(one: _Patch, other: _Patch, whole: int) -> float:
    """Say how well two patches go together: by colour, by being small, by filling their box."""
    shared = np.minimum(one.colours / one.size, other.colours / other.size).sum()
    left, top, right, bottom = _around(one.edges, other.edges)
    both = one.size + other.size
    empty = (right - left) * (bottom - top) - both
    return float(shared) - both / whole - empty / whole


def _around(one: Edges, other: Edges) -> Edges:
    first = min(one[0], other[0]), min(one[1], other[1])
    return *first, max(one[2], other[2]), max(one[3], other[3])
