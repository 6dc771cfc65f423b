"""What RegMean needs of a specialist: X'X of the inputs of each of its linear layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from omnisearch.training.encoder.omni import Omni, evaluating
from omnisearch.training.lessons.pairs import Pairs


@torch.no_grad()
def collect(model: Omni, pairs: Pairs, rows: int) -> dict[str, Tensor]:
    """Encode some rows of both sides one by one, so that no padding is counted."""
    grams: dict[str, Tensor] = {}
    linear = {name: part for name, part in model.named_modules() if isinstance(part, nn.Linear)}
    hooks = [part.register_forward_hook(_add(grams, name)) for name, part in linear.items()]
    try:
        with evaluating(model):
            for row in range(min(rows, len(pairs))):
                for side in (pairs.query, pairs.candidate):
                    model(side, np.array([row]))
    finally:
        for hook in hooks:
            hook.remove()
    return grams


def _add(grams: dict[str, Tensor], name: str) -> Callable[[nn.Module, Any, Any], None]:
    def hook(part: nn.Module, inputs: Any, output: Any) -> None:  # noqa: ANN401
        del part, output
        x = inputs[0].reshape(-1, inputs[0].shape[-1])
        key = f"{name}.weight"
        grams[key] = grams[key] + x.T @ x if key in grams else x.T @ x

    return hook
