"""Late interaction: what needs no training, and so what a trained reranker has to beat."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from omnisearch.training.reranking.readings import ORIGINS


def maxsim(
    words: Tensor, there: Tensor, vectors: Tensor, tokens: Tensor, origins: Tensor
) -> Tensor:
    """Give the mean over words of the nearest state's cosine (q, n); shapes as in `Reranker`."""
    del vectors
    states = (origins == ORIGINS.index("state"))[:, None]
    asked, seen = functional.normalize(words, dim=-1), functional.normalize(tokens, dim=-1)
    cosines = torch.einsum("qtd,qnsd->qtns", asked, seen).masked_fill(~states, -1)
    best = cosines.max(3).values.masked_fill(~there[:, :, None], 0)
    return best.sum(1) / there.sum(1, keepdim=True)
