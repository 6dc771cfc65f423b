"""What a laboratory holds as an export reads it: from the encoded bytes, by the weights that ship.

Torch is not asked and nothing that was cached, so figures are of what users have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from omnisearch.training.export import comparison
from omnisearch.training.export.exported import Exported
from omnisearch.training.lab import Lab
from omnisearch.training.lessons import media
from omnisearch.training.lessons.pairs import Rows, Side

SHIPPED = Path("omnisearch/weights/omni-mini")
_BATCH = 16
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Reader:
    """Texts and media of a laboratory to unit vectors, as `training.exam.reader` has them."""

    lab: Lab
    exported: Exported

    @classmethod
    def load(cls, lab: Lab, folder: Path) -> Reader:
        """Read an export."""
        return cls(lab, Exported(folder))

    @property
    def fingerprint(self) -> str:
        """Tell which weights they are."""
        return str(self.exported.model["fingerprint"])

    def texts(self, texts: Sequence[str]) -> Floats:
        """Encode texts, those of like length together."""
        order = np.argsort([len(text) for text in texts], kind="stable")
        parts = [order[at : at + _BATCH] for at in range(0, len(order), _BATCH)]
        found = np.concatenate([self.exported.texts([texts[row] for row in one]) for one in parts])
        return np.asarray(found[np.argsort(order)])

    def media(self, kind: str, side: Side, rows: Rows | None = None) -> Floats:
        """Encode rows of media, perhaps read with texts; kind is one of those with weights."""
        kept = side if rows is None else side.take(rows)
        assert kept.places is not None
        given = media.content(self.lab, kind, kept.places)
        texts = None if kept.texts is None else [one[0] for one in kept.texts]
        found = []
        for at in range(0, len(given), _BATCH):
            words = None if texts is None else texts[at : at + _BATCH]
            found.append(comparison.read(self.exported, kind, given[at : at + _BATCH], words))
        return np.concatenate(found)
