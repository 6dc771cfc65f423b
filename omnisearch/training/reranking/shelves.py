"""What a reranker reads: queries in words, and shelves of candidates of several kinds.

Every item keeps the vector that it is first found by. A reranker reads the last states of words and
the features of media. Shelves also tell which wrong candidates stand nearest to each query.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from omnisearch.training.encoder.omni import Omni
from omnisearch.training.export.shipped import Parts, Shipped, Weights
from omnisearch.training.lessons.corpus import KINDS
from omnisearch.training.lessons.pairs import Pairs, Rows, Side, same
from omnisearch.training.reranking.reranker import Reranker
from omnisearch.training.towers.backbone import pooled

LONGEST = 40  # states of a candidate; words of longer pages and texts are left to its vector
WORDS = 24  # of a query
_BATCH = 128
_BLOCK = 512  # queries compared at once
Flags = NDArray[np.bool_]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Queries:
    """Texts that ask, of several kinds one after the other."""

    kinds: NDArray[np.int64]  # numbers in KINDS (n,)
    concepts: Sequence[str]
    own: Rows  # the place of each one's own candidate on the shelf
    vectors: Floats
    states: NDArray[np.float16]  # (n, t, width)
    mask: Flags  # (n, t)

    def __len__(self) -> int:
        return len(self.kinds)

    def take(self, rows: Rows) -> Queries:
        """Keep some queries."""
        return Queries(
            self.kinds[rows],
            [self.concepts[row] for row in rows],
            self.own[rows],
            self.vectors[rows],
            self.states[rows],
            self.mask[rows],
        )

    def words(self, rows: Rows) -> tuple[Tensor, Tensor]:
        """Give states and mask of some queries, no longer than they need."""
        mask = torch.from_numpy(self.mask[rows])
        longest = int(mask.sum(1).max())
        states = torch.from_numpy(self.states[rows, :longest].astype(np.float32))
        return states, mask[:, :longest]


class Shelf:
    """Candidates of several kinds, one after the other."""

    def __init__(
        self, shipped: Shipped, pairs: Mapping[str, Pairs], weights: Mapping[str, Weights]
    ) -> None:
        self.sides = [pairs[kind].candidate for kind in KINDS]
        self.concepts = [name for kind in KINDS for name in pairs[kind].concepts]
        sizes = [len(side) for side in self.sides]
        self.starts = np.concatenate(([0], np.cumsum(sizes)))
        self.kinds = np.repeat(np.arange(len(KINDS)), sizes)
        read = [states(shipped.encoder, side, LONGEST) for side in self.sides]
        self.states, self.masks, fused = zip(*read, strict=True)
        found = [
            Parts(one, shipped.beside(side, np.arange(len(side)))).together(weights.get(kind, {}))
            for kind, side, one in zip(KINDS, self.sides, fused, strict=True)
        ]
        self.vectors = np.concatenate(found)
        rows = {side.channel: side.media(np.arange(1)) for side in self.sides if side.channel}
        self.empty = {
            channel: torch.zeros(1, 0, media.shape[-1])
            for channel, media in rows.items()
            if channel is not None
        }

    def __len__(self) -> int:
        return len(self.kinds)

    def read(self, reranker: Reranker, places: Rows) -> list[tuple[Rows, Tensor, Tensor]]:
        """Give tokens (n, s, width) and masks kind by kind: a page has more of them than a picture.

        Before each stands which of the places are of that kind.
        """
        found = []
        for kind in np.unique(self.kinds[places]):
            own = np.flatnonzero(self.kinds[places] == kind)
            found.append((own, *self._read(reranker, kind, places[own] - self.starts[kind])))
        return found

    @torch.no_grad()
    def every(self, reranker: Reranker) -> tuple[Tensor, Tensor]:
        """Read all candidates, in order."""
        chunks = np.array_split(np.arange(len(self)), -(-len(self) // _BATCH))
        parts = [part[1:] for places in chunks for part in self.read(reranker, places)]
        return _joined(parts)

    def _read(self, reranker: Reranker, kind: int, rows: Rows) -> tuple[Tensor, Tensor]:
        mask = torch.from_numpy(self.masks[kind][rows])
        side = self.sides[kind]
        # the encoder knows the media of the training split too well: their states give them away
        longest = int(mask.sum(1).max()) if side.texts is not None else 0
        found = torch.from_numpy(self.states[kind][rows, :longest].astype(np.float32))
        given = {name: x.expand(len(rows), -1, -1) for name, x in self.empty.items()}
        if side.channel is not None:
            media = torch.from_numpy(side.media(rows))
            given[side.channel] = media.mean(1) if media.ndim == 4 else media
        tokens: tuple[Tensor, Tensor] = reranker.read(found, mask[:, :longest], **given)
        return tokens


def asked(
    shipped: Shipped, pairs: Mapping[str, Pairs], chosen: Mapping[str, Rows], wording: int | None
) -> Queries:
    """Encode the texts of some rows; a seed draws a wording, otherwise the first is taken."""
    drawn = None if wording is None else np.random.default_rng(wording)
    starts = np.cumsum([0, *(len(pairs[kind]) for kind in KINDS)])
    texts = [
        _worded(pairs[kind].query.texts or [], row, drawn) for kind in KINDS for row in chosen[kind]
    ]
    found, mask, vectors = states(shipped.encoder, Side(texts=[[one] for one in texts]), WORDS)
    return Queries(
        kinds=np.concatenate([np.full(len(chosen[k]), n) for n, k in enumerate(KINDS)]),
        concepts=[pairs[kind].concepts[row] for kind in KINDS for row in chosen[kind]],
        own=np.concatenate([chosen[k] + starts[n] for n, k in enumerate(KINDS)]),
        vectors=vectors,
        states=found,
        mask=mask,
    )


def nearest(queries: Queries, shelf: Shelf, depth: int, mixed: bool) -> tuple[Rows, Flags]:
    """Give the nearest candidates (n, depth), -1 where there are no more, and which are right.

    Candidates of another kind that bear the query's concept are passed over: they are neither right
    nor wrong. Unless `mixed`, only the query's own kind is looked at.
    """
    depth = min(depth, len(shelf))
    found = np.empty((len(queries), depth), np.int64)
    right = np.empty((len(queries), depth), np.bool_)
    for at in range(0, len(queries), _BLOCK):
        rows = slice(at, at + _BLOCK)
        own = queries.kinds[rows, None] == shelf.kinds[None]
        equal = same(queries.concepts[rows], shelf.concepts)
        scores = queries.vectors[rows] @ shelf.vectors.T
        scores[equal & ~own if mixed else ~own] = -np.inf
        best = np.argpartition(-scores, depth - 1, axis=1)[:, :depth]
        order = np.argsort(-np.take_along_axis(scores, best, 1), axis=1)
        best = np.take_along_axis(best, order, 1)
        found[rows] = np.where(np.isfinite(np.take_along_axis(scores, best, 1)), best, -1)
        right[rows] = np.take_along_axis(equal & own, best, 1)
    return found, right


@torch.no_grad()
def states(model: Omni, side: Side, longest: int) -> tuple[NDArray[np.float16], Flags, Floats]:
    """Give the first states (n, t, width) of every row, which count, and the fused vectors."""
    lengths = [len(some[0]) for some in side.texts] if side.texts else [0] * len(side)
    order = np.argsort(lengths, kind="stable")  # what is alike in length is read together
    parts: list[tuple[Tensor, Tensor]] = []
    vectors = []
    for at in range(0, len(side), _BATCH):
        found, mask = model.token_states(side, order[at : at + _BATCH])
        vectors.append(pooled(found, mask))
        parts.append((found[:, :longest].half(), mask[:, :longest]))
    back = np.argsort(order)
    whole = (*_joined(parts), torch.cat(vectors))
    states, flags, fused = (x.numpy()[back] for x in whole)
    return states, flags, fused


def _joined(parts: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Lay tokens (n, s, width) and their masks below each other, filled up to the longest."""
    longest = max(mask.shape[1] for _, mask in parts)
    tokens = [functional.pad(x, (0, 0, 0, longest - x.shape[1])) for x, _ in parts]
    masks = [functional.pad(mask, (0, longest - mask.shape[1])) for _, mask in parts]
    return torch.cat(tokens), torch.cat(masks)


def _worded(wordings: Sequence[Sequence[str]], row: int, drawn: np.random.Generator | None) -> str:
    some = wordings[row]
    return some[0 if drawn is None else min(int(drawn.geometric(0.5)) - 1, len(some) - 1)]
