"""Fusion of checkpoints on disk: any architecture, nothing of the laboratory needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from omnisearch.training import checkpoints
from omnisearch.training.fusion.arithmetic import METHODS, Fused, Settings, fuse
from omnisearch.training.fusion.checks import FusionError


@dataclass(frozen=True)
class Order:
    """Which files to fuse, how, and where the result goes; a folder is one checkpoint."""

    base: Path
    specialists: Mapping[str, Path]
    out: Path
    method: str = "task"
    coefficients: Mapping[str, float] = field(default_factory=dict)
    grams: Mapping[str, Path] = field(default_factory=dict)  # RegMean: X'X under the weights' keys
    settings: Settings = field(default_factory=Settings)


def fuse_files(order: Order) -> Fused:
    """Fuse checkpoints into one file; what lies there is replaced only by a whole one."""
    method = next((one for one in METHODS if one == order.method), None)
    if method is None:
        raise FusionError(f"there is no method {order.method!r}: choose from {', '.join(METHODS)}")
    if order.out.suffix != ".safetensors":
        raise FusionError(f"{order.out} is no .safetensors file: name one")
    read = {name: checkpoints.Checkpoint(path) for name, path in order.specialists.items()}
    grams = {name: checkpoints.Checkpoint(path) for name, path in order.grams.items()}
    settings = replace(order.settings, grams=grams)
    base = checkpoints.Checkpoint(order.base)
    made = fuse(base, read, method, order.coefficients, settings)
    checkpoints.save(order.out, made.tensors, {"fused_by": method})
    return made
