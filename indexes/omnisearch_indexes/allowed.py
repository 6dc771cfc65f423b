"""Which rows may be found, as FAISS reads it."""

from __future__ import annotations

import faiss
import numpy as np

from omnisearch_indexes.protocol import Mask


class Allowed:
    """A bitmap over consecutive rows."""

    def __init__(self, mask: Mask) -> None:
        self._bits = np.packbits(mask, bitorder="little")  # FAISS keeps a pointer only
        self.selector = faiss.IDSelectorBitmap(self._bits)
