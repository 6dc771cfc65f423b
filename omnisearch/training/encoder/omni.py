"""The whole encoder as torch sees it: one backbone, a projector for each channel of media."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from omnisearch.training.encoder.projectors import film
from omnisearch.training.lessons.pairs import Rows, Side
from omnisearch.training.towers.backbone import Backbone

_BATCH = 128  # rows encoded at once where no gradient is kept
_TOKENS = 400  # read at once, padding too: texts of all lengths take 0.4 of the time


class Tokenizer(Protocol):
    """Texts to ids and a mask, padded to the longest."""

    def encode(self, texts: list[str], longest: int | None = None) -> tuple[Tensor, Tensor]:
        """Give ids and mask, both (n, t), with [CLS] and [SEP]."""
        ...


class Omni(nn.Module):
    """Text, media, or both together to one unit vector."""

    def __init__(
        self, backbone: Backbone, projectors: Mapping[str, nn.Module], tokenizer: Tokenizer
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.projector = nn.ModuleDict(projectors)
        self.tokenizer = tokenizer

    def __deepcopy__(self, memo: dict[int, object]) -> Omni:
        backbone = copy.deepcopy(self.backbone, memo)
        projectors = {name: copy.deepcopy(one, memo) for name, one in self.projector.items()}
        return Omni(backbone, projectors, self.tokenizer).train(self.training)

    def tensors(self) -> dict[str, Tensor]:
        """Copy the weights: keys `backbone.*`, `projector.visual.*`, `projector.audio.*`."""
        return {key: tensor.detach().clone() for key, tensor in self.state_dict().items()}

    def with_tensors(self, tensors: Mapping[str, Tensor]) -> Omni:
        """Make a model of the same build with other weights; other keys are left out."""
        made = copy.deepcopy(self)
        made.load_state_dict({key: tensors[key] for key in made.state_dict()})
        return made

    def forward(self, side: Side, rows: Rows, wording: np.random.Generator | None = None) -> Tensor:
        """Encode rows of a side; a generator draws a wording, otherwise the first is taken."""
        ids, mask, soft = self._inputs(side, rows, wording)
        lengths = mask.sum(1)
        order = torch.argsort(lengths, stable=True)
        extra = 0 if soft is None else soft.shape[1]
        vectors = []
        for start, stop in _alike([length + extra for length in lengths[order].tolist()]):
            some, longest = order[start:stop], int(lengths[order[stop - 1]])
            read = ids[some, :longest], mask[some, :longest]
            vectors.append(self.backbone(*read, None if soft is None else soft[some]))
        return torch.cat(vectors)[torch.argsort(order)]

    def token_states(self, side: Side, rows: Rows) -> tuple[Tensor, Tensor]:
        """Give the last states (n, t, width) of [CLS], media, words; and which count."""
        states: tuple[Tensor, Tensor] = self.backbone.token_states(*self._inputs(side, rows, None))
        return states

    def layer_states(self, side: Side, rows: Rows) -> list[Tensor]:
        """Give the states of the media tokens before the first layer and after each."""
        inputs = self._inputs(side, rows, None)
        assert inputs[2] is not None, "no media, no media tokens"
        states, _ = self.backbone.layer_states(*inputs)
        return [layer[:, 1 : 1 + inputs[2].shape[1]] for layer in states]

    @torch.no_grad()
    def encode(self, side: Side, rows: Rows | None = None) -> NDArray[np.float32]:
        """Encode rows for a test: first wordings, no dropout, no gradient."""
        chosen = np.arange(len(side)) if rows is None else rows
        with evaluating(self):
            parts = [self(side, chosen[at : at + _BATCH]) for at in range(0, len(chosen), _BATCH)]
        width = self.backbone.sizes.width
        return torch.cat(parts).numpy() if parts else np.empty((0, width), dtype=np.float32)

    def texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode texts for a test."""
        return self.encode(Side(texts=[[text] for text in texts]))

    def _inputs(
        self, side: Side, rows: Rows, wording: np.random.Generator | None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        texts = [""] * len(rows)
        if side.texts is not None:
            texts = [_choose(side.texts[row], wording) for row in rows]
        ids, mask = self.tokenizer.encode(texts)
        return ids, mask, self._soft(side, rows)

    def _soft(self, side: Side, rows: Rows) -> Tensor | None:
        if side.channel is None:
            return None
        features, projector = torch.from_numpy(side.media(rows)), self.projector[side.channel]
        if features.ndim == 4:
            return film(projector, features)  # type: ignore[arg-type]
        soft: Tensor = projector(features)
        return soft


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Switch dropout off for a while."""
    before = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(before)


def _alike(lengths: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Cut growing lengths where padding to the longest would make too many tokens."""
    start = 0
    for at, length in enumerate(lengths):
        if at > start and (at - start + 1) * length > _TOKENS:
            yield start, at
            start = at
    yield start, len(lengths)


def _choose(wordings: Sequence[str], drawn: np.random.Generator | None) -> str:
    return wordings[0 if drawn is None else int(drawn.integers(len(wordings)))]
