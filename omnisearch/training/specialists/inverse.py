"""The stage `inverse`: sentence vectors to soft tokens which frozen MiniLM reads as these vectors.

It learns from text alone, so a projector that ends in it starts where the backbone understands it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from omnisearch.training import checkpoints, loop
from omnisearch.training.encoder.heads import InverseHead
from omnisearch.training.lab import Lab, Options
from omnisearch.training.loop import Batch, Group, Schedule
from omnisearch.training.losses import info_nce
from omnisearch.training.towers import captions, frozen
from omnisearch.training.towers.backbone import bfloat16


@dataclass(frozen=True)
class InverseSettings:
    """How the inverse head is trained."""

    steps: int = 800
    batch: int = 160
    hidden: int = 1024
    rate: float = 2e-3
    contrast: float = 0.05  # weight of telling the batch apart
    noise: float = 0.02


def inverse(lab: Lab, options: Options) -> Mapping[str, object]:
    """Train the inverse head on the texts of the training split alone."""
    settings = InverseSettings(120, 64, 96) if options.tiny else InverseSettings()
    trainer = InverseTrainer(lab, options, settings)
    trained = trainer.train()
    path = lab.models / "inverse" / "inverse.safetensors"
    checkpoints.save(path, trained.state_dict())
    return {"texts": len(trainer.rows), "cosine": round(trainer.cosine(trained), 4)}


def load_inverse(lab: Lab) -> InverseHead:
    """Read the trained inverse head."""
    tensors = checkpoints.load(lab.models / "inverse" / "inverse.safetensors")
    tokens, width = tensors["position"].shape
    head = InverseHead(width, len(tensors["inner.weight"]), tokens)
    head.load_state_dict(tensors)
    return head


class InverseTrainer:
    """Vectors of texts, and the frozen backbone that must read them back."""

    def __init__(self, lab: Lab, options: Options, settings: InverseSettings) -> None:
        self.lab = lab
        self.seed = options.seed
        self.settings = settings
        self.texts = captions.Texts(lab)
        self.rows = self.texts.rows(captions.every(lab, "train"))
        self.held = self.texts.rows(captions.every(lab, "validation"))
        self.backbone = frozen.load_backbone(lab).eval().requires_grad_(False)
        self.around = frozen.Words.load(lab).encode([""])
        self.random = torch.Generator().manual_seed(self.seed)
        self.half = bfloat16()

    def train(self) -> InverseHead:
        """Train an inverse head."""
        torch.manual_seed(self.seed)
        drawn = np.random.default_rng(self.seed)
        head = InverseHead(self.backbone.sizes.width, self.settings.hidden)
        groups = [Group([*head.parameters()], self.settings.rate)]

        def draw(step: int) -> Batch:
            del step
            shape = (2, self.settings.batch)
            return {"texts": drawn.choice(self.rows, size=shape)}

        with self.lab.progress("inverse", self.settings.steps, "steps") as bar:
            loop.fit(
                groups,
                draw,
                lambda batch: self._loss(head, batch["texts"]),
                Schedule(self.settings.steps, decay=0.0),
                self.lab.models / "inverse" / "broken-batch.npz",
                bar.update,
            )
        return head.eval()

    def _loss(self, head: InverseHead, rows: np.ndarray) -> Tensor:
        first, second = (self._vectors(some) for some in rows)
        share = torch.rand(len(first), 1, generator=self.random)
        share[::2] = 1  # every other one is a text, not a mixture of two
        noise = self.settings.noise * torch.randn(first.shape, generator=self.random)
        wanted = functional.normalize(share * first + (1 - share) * second + noise, dim=1)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            read = self.read(head, wanted).float()
        apart = info_nce(read, wanted, 0.05)
        return 1 - (read * wanted).sum(1).mean() + self.settings.contrast * apart

    def read(self, head: InverseHead, vectors: Tensor) -> Tensor:
        """Give what the backbone reads in the tokens that stand for vectors."""
        ids, mask = (part.expand(len(vectors), -1) for part in self.around)
        found: Tensor = self.backbone(ids, mask, head(vectors))
        return found

    def _vectors(self, rows: np.ndarray) -> Tensor:
        vectors = torch.from_numpy(self.texts.all[rows].astype(np.float32))
        return functional.normalize(vectors, dim=1)

    @torch.no_grad()
    def cosine(self, head: InverseHead) -> float:
        """Tell how near held-out texts are read back."""
        vectors = self._vectors(self.held[:1024])
        return float((self.read(head, vectors) * vectors).sum(1).mean())
