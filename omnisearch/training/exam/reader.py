"""What is examined: the encoder that ships, with the weights that the stage `calibrate` chose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from omnisearch.training import stored
from omnisearch.training.export.shipped import Shipped, Weights
from omnisearch.training.lab import Lab, Options
from omnisearch.training.lessons.pairs import Rows, Side

Floats = npt.NDArray[np.float32]


class Reader(Protocol):
    """Texts and media to unit vectors of one space."""

    def texts(self, texts: Sequence[str]) -> Floats:
        """Encode texts."""
        ...

    def media(self, kind: str, side: Side, rows: Rows | None = None) -> Floats:
        """Encode rows of media, perhaps read with texts; kind is one of those with weights."""
        ...


@dataclass(frozen=True)
class Encoder:
    """Texts and media to unit vectors."""

    shipped: Shipped
    weights: dict[str, Weights]  # of each kind

    @classmethod
    def load(cls, lab: Lab, options: Options) -> Encoder:
        """Read the encoder of a run and its weights."""
        path = lab.models / f"calibrate-{options.run}" / "calibration.json"
        return cls(Shipped(lab, options), stored.table(path)["weights"])

    def texts(self, texts: Sequence[str]) -> Floats:
        """Encode texts."""
        return self.shipped.parts(Side(texts=[[text] for text in texts])).fused

    def media(self, kind: str, side: Side, rows: Rows | None = None) -> Floats:
        """Encode rows of media, perhaps read with texts; kind is one of those with weights."""
        return self.shipped.parts(side, rows).together(self.weights[kind])
