"""What is shipped, in torch: the fused encoder's vector plus the vectors beside it, by weights.

Beside pictures, frames and pages stand the locked head and the likeliest classes; beside sounds the
locked head; beside media read with words, these words alone. The weights are chosen on validation
by the stage `calibrate`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from omnisearch.training import checkpoints
from omnisearch.training.encoder.assembly import build
from omnisearch.training.encoder.heads import LockedHead, Things, summary
from omnisearch.training.export.exported import together
from omnisearch.training.lab import Lab, Options
from omnisearch.training.lessons.pairs import Rows, Side
from omnisearch.training.specialists import bootstrap
from omnisearch.training.towers import frozen
from omnisearch.training.towers.backbone import Backbone

Floats = npt.NDArray[np.float32]
Weights = Mapping[str, float]
_BATCH = 256


@dataclass(frozen=True)
class Parts:
    """The vectors (n, width) that are added."""

    fused: Floats
    beside: Mapping[str, Floats]

    def together(self, weights: Weights) -> Floats:
        """Give the unit vectors of the weighted sum; of texts alone they are the fused ones."""
        return together(self.fused, self.beside, weights)

    def take(self, rows: Rows) -> Parts:
        """Keep some rows."""
        return Parts(self.fused[rows], {name: part[rows] for name, part in self.beside.items()})


class Shipped:
    """The encoder after the last phase, its locked heads and its classes."""

    def __init__(self, lab: Lab, options: Options) -> None:
        tensors = checkpoints.load(lab.models / f"phases-{options.run}" / "encoder.safetensors")
        self.encoder = build(lab, tensors)
        self.encoder.tokenizer = frozen.Words.load(lab, longest(self.encoder.backbone))
        self.heads: dict[str, LockedHead] = {
            channel: bootstrap.load_head(lab, sense).eval().requires_grad_(False)
            for channel, sense in (("visual", "image"), ("audio", "audio"))
        }
        self.tower = frozen.load_image(lab)
        things = bootstrap.load_head(lab, "things")
        self.things = Things(self.tower._fc, self._names(lab), things).eval().requires_grad_(False)

    def parts(self, side: Side, rows: Rows | None = None) -> Parts:
        """Encode rows of a side."""
        chosen = np.arange(len(side)) if rows is None else rows
        return Parts(self.encoder.encode(side, chosen), self.beside(side, chosen))

    def beside(self, side: Side, rows: Rows) -> dict[str, Floats]:
        """Give what stands beside the fused vectors of rows of media."""
        if side.channel is None or not len(rows):
            return {}
        found = [self._beside(side, rows[at : at + _BATCH]) for at in range(0, len(rows), _BATCH)]
        beside = {name: np.concatenate([x[name] for x in found]) for name in found[0]}
        if side.texts is not None:
            beside["words"] = self._words([side.texts[row][0] for row in rows])
        return beside

    def _words(self, texts: Sequence[str]) -> Floats:
        """Encode the words that media are read with; where there are none, nothing is added."""
        vectors = self.encoder.texts(texts)
        vectors[[not text.strip() for text in texts]] = 0
        return vectors

    @torch.no_grad()
    def _beside(self, side: Side, rows: Rows) -> dict[str, Floats]:
        assert side.channel is not None
        features = torch.from_numpy(side.media(rows))
        shape = features.shape[:-2]
        flat = features.flatten(0, -3)
        found = {"locked": self.heads[side.channel](summary(flat, side.channel))}
        if side.channel == "visual":
            found["classes"] = self.things(flat)
        wide = {name: torch.unflatten(x, 0, shape) for name, x in found.items()}
        return {name: _whole(x).numpy() for name, x in wide.items()}

    def _names(self, lab: Lab) -> Tensor:
        """Give what the encoder makes of each class's names; the gloss, the last, counts half."""
        texts = frozen.class_texts(lab)
        every = [text for some in texts for text in some]
        vectors = self.encoder.encode(Side(texts=[[text] for text in every]))
        ends = np.cumsum([len(some) for some in texts])
        vectors[ends - 1] *= 0.5
        means = np.stack([part.sum(0) for part in np.split(vectors, ends[:-1])])
        return torch.from_numpy(means / np.linalg.norm(means, axis=1, keepdims=True))


def longest(backbone: Backbone) -> int:
    """Tell how many tokens of a text are read."""
    return min(frozen.READ, backbone.sizes.positions)


def _whole(vectors: Tensor) -> Tensor:
    """Give one vector of each film: the mean over its frames."""
    return vectors.mean(1) if vectors.ndim == 3 else vectors
