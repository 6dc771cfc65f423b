"""The graphs that ship, as torch modules, and their way into ONNX.

What is shipped for media alone is the unit vector of: what the backbone reads in the soft tokens,
plus the locked head's vector and, of pictures, the vector of the likeliest classes, each by a
weight. The graphs give the parts, so that the weights stand in `model.json` alone.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnisearch.training.encoder.heads import LockedHead, Things, summary
from omnisearch.training.encoder.projectors import FRAMES, Bootstrapped, Projector
from omnisearch.training.export.speech import OUTPUTS, CachedDecoder, empty
from omnisearch.training.towers.audio import BANDS, SECONDS, AudioTower, SpeechDecoder
from omnisearch.training.towers.backbone import Backbone, pooled
from omnisearch.training.towers.image import SIDE, ImageTower

Dim = torch.export.Dim
_ROWS = Dim("n", min=1, max=4096)
_ATTENTION = "scaled_dot_product_attention"


class TextGraph(nn.Module):
    """Ids and soft tokens together to the vector and the states of all tokens."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(
        self, ids: Tensor, id_mask: Tensor, soft: Tensor, soft_mask: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Give unit vectors (n, width) and states (n, [CLS] + soft + rest, width)."""
        states, mask = self.backbone.token_states(ids, id_mask, soft, soft_mask)
        return pooled(states, mask), states


class ImageGraph(nn.Module):
    """Pictures, or frames of a film, to soft tokens, the head's vector and the classes' vector."""

    frames: Tensor

    def __init__(
        self,
        tower: ImageTower,
        projector: Projector | Bootstrapped,
        head: LockedHead,
        things: Things,
    ) -> None:
        super().__init__()
        self.tower, self.projector, self.head, self.things = tower, projector, head, things
        still = torch.zeros_like(projector.frame[:1])
        self.register_buffer("frames", torch.cat((still, projector.frame)).detach())

    def forward(self, pixels: Tensor, place: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Read pixels (n, 3, side, side); place is 0 for a picture, 1 to 8 for a film's frame."""
        features = self.tower(pixels)
        soft = self.projector(features) + self.frames[place]
        locked = self.head(summary(features, "visual"))
        return soft, locked, self.things(features)


class AudioGraph(nn.Module):
    """Log-mel of any even length to the last states, which speech is read from, and early ones."""

    def __init__(self, tower: AudioTower) -> None:
        super().__init__()
        self.tower = tower

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Give both (n, t / 2, width)."""
        return self.tower.states(mel)


class SoundGraph(nn.Module):
    """The states of four seconds to soft tokens and the head's vector."""

    def __init__(self, projector: Projector | Bootstrapped, head: LockedHead) -> None:
        super().__init__()
        self.projector, self.head = projector, head

    def forward(self, last: Tensor, early: Tensor) -> tuple[Tensor, Tensor]:
        """Read states (n, 200, width)."""
        features = AudioTower.moments(last, early)
        return self.projector(features), self.head(summary(features, "audio"))


def text(backbone: Backbone, path: Path) -> None:
    """Write the backbone; a text alone has soft tokens (n, 0, width)."""
    width = backbone.sizes.width
    ids = torch.ones(3, 6, dtype=torch.int64)
    soft, mask = torch.zeros(3, 5, width), torch.ones(3, 5, dtype=torch.int64)
    words = {0: _ROWS, 1: Dim("t", min=2, max=backbone.sizes.positions)}
    tokens = {0: _ROWS, 1: Dim("s", min=0, max=4096)}
    axes = {"ids": words, "id_mask": words, "soft": tokens, "soft_mask": tokens}
    example = (ids, torch.ones_like(ids), soft, mask)
    with _plain_attention():
        write(TextGraph(backbone), example, axes, ["vector", "states"], path)


def image(graph: ImageGraph, path: Path) -> None:
    """Write the way of pictures and frames."""
    pixels = torch.full((FRAMES, 3, SIDE, SIDE), 127.0)
    axes = {"pixels": {0: _ROWS}, "place": {0: _ROWS}}
    example = (pixels, torch.arange(1, FRAMES + 1))
    write(graph, example, axes, ["soft", "locked", "classes"], path)


def audio(tower: AudioTower, path: Path) -> None:
    """Write the audio tower."""
    half = Dim("half", min=2, max=tower.sizes.sounds)
    mel = torch.zeros(2, BANDS, 100 * SECONDS)
    with _plain_attention():
        write(AudioGraph(tower), (mel,), {"mel": {0: _ROWS, 2: 2 * half}}, ["last", "early"], path)


def sound(graph: SoundGraph, width: int, path: Path) -> None:
    """Write what reads the states of a sound."""
    last = torch.zeros(2, 50 * SECONDS, width)
    early = torch.ones_like(last)  # one tensor given twice would be taken for one input
    axes = {"last": {0: _ROWS}, "early": {0: _ROWS}}
    write(graph, (last, early), axes, ["soft", "locked"], path)


def speech(decoder: SpeechDecoder, path: Path) -> None:
    """Write the speech decoder."""
    sizes, new = decoder.sizes, Dim("s", min=0, max=decoder.sizes.sounds)
    ids = torch.ones(2, 3, dtype=torch.int64)
    example = (
        ids,
        torch.zeros(2, 6, sizes.width),
        empty(decoder, 2, 4),
        empty(decoder, 2, 5),
    )
    axes = {
        "ids": {0: _ROWS, 1: Dim("t", min=1, max=sizes.tokens)},
        "sound": {0: _ROWS, 1: new},
        "past": {2: _ROWS, 4: Dim("p", min=0, max=sizes.tokens)},
        "heard": {2: _ROWS, 4: Dim("h", min=0, max=sizes.sounds)},
    }
    write(CachedDecoder(decoder), example, axes, [*OUTPUTS], path)


def _attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    attn_mask: Tensor | None = None,
    *,
    is_causal: bool = False,
) -> Tensor:
    """Mix values (n, heads, t, width) by how queries and keys fit."""
    assert not is_causal, "what is shipped looks both ways, or has a mask"
    scores = q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, -torch.inf)
    mixed: Tensor = scores.softmax(-1) @ v
    return mixed


@contextmanager
def _plain_attention() -> Iterator[None]:
    """Have attention written as two products: the exporter would turn keys round three times."""
    own = functional.scaled_dot_product_attention
    setattr(functional, _ATTENTION, _attention)
    try:
        yield
    finally:
        setattr(functional, _ATTENTION, own)


def write(
    module: nn.Module,
    example: tuple[Tensor, ...],
    axes: Mapping[str, Mapping[int, Any]],
    outputs: list[str],
    path: Path,
) -> None:
    """Write a module, with the axes that may have any length."""
    path.parent.mkdir(parents=True, exist_ok=True)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision, we do not
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter about itself
        torch.onnx.export(
            module.eval().requires_grad_(False),
            example,
            path,
            input_names=list(axes),
            output_names=outputs,
            dynamic_shapes=tuple(dict(one) for one in axes.values()),
            external_data=False,
            verbose=False,
        )
