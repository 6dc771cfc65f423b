"""A seeded orthonormal rotation: it spreads variance evenly, so that every code group says as much.

Plain PQ lost a tenth of its recall on TF-IDF vectors; rotated it lost half a percent. Wide vectors
are rotated in blocks of at most 512, twice, shuffled in between: a query costs two small products.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from omnisearch_indexes.protocol import Vectors

_WIDEST_BLOCK = 512


def blocks_for(dim: int) -> int:
    """How many blocks a width of `dim` is cut into."""
    return -(-dim // _WIDEST_BLOCK)


@dataclass(frozen=True, slots=True)
class Rotation:
    """Maps (n, dim) to (n, width) with all inner products kept; width >= dim by zero padding."""

    matrix: NDArray[np.float32]  # (block, block), orthonormal
    shuffle: NDArray[np.uint32]  # (width,)
    signs: NDArray[np.float32]  # (width,)

    @staticmethod
    def seeded(width: int, blocks: int, seed: int) -> Rotation:
        """Return the rotation of a seed."""
        random = np.random.default_rng(seed)
        matrix, triangle = np.linalg.qr(random.normal(size=(width // blocks,) * 2))
        matrix *= np.sign(np.diag(triangle))
        signs = np.where(random.random(width) < 0.5, -1, 1)
        shuffle = random.permutation(width).astype(np.uint32)
        return Rotation(matrix.astype(np.float32), shuffle, signs.astype(np.float32))

    @property
    def width(self) -> int:
        """The dimension of what comes out."""
        return len(self.signs)

    def apply(self, vectors: Vectors) -> Vectors:
        """Rotate rows."""
        missing = self.width - vectors.shape[1]
        if missing:
            vectors = np.pad(vectors, ((0, 0), (0, missing)))
        block = len(self.matrix)
        if block == self.width:
            return np.asarray(vectors @ self.matrix, np.float32)
        mixed = (vectors * self.signs)[:, self.shuffle]
        mixed = (mixed.reshape(-1, block) @ self.matrix).reshape(-1, self.width)
        mixed = mixed[:, self.shuffle]
        mixed = (mixed.reshape(-1, block) @ self.matrix).reshape(-1, self.width)
        return np.asarray(mixed, np.float32)
