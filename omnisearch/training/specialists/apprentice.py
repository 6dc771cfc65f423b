"""How one specialist learns, and how it is tried on what it has not seen.

Media learn to lie where frozen MiniLM puts their captions, so the space of text stays where it is;
only the specialist of text moves both sides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from omnisearch.evaluation import retrieval
from omnisearch.training import loop
from omnisearch.training.encoder import assembly
from omnisearch.training.encoder.omni import Omni
from omnisearch.training.lab import Lab
from omnisearch.training.lessons import twins
from omnisearch.training.lessons.pairs import Rows
from omnisearch.training.lessons.twins import Twin
from omnisearch.training.loop import Batch, Group, Schedule
from omnisearch.training.losses import info_nce, twin_loss
from omnisearch.training.specialists.draws import Draw, Floats, retrieved
from omnisearch.training.towers.backbone import bfloat16
from omnisearch.training.towers.captions import Texts

_TWINS = 0.02  # temperature between a caption and its twin, whose vectors are near each other
_HELD = 1000  # rows of the validation split that are tried; a standard error of 1.6 points


@dataclass(frozen=True)
class Training:
    """How a specialist is trained."""

    steps: int
    batch: int
    backbone: float = 1e-4
    projector: float = 5e-4
    extra: int = 1024  # cached texts that stand against each batch
    temperature: float = 0.05  # at the start; it is learnt


class Apprentice:
    """One modality's rows and texts, and the training on them."""

    def __init__(self, lab: Lab, kind: str, training: Training, texts: Texts, seed: int) -> None:
        self.lab = lab
        self.kind = kind
        self.training = training
        self.data = Draw(lab, kind, "train", texts)
        self.pool = np.unique(self.data.captions)
        self.twins = [
            (texts.rows([twin.right for twin in some]), texts.rows([twin.wrong for twin in some]))
            for some in twins.fair(twins.of(lab, kind, "train"))
        ]
        self.random = np.random.default_rng([seed, len(kind)])
        self.seed = seed
        self.half = bfloat16()

    def model(self, start: Mapping[str, Tensor]) -> Omni:
        """Give an encoder with the weights of a start."""
        return assembly.build(self.lab, start)

    def train(self, start: Mapping[str, Tensor], trace: Path) -> Omni:
        """Train from a start."""
        torch.manual_seed(self.seed)
        model = self.model(start).train().requires_grad_(True)
        model.backbone.embeddings.requires_grad_(False)
        scale = nn.Parameter(torch.tensor(self.training.temperature).log())
        layers = [*model.backbone.encoder.parameters()]
        projected = [] if self.kind == "text" else [*model.projector.parameters()]
        groups = [
            Group(layers, self.training.backbone),
            Group([*projected, scale], self.training.projector),
        ]
        with self.lab.progress(f"specialist {self.kind}", self.training.steps, "steps") as bar:
            loop.fit(
                groups,
                lambda step: self.batch(),
                lambda batch: self.loss(model, batch, scale),
                Schedule(self.training.steps),
                trace,
                bar.update,
            )
        return model.eval().requires_grad_(False)

    def batch(self) -> Batch:
        """Draw rows, their texts, more texts, and twins."""
        batch = self.data.draw(self.training.batch, self.random)
        extra = self.random.choice(self.pool, size=min(self.training.extra, len(self.pool)))
        drawn = []
        for at, row in enumerate(batch["rows"] if self.twins else ()):
            right, wrong = self.twins[row]
            if len(right):
                one = self.random.integers(len(right))
                drawn.append((at, right[one], wrong[one]))
        columns = np.array(drawn, dtype=np.int64).reshape(-1, 3).T
        twin = dict(zip(("twin_of", "right", "wrong"), columns, strict=True))
        return {**batch, "extra": extra, **twin}

    def loss(self, model: Omni, batch: Batch, scale: Tensor) -> Tensor:
        """Give the loss of a batch."""
        rows, pairs = batch["rows"], self.data.pairs
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            media = model(pairs.candidate, rows, self.random).float()
            if self.kind == "text":
                asked = model(pairs.query, rows, self.random).float()
        frozen = self.data.vectors(np.concatenate((batch["texts"], batch["extra"])))
        allowed = self.data.allowed(rows, frozen)
        if self.kind == "text":
            return info_nce(asked, media, scale.exp(), allowed[:, : len(rows)])
        loss = info_nce(media, frozen, scale.exp(), allowed)
        if not len(batch["twin_of"]):
            return loss
        right, wrong = self.data.vectors(batch["right"]), self.data.vectors(batch["wrong"])
        return loss + twin_loss(media[batch["twin_of"]], right, wrong, _TWINS)


def tried(
    lab: Lab, kind: str, model: Omni, texts: Texts, split: str = "validation"
) -> dict[str, float]:
    """Measure a specialist; texts are those of frozen MiniLM, of the text specialist its own."""
    held = Draw(lab, kind, split, texts)
    some = _some(len(held))
    pairs = held.pairs.take(some)
    media = model.encode(pairs.candidate)
    first = held.first()[some] if kind != "text" else model.encode(pairs.query)
    figures = retrieved(pairs, first, media, [held.kinds[row] for row in some])
    every = twins.of(lab, kind, split)
    return {**figures, **_told_apart([every[row] for row in some if every], media, texts)}


def _told_apart(wrong: list[list[Twin]], media: Floats, texts: Texts) -> dict[str, float]:
    """Tell how often a caption beats its twins."""
    scores: dict[str, list[tuple[float, float]]] = {}
    for vector, some in zip(media if wrong else (), wrong, strict=True):
        for twin in some:
            right, other = texts.vectors([twin.right, twin.wrong]) @ vector
            scores.setdefault(twin.differs, []).append((float(right), float(other)))
    found = {differs: np.array(both) for differs, both in scores.items()}
    return {
        f"{differs} twins, accuracy of {len(both)}": round(
            retrieval.pairwise_accuracy(both[:, 0], both[:, 1]), 4
        )
        for differs, both in found.items()
    }


def _some(count: int) -> Rows:
    if count <= _HELD:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, size=_HELD, replace=False))
