"""How far a fused encoder is from its specialists: inside, at its output, and in its weights."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from omnisearch.training.encoder.omni import Omni, evaluating
from omnisearch.training.fusion.arithmetic import Tensors, geometry
from omnisearch.training.lessons.pairs import Rows, Side

Vectors = NDArray[np.floating]
_PART = re.compile(r"(backbone\.encoder\.layer\.\d+|backbone\.embeddings|projector\.\w+)\.")
_BATCH = 128


@torch.no_grad()
def layer_drift(expert: Omni, model: Omni, side: Side, rows: Rows) -> list[float]:
    """Give 1 - cos of the media tokens to the expert's: before the first layer, after each."""
    sums, tokens = np.zeros(expert.backbone.sizes.layers + 1), 0
    with evaluating(expert), evaluating(model):
        for first in range(0, len(rows), _BATCH):
            chosen = rows[first : first + _BATCH]
            ours, theirs = model.layer_states(side, chosen), expert.layer_states(side, chosen)
            for layer, (a, b) in enumerate(zip(ours, theirs, strict=True)):
                sums[layer] += float((1 - functional.cosine_similarity(a, b, dim=-1)).sum())
            tokens += ours[0].shape[0] * ours[0].shape[1]
    return [round(max(0.0, float(total)) / max(1, tokens), 6) for total in sums]


def surgery(vectors: Vectors, expert: Vectors) -> float:
    """Give the mean absolute difference of output vectors (representation bias)."""
    return float(np.abs(vectors - expert).mean())


def task_vectors(base: Tensors, specialists: Mapping[str, Tensors]) -> dict[str, object]:
    """Give relative norms and cosines of the task vectors, of all keys and of each part."""
    parts: dict[str, list[str]] = {}
    for key in base:
        found = _PART.match(key)
        parts.setdefault(found.group(1) if found else "other", []).append(key)
    named = {"all": list(base), **parts}
    return {name: _rounded(*geometry(base, specialists, keys)) for name, keys in named.items()}


@dataclass(frozen=True)
class Ridge:
    """An affine map of vectors, fitted in closed form."""

    weight: Vectors
    bias: Vectors

    def __call__(self, vectors: Vectors) -> NDArray[np.float32]:
        """Map vectors and make them unit again."""
        mapped = vectors @ self.weight + self.bias
        norms = np.linalg.norm(mapped, axis=1, keepdims=True)
        return np.asarray(mapped / np.maximum(norms, 1e-12), dtype=np.float32)


def ridge(source: Vectors, target: Vectors, strength: float) -> Ridge:
    """Minimise |XW + b - Y|^2 + strength * n * |W|^2."""
    x, y = source.astype(np.float64), target.astype(np.float64)
    mean_x, mean_y = x.mean(axis=0), y.mean(axis=0)
    x, y = x - mean_x, y - mean_y
    gram = x.T @ x + strength * len(x) * np.eye(x.shape[1])
    weight = np.linalg.solve(gram, x.T @ y)
    return Ridge(weight, mean_y - mean_x @ weight)


def _rounded(norms: Mapping[str, float], cosines: Mapping[str, float]) -> dict[str, object]:
    return {
        "norms": {name: round(value, 6) for name, value in norms.items()},
        "cosines": {name: round(value, 6) for name, value in cosines.items()},
    }
