"""Locked heads: features to a sentence vector of frozen MiniLM; and the way back to soft tokens.

Pictures of things that no training picture shows are reached by class prototypes: features steered
towards a class of the image tower, which must find the text of that class among all classes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

GAIN = 0.5  # of soft tokens; what MiniLM's own embeddings have is 0.62


class LockedHead(nn.Module):
    """Features (n, in) to unit vectors (n, width) in the space of the frozen backbone."""

    mean: Tensor
    deviation: Tensor

    def __init__(
        self, in_dim: int, hidden: int = 768, width: int = 384, dropout: float = 0.2
    ) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(in_dim))
        self.register_buffer("deviation", torch.ones(in_dim))
        self.norm = nn.LayerNorm(in_dim)
        self.inner = nn.Linear(in_dim, hidden)
        self.dropout = nn.Dropout(dropout)
        self.outer = nn.Linear(hidden, width)

    def standardise(self, features: Tensor) -> None:
        """Take mean and deviation of each feature from the training set."""
        self.mean.copy_(features.mean(0))
        self.deviation.copy_(features.std(0).clamp(min=1e-3))

    def forward(self, features: Tensor) -> Tensor:
        """Give unit vectors (n, width)."""
        standard = ((features - self.mean) / self.deviation).clamp(-8, 8)
        inner = self.dropout(functional.gelu(self.inner(self.norm(standard))))
        return functional.normalize(self.outer(inner), dim=-1)


class Ensemble(nn.Module):
    """Several heads whose vectors are averaged."""

    def __init__(self, heads: list[LockedHead]) -> None:
        super().__init__()
        self.heads = nn.ModuleList(heads)

    def forward(self, features: Tensor) -> Tensor:
        """Give unit vectors (n, width)."""
        total = torch.stack([head(features) for head in self.heads]).sum(0)
        return functional.normalize(total, dim=-1)


class InverseHead(nn.Module):
    """A sentence vector (n, width) to soft tokens which the frozen backbone reads as it."""

    def __init__(self, width: int = 384, hidden: int = 1024, tokens: int = 4) -> None:
        super().__init__()
        self.inner = nn.Linear(width, hidden)
        self.outer = nn.Linear(hidden, tokens * width)
        self.position = nn.Parameter(torch.randn(tokens, width) * 0.02)
        self.scale = nn.LayerNorm(width)
        nn.init.constant_(self.scale.weight, GAIN)

    def forward(self, vectors: Tensor) -> Tensor:
        """Give soft tokens (n, tokens, width)."""
        tokens: Tensor = self.scale(self.raw(vectors))
        return tokens

    def raw(self, vectors: Tensor) -> Tensor:
        """Give the tokens before they are scaled, so that more can be added to them."""
        wide: Tensor = self.outer(functional.gelu(self.inner(vectors * vectors.shape[1] ** 0.5)))
        return torch.unflatten(wide, 1, self.position.shape) + self.position


def steered(
    pooled: Tensor, weight: Tensor, bias: Tensor, labels: Tensor, random: torch.Generator
) -> Tensor:
    """Move the tower's features (n, d) so that each one's class leads by a margin of 1 to 7.

    `weight` (classes, d) and `bias` are the tower's classifier; features stay in its range, 0 to 6.
    """
    shrink = torch.rand(len(pooled), 1, generator=random)
    start = pooled * shrink
    logits = start @ weight.T + bias  # (n, classes)
    own = logits.gather(1, labels[:, None])
    margin = 1 + 6 * torch.rand(len(pooled), 1, generator=random)
    lacking = logits.max(1, keepdim=True).values - own + margin
    direction = weight[labels]
    step = lacking.clamp(min=0) / direction.square().sum(1, keepdim=True)
    return (start + step * direction).clamp(0, 6)


def named(pooled: Tensor, weight: Tensor, bias: Tensor, texts: Tensor, top: int = 10) -> Tensor:
    """Give the mean of the class texts (classes, width) by the likeliest classes' probabilities.

    It is as long as the likeliest class is probable: of drawings the tower is rarely sure.
    """
    best = (pooled @ weight.T + bias).softmax(1).topk(min(top, len(weight)), dim=1)
    mixed = torch.einsum("nk,nkd->nd", best.values, texts[best.indices])
    return functional.normalize(mixed, dim=-1) * best.values[:, :1]
