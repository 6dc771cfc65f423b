"""Locked heads: features to a sentence vector of frozen MiniLM; and the way back to soft tokens.

Pictures of things that no training picture shows are reached by class prototypes: features steered
towards a class of the image tower, which must find the text of that class among all classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Sense = Literal["visual", "audio"]
WHOLE = 2  # rows of a picture's features that are about all of it
GAIN = 0.5  # of soft tokens; what MiniLM's own embeddings have is 0.62


def summary(features: Tensor, sense: Sense) -> Tensor:
    """Give what a locked head reads of features (n, k, in): one row each."""
    if sense == "visual":
        return features[:, :WHOLE].flatten(1)
    return torch.cat((features.mean(1), features.amax(1)), dim=1)


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
        return functional.normalize(self.said(features), dim=-1)

    def said(self, features: Tensor) -> Tensor:
        """Give the vectors before they are made as long as each other."""
        standard = ((features - self.mean) / self.deviation).clamp(-8, 8)
        inner = self.dropout(functional.gelu(self.inner(self.norm(standard))))
        said: Tensor = self.outer(inner)
        return said


@torch.no_grad()
def side_by_side(heads: Sequence[LockedHead], features: Tensor) -> LockedHead:
    """Put several heads of one data side by side in a wide one, which adds up what they say.

    Each counts as much as others over these features; what scales a norm moves into the map behind.
    """
    first = heads[0]
    hidden, in_dim = first.inner.weight.shape
    wide = LockedHead(in_dim, hidden * len(heads), len(first.outer.bias), first.dropout.p)
    wide.mean.copy_(first.mean)
    wide.deviation.copy_(first.deviation)
    lengths = [head.eval().said(features).norm(dim=1).mean() for head in heads]
    wide.inner.weight.copy_(torch.cat([x.inner.weight * x.norm.weight for x in heads]))
    wide.inner.bias.copy_(torch.cat([x.inner(x.norm.bias) for x in heads]))
    parts = [(x.outer, length) for x, length in zip(heads, lengths, strict=True)]
    wide.outer.weight.copy_(torch.cat([x.weight / length for x, length in parts], dim=1))
    wide.outer.bias.copy_(torch.stack([x.bias / length for x, length in parts]).sum(0))
    return wide.eval()


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


class Things(nn.Module):
    """What the image tower's classes say of pictures: vectors as long as the tower is sure.

    A head that learnt the classes, and the names of the likeliest ones, count alike. Of drawings
    the tower is rarely sure.
    """

    names: Tensor  # (classes, width)

    def __init__(self, classifier: nn.Linear, names: Tensor, head: LockedHead) -> None:
        super().__init__()
        self.classifier, self.head = classifier, head
        self.register_buffer("names", names)

    def forward(self, features: Tensor) -> Tensor:
        """Read features (n, k, in) of pictures; gives (n, width)."""
        logits = self.classifier(features[:, 0])
        mixed, sure = named(logits, self.names)
        return functional.normalize(mixed + self.head(summary(features, "visual")), dim=-1) * sure


def named(logits: Tensor, names: Tensor, top: int = 10) -> tuple[Tensor, Tensor]:
    """Mix the names (classes, width) of the likeliest classes by probability; also the highest."""
    best = logits.softmax(1).topk(min(top, len(names)), dim=1)
    mixed = torch.einsum("nk,nkd->nd", best.values, names[best.indices])
    return functional.normalize(mixed, dim=-1), best.values[:, :1]
