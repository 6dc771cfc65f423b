"""The one training loop: warm-up, cosine, clipped gradients; a loss that is not finite ends it."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from omnisearch.training.lab import LabError, write_bytes

Batch = Mapping[str, NDArray[np.int64]]  # name of the pairs → rows


class NonFiniteLossError(LabError):
    """A loss that is infinite or no number; the batch is saved."""

    status = 500


@dataclass(frozen=True)
class Schedule:
    """How long and how strongly."""

    steps: int
    warm_up: int = 20
    clip: float = 1.0
    decay: float = 0.01  # AdamW's weight decay


@dataclass(frozen=True)
class Group:
    """Parameters that share a rate."""

    parameters: list[nn.Parameter]
    rate: float


def fit(
    groups: Iterable[Group],
    batch_of: Callable[[int], Batch],
    loss_of: Callable[[Batch], Tensor],
    schedule: Schedule,
    trace: Path,
    told: Callable[[], object] = lambda: None,
) -> list[float]:
    """Train; returns the loss of each step. `trace` is where a batch that breaks it is kept."""
    chosen = [group for group in groups if group.parameters]
    settings = [{"params": group.parameters, "lr": group.rate} for group in chosen]
    optimiser = torch.optim.AdamW(settings, weight_decay=schedule.decay)
    every = [parameter for group in chosen for parameter in group.parameters]
    losses = []
    for step in range(schedule.steps):
        share = rate_at(step, schedule)
        for setting, group in zip(optimiser.param_groups, chosen, strict=True):
            setting["lr"] = group.rate * share
        batch = batch_of(step)
        loss = loss_of(batch)
        losses.append(_finite(float(loss.detach()), batch, step, trace))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = float(nn.utils.clip_grad_norm_(every, schedule.clip))
        _finite(norm, batch, step, trace)
        optimiser.step()
        told()
    return losses


def bfloat16() -> bool:
    """Tell whether this processor multiplies bfloat16, which halves the time of training."""
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def rate_at(step: int, schedule: Schedule) -> float:
    """Share of the full rate: linear warm-up, then half a cosine down to zero."""
    warm_up = min(schedule.warm_up, max(1, schedule.steps // 5))
    if step < warm_up:
        return (step + 1) / warm_up
    done = (step - warm_up) / max(1, schedule.steps - warm_up)
    return 0.5 * (1.0 + math.cos(math.pi * done))


def _finite(value: float, batch: Batch, step: int, trace: Path) -> float:
    if math.isfinite(value):
        return value
    sink = io.BytesIO()
    np.savez(sink, step=np.int64(step), **dict(batch))  # type: ignore[arg-type]
    write_bytes(trace, sink.getvalue())
    fault = f"the loss or its gradient is {value} at step {step}"
    raise NonFiniteLossError(f"{fault}: look at the rows in {trace}, or lower the rate")
