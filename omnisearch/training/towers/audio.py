"""Whisper in torch, frozen: four seconds of sound to moments, and a decoder for speech.

A moment is 320 ms: four means over 80 ms of the last layer, and one mean of an early layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

RATE = 16_000
SECONDS = 4
BANDS = 80
_WINDOW, _HOP = 400, 160
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class AudioSizes:
    """How large a tower is; the defaults are those of tiny.en."""

    width: int = 384
    heads: int = 6
    layers: int = 4
    early: int = 2  # the layer whose mean goes beside the last
    vocabulary: int = 51864
    sounds: int = 1500  # positions of 20 ms
    tokens: int = 448  # positions of the decoder


TINY = AudioSizes(24, 2, 2, 1, 16, 200, 8)


@cache
def _filters() -> Floats:
    """Give the mel bank (80, 201) after Slaney: linear below 1 kHz, areas equal."""
    top = 15 + 27 * np.log(RATE / 2 / 1000) / np.log(6.4)  # of the scale, at 8 kHz
    scale = np.linspace(0, top, BANDS + 2)
    high = 1000 * np.exp(np.log(6.4) / 27 * (scale - 15))
    edges = np.where(scale < 15, scale * 200 / 3, high)
    bins = np.linspace(0, RATE / 2, _WINDOW // 2 + 1)
    slopes = (bins[None] - edges[:, None]) / np.diff(edges, append=edges[-1] + 1)[:, None]
    rising, falling = slopes[:-2], 1 - slopes[1:-1]
    weights = np.maximum(0, np.minimum(rising, falling)) * 2 / (edges[2:] - edges[:-2])[:, None]
    return np.asarray(weights, np.float32)


def spectrum(waves: Floats) -> Floats:
    """Give Whisper's log-mel (n, 80, t / 160) of waves (n, t) from -1 to 1."""
    padded = np.pad(waves, ((0, 0), (_WINDOW // 2, _WINDOW // 2)), mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW, axis=1)[:, ::_HOP][:, :-1]
    window = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
    power = np.abs(np.fft.rfft(frames * window, axis=2)).astype(np.float32) ** 2
    mel = np.log10(np.maximum(power @ _filters().T, 1e-10)).transpose(0, 2, 1)
    loud = np.maximum(mel, mel.max((1, 2), keepdims=True) - 8)
    return np.asarray((loud + 4) / 4, np.float32)


def clip(pcm: bytes) -> Floats:
    """Give four seconds (64000,) of int16 samples, cut or filled with silence."""
    samples = np.frombuffer(pcm, "<i2")[: RATE * SECONDS].astype(np.float32) / 32768
    return np.pad(samples, (0, RATE * SECONDS - len(samples)))


class Attention(nn.Module):
    """Attention of `states` to `others`, with `linear_0` for all three maps or for the query."""

    def __init__(self, sizes: AudioSizes, crosses: bool = False) -> None:
        super().__init__()
        width = sizes.width
        self.heads = sizes.heads
        self.layer_norm = nn.LayerNorm(width)
        self.linear_0 = nn.Linear(width, width if crosses else 3 * width)
        self.linear_1 = nn.Linear(width, 2 * width if crosses else width)
        if crosses:
            self.linear_2 = nn.Linear(width, width)

    def forward(self, states: Tensor, others: Tensor | None = None, causal: bool = False) -> Tensor:
        """Give states (n, t, width) with what they attended to added."""
        normal = self.layer_norm(states)
        if others is None:
            q, k, v = self.linear_0(normal).chunk(3, dim=2)
            outer = self.linear_1
        else:
            q, (k, v) = self.linear_0(normal), self.linear_1(others).chunk(2, dim=2)
            outer = self.linear_2
        q, k, v = (torch.unflatten(x, 2, (self.heads, -1)).transpose(1, 2) for x in (q, k, v))
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=causal)
        added: Tensor = states + outer(mixed.transpose(1, 2).flatten(2))
        return added


class Feed(nn.Module):
    """Two maps with a GELU between them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layer_norm = nn.LayerNorm(width)
        self.linear_0 = nn.Linear(width, 4 * width)
        self.linear_1 = nn.Linear(4 * width, width)

    def forward(self, states: Tensor) -> Tensor:
        """Give the states with the result added."""
        inner = functional.gelu(self.linear_0(self.layer_norm(states)))
        added: Tensor = states + self.linear_1(inner)
        return added


class Layer(nn.Module):
    """A layer of the encoder or, with `crosses`, of the decoder."""

    def __init__(self, sizes: AudioSizes, crosses: bool) -> None:
        super().__init__()
        self.self_attention = Attention(sizes)
        if crosses:
            self.attention = Attention(sizes, crosses=True)
        self.ffn = Feed(sizes.width)

    def forward(self, states: Tensor, sound: Tensor | None = None) -> Tensor:
        """Give the next states; a decoder reads the sound and no later token."""
        states = self.self_attention(states, causal=sound is not None)
        if sound is not None:
            states = self.attention(states, sound)
        following: Tensor = self.ffn(states)
        return following


class AudioTower(nn.Module):
    """Log-mel (n, 80, 400) of four seconds to features (n, 13, 5 x width)."""

    encodings: Tensor

    def __init__(self, sizes: AudioSizes | None = None) -> None:
        super().__init__()
        self.sizes = sizes or AudioSizes()
        width = self.sizes.width
        self.conv1 = nn.Conv1d(BANDS, width, 3, padding=1)
        self.conv2 = nn.Conv1d(width, width, 3, stride=2, padding=1)
        self.register_buffer("encodings", torch.zeros(self.sizes.sounds, width))
        self.layers = nn.ModuleList(Layer(self.sizes, False) for _ in range(self.sizes.layers))
        self.layer_norm = nn.LayerNorm(width)

    def states(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """Give the last and the early states (n, t, width), a state each 20 ms."""
        x = functional.gelu(self.conv2(functional.gelu(self.conv1(mel)))).transpose(1, 2)
        x = x + self.encodings[: x.shape[1]]
        early = x
        for number, layer in enumerate(self.layers, start=1):
            x = layer(x)
            early = x if number == self.sizes.early else early
        return self.layer_norm(x), early

    def forward(self, mel: Tensor) -> Tensor:
        """Give the moments of four seconds."""
        return self.moments(*self.states(mel))

    @staticmethod
    def moments(last: Tensor, early: Tensor) -> Tensor:
        """Give the moments of states; the last is filled up with zeros."""
        fine = torch.unflatten(last, 1, (-1, 4)).mean(2)  # (n, 50, width), 80 ms each
        fine = functional.pad(fine, (0, 0, 0, -fine.shape[1] % 4))
        filled = functional.pad(early, (0, 0, 0, -early.shape[1] % 16))
        return torch.cat((torch.unflatten(fine, 1, (-1, 4)).flatten(2), _means(filled)), dim=2)


def _means(states: Tensor) -> Tensor:
    return torch.unflatten(states, 1, (-1, 16)).mean(2)


class SpeechDecoder(nn.Module):
    """Token ids and the sound's states to logits of the next token."""

    encodings: Tensor

    def __init__(self, sizes: AudioSizes | None = None) -> None:
        super().__init__()
        self.sizes = sizes or AudioSizes()
        self.embeddings = nn.Embedding(self.sizes.vocabulary, self.sizes.width)
        self.register_buffer("encodings", torch.zeros(self.sizes.tokens, self.sizes.width))
        self.layers = nn.ModuleList(Layer(self.sizes, True) for _ in range(self.sizes.layers))
        self.layer_norm = nn.LayerNorm(self.sizes.width)

    def forward(self, ids: Tensor, sound: Tensor) -> Tensor:
        """Give logits (n, t, vocabulary) of ids (n, t) after sound (n, s, width)."""
        states = self.embeddings(ids) + self.encodings[: ids.shape[1]]
        for layer in self.layers:
            states = layer(states, sound)
        logits: Tensor = self.layer_norm(states) @ self.embeddings.weight.T
        return logits


def load(
    tensors: Mapping[str, Tensor], sizes: AudioSizes | None = None
) -> tuple[AudioTower, SpeechDecoder]:
    """Give the frozen halves of a checkpoint with keys `encoder.*` and `decoder.*`."""
    halves: tuple[AudioTower, SpeechDecoder] = (AudioTower(sizes), SpeechDecoder(sizes))
    for name, half in zip(("encoder.", "decoder."), halves, strict=True):
        own = {key.removeprefix(name): x for key, x in tensors.items() if key.startswith(name)}
        half.load_state_dict(own)
        half.eval().requires_grad_(False)
    return halves
