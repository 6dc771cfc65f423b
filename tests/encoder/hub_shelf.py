"""Every family's tiny model, made when it is first asked for; and parts to encode with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omnisearch.encoder import canaries
from omnisearch.encoder.encoder import Encoder
from omnisearch.encoder.hub import model as hub
from omnisearch.encoder.parts import Audio, Document, Image, Modality, Part, Text, Video
from tests.encoder import hub_models

MADE: dict[str, tuple[Callable[[Path], Path], tuple[Modality, ...]]] = {
    "plain": (hub_models.plain, ("text", "document")),
    "clip": (hub_models.clip, ("text", "image", "document")),
    "siglip": (hub_models.siglip, ("text", "image", "document")),
    "clap": (hub_models.clap, ("text", "audio", "document")),
    "fused": (lambda folder: hub_models.clap(folder, fused=True), ("text", "audio", "document")),
    "routed": (hub_models.routed, ("text", "image", "audio", "document")),
    "gemma": (hub_models.gemma, ("text", "image", "audio", "video", "document")),
}


class Shelf:
    """Opens families in a folder, each once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened: dict[str, Encoder] = {}

    def __call__(self, family: str) -> Encoder:
        if family == "gemma":
            pytest.importorskip("torchvision", reason="transformers reads its films with it")
        if family not in self._opened:
            made = MADE[family][0](self._folder / family)
            self._opened[family] = Encoder(hub.open(made))
        return self._opened[family]


def picture(seed: int, height: int = 50, width: int = 70) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def wave(seconds: float, pitch: float) -> np.ndarray[Any, Any]:
    found: np.ndarray[Any, Any] = np.sin(np.arange(int(44_100 * seconds)) * pitch)
    return found.astype(np.float32)


def page() -> Document:
    (part,) = canaries.inputs()["document"].parts
    assert isinstance(part, Document)
    return part


def items() -> list[Part]:
    """What a folder holds: some of each modality, of different lengths."""
    return [
        Text("a dog"),
        Image(picture(1)),
        Audio((wave(1, 0.05), 44_100)),
        Video([picture(seed) for seed in range(5)]),
        page(),
        Text("a much longer text about a red bicycle that stands in the snow"),
        Image(picture(2, 64, 64)),
        Audio((wave(4.5, 0.01), 44_100)),
        Text("snow"),
    ]


def own(encoder: Encoder) -> Any:
    """Give the library's own object, to compare with what it gives by itself."""
    assert isinstance(encoder.model, hub.HubModel)
    return encoder.model._runtime._model
