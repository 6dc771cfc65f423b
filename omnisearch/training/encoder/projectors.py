"""Features of pictures and sounds to soft tokens, which the backbone reads beside text.

A picture's features are rows (n, 11, 1280): the last layer's mean, what earlier layers saw, and
nine cells. A sound's are thirteen moments (n, 13, 1920). A random-init projector is two layers. A
bootstrapped one is a locked head and an inverse head, to which what lies where is added from zero.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnisearch.training.encoder.heads import GAIN, InverseHead, LockedHead, Sense, summary

FRAMES = 8  # of a video
_PLACED = 0.34  # positions of MiniLM beside its words, in deviations


class Projector(nn.Module):
    """Two layers from random init; features (n, k, in) are pooled to the number of tokens."""

    def __init__(self, in_dim: int, hidden: int, tokens: int = 4, width: int = 384) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(in_dim)
        self.inner = nn.Linear(in_dim, hidden)
        self.outer = nn.Linear(hidden, width)
        self.position = nn.Parameter(torch.randn(tokens, width) * 0.02)
        self.frame = nn.Parameter(torch.zeros(FRAMES, 1, width))
        self.scale = nn.LayerNorm(width)
        nn.init.constant_(self.scale.weight, GAIN)

    def forward(self, features: Tensor) -> Tensor:
        """Give soft tokens (n, tokens, width)."""
        inner = self.inner(self.norm(features)).transpose(1, 2)  # (n, hidden, k)
        parts = functional.adaptive_avg_pool1d(inner, len(self.position)).transpose(1, 2)
        soft: Tensor = self.scale(self.outer(functional.gelu(parts)) + self.position)
        return soft


class Bootstrapped(nn.Module):
    """What a locked head says, as an inverse head writes it, plus what lies where."""

    def __init__(
        self, sense: Sense, head: LockedHead, inverse: InverseHead, shape: tuple[int, int]
    ) -> None:
        super().__init__()
        rows, in_dim = shape
        tokens, width = inverse.position.shape
        self.sense: Sense = sense
        self.head = head
        self.inverse = inverse
        self.norm = nn.LayerNorm(in_dim)
        self.part = nn.Linear(in_dim, 96)
        self.place = nn.Linear(rows * 96, tokens * width)
        self.frame = nn.Parameter(torch.zeros(FRAMES, 1, width))
        nn.init.zeros_(self.place.weight)
        nn.init.zeros_(self.place.bias)

    def forward(self, features: Tensor) -> Tensor:
        """Give soft tokens (n, tokens, width)."""
        said = self.inverse.raw(self.head(summary(features, self.sense)))
        parts = functional.gelu(self.part(self.norm(features))).flatten(1)
        there = torch.unflatten(self.place(parts), 1, self.inverse.position.shape)
        soft: Tensor = self.inverse.scale(said + there)
        return soft


def frames(positions: Tensor, tokens: int = 4) -> Tensor:
    """Give what tells frames apart (frames, 1, width): the backbone's own positions, spread out.

    They are as large beside soft tokens as among words. From zeros, order is not learnt in time.
    """
    chosen = positions[1 : 1 + FRAMES * tokens]
    told = (chosen - chosen.mean(0))[::tokens]
    return told[:, None] * (GAIN * _PLACED / told.std())


def film(projector: Projector | Bootstrapped, frames: Tensor) -> Tensor:
    """Give the soft tokens (n, frames x tokens, width) of videos (n, frames, k, in), in order."""
    n, count = frames.shape[:2]
    soft: Tensor = projector(frames.flatten(0, 1))
    placed = torch.unflatten(soft, 0, (n, count)) + projector.frame[:count]
    return placed.flatten(1, 2)


def build(
    sense: Sense, tensors: Mapping[str, Tensor], shape: tuple[int, int]
) -> Projector | Bootstrapped:
    """Give an untrained projector of the sizes that `tensors` have; `shape` is (k, in)."""
    if "outer.weight" in tensors:
        width, hidden = tensors["outer.weight"].shape
        return Projector(shape[1], hidden, len(tensors["position"]), width)
    hidden, in_dim = tensors["head.inner.weight"].shape
    tokens, width = tensors["inverse.position"].shape
    head = LockedHead(in_dim, hidden, width)
    inverse = InverseHead(width, len(tensors["inverse.inner.weight"]), tokens)
    return Bootstrapped(sense, head, inverse, shape)


def from_tensors(tensors: Mapping[str, Tensor], sense: Sense) -> Projector | Bootstrapped:
    """Give the projector of a checkpoint; its keys stand behind `projector.SENSE.`."""
    if "outer.weight" in tensors:
        shape = (0, len(tensors["norm.weight"]))
    else:
        parts, wide = tensors["part.weight"].shape[0], tensors["place.weight"].shape[1]
        shape = (wide // parts, len(tensors["norm.weight"]))
    projector = build(sense, tensors, shape)
    projector.load_state_dict(dict(tensors))
    return projector
