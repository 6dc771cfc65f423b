"""A small network that lets each word of a query look at a candidate, and gives a score.

A candidate's tokens come from several places: last states of words and media, soft tokens, vectors
that stand beside. Each word, and the query's vector, attends to the tokens of each origin that it
is most like; how alike these are, by how much each word and each origin matters, is the score.
Untrained, tokens are compared as they are. Scores of one query compare with each other only.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnisearch.training.reranking.readings import ORIGINS

_ASKING = ("word", "vector")  # what a query has


@dataclass(frozen=True)
class Shape:
    """How wide everything is; a change of low rank leaves most of what the encoder knows."""

    width: int = 384
    rank: int = 32
    dropout: float = 0.2


class Changes(nn.Module):
    """One change of low rank for each sort of token; none of them changes anything at first."""

    def __init__(self, sorts: int, shape: Shape) -> None:
        super().__init__()
        self.down = nn.Parameter(0.05 * torch.randn(sorts, shape.width, shape.rank))
        self.up = nn.Parameter(torch.zeros(sorts, shape.rank, shape.width))
        self.dropout = nn.Dropout(shape.dropout)

    def forward(self, tokens: Tensor, sort: int) -> Tensor:
        """Give unit tokens (..., width)."""
        changed = tokens + self.dropout(tokens @ self.down[sort]) @ self.up[sort]
        return functional.normalize(changed, dim=-1)


class Reranker(nn.Module):
    """Judges lists of candidates, each query its own."""

    def __init__(self, shape: Shape | None = None) -> None:
        super().__init__()
        self.shape = shape or Shape()
        self.asking = Changes(len(_ASKING), self.shape)
        self.candidate = Changes(len(ORIGINS), self.shape)
        self.matters = nn.Linear(self.shape.width, 1)
        nn.init.zeros_(self.matters.weight)
        self.sharpness = nn.Parameter(torch.full((len(_ASKING), len(ORIGINS)), 2.3))  # ln 10
        self.shares = nn.Parameter(torch.full((len(_ASKING), len(ORIGINS)), 0.1))
        self.weight = nn.Parameter(torch.tensor(3.0))  # ln 20, of scores beside odds in the loss

    def forward(
        self, words: Tensor, there: Tensor, vectors: Tensor, tokens: Tensor, origins: Tensor
    ) -> Tensor:
        """Give the scores (q, n) of n candidates for each query.

        Queries are states of words (q, t, width), which of them are there (q, t), and vectors
        (q, width); candidates are tokens (q, n, s, width) and their origins (q, n, s).
        """
        asked = self.asking(words, 0), self.asking(vectors, 1)[:, None]
        weights = self.matters(words).squeeze(2).masked_fill(~there, -torch.inf).softmax(1)
        each = weights, torch.ones_like(weights[:, :1])
        scores = tokens.new_zeros(tokens.shape[:2])
        for number in range(len(ORIGINS)):
            picked, own = _picked(tokens, origins == number)
            if not own.shape[2]:
                continue
            seen = self.candidate(picked, number)
            for sort, (items, shares) in enumerate(zip(asked, each, strict=True)):
                alike = self._alike(items, seen, own, self.sharpness[sort, number].exp())
                found = torch.einsum("qt,qtn->qn", shares, alike)
                scores = scores + self.shares[sort, number] * found
        return scores

    @staticmethod
    def _alike(items: Tensor, tokens: Tensor, own: Tensor, sharpness: Tensor) -> Tensor:
        """Tell how alike items (q, t, width) are to what they attend to (q, t, n); 0 to nothing."""
        cosines = torch.einsum("qtd,qnsd->qtns", items, tokens)
        hidden = ~own[:, None]
        attention = (cosines * sharpness).masked_fill(hidden, -1e4).softmax(3)
        return (attention * cosines.masked_fill(hidden, 0)).sum(3)


def _picked(tokens: Tensor, own: Tensor) -> tuple[Tensor, Tensor]:
    """Give those tokens (q, n, most, width) that are marked, and which of these are there."""
    most = int(own.sum(2).max())
    first = (~own).int().argsort(dim=2, stable=True)[:, :, :most]
    wide = first[..., None].expand(-1, -1, -1, tokens.shape[3])
    return tokens.gather(2, wide), own.gather(2, first)


def listed_loss(told: Tensor, right: Tensor) -> Tensor:
    """Give the cross-entropy of finding any right candidate first in each list (q, n)."""
    every = torch.logsumexp(told, 1)
    return (every - torch.logsumexp(told.masked_fill(~right, -torch.inf), 1)).mean()
