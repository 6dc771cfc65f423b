"""The speech decoder as one graph, with or without a past.

Keys and values of tokens and of sound enter and leave the graph. The first call gives the sound and
an empty past; later ones give the past and an empty sound, so nothing is computed twice.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from omnisearch.training.towers.audio import Attention, Layer, SpeechDecoder

INPUTS = ("ids", "sound", "past", "heard")
OUTPUTS = ("logits", "past_after", "heard_after")


class CachedDecoder(nn.Module):
    """Token ids (n, t), sound (n, s, width), and keys and values (layers, 2, n, heads, ·, each)."""

    def __init__(self, decoder: SpeechDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(
        self, ids: Tensor, sound: Tensor, past: Tensor, heard: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Give logits (n, t, vocabulary), and the past and what was heard with what is new."""
        before, count = past.shape[4], ids.shape[1]
        places = before + torch.arange(count, device=ids.device)
        states = self.decoder.embeddings(ids) + self.decoder.encodings[places]
        allowed = torch.arange(before + count, device=ids.device)[None] <= places[:, None]
        pasts, sounds = [], []
        for number, layer in enumerate(self.decoder.layers):
            assert isinstance(layer, Layer)
            states, own = _attend(layer.self_attention, states, past[number], allowed)
            states, kept = _listen(layer.attention, states, sound, heard[number])
            states = layer.ffn(states)
            pasts.append(own)
            sounds.append(kept)
        logits = self.decoder.layer_norm(states) @ self.decoder.embeddings.weight.T
        return logits, torch.stack(pasts), torch.stack(sounds)


def empty(decoder: SpeechDecoder, n: int, length: int = 0) -> Tensor:
    """Give keys and values of so many positions: zeros."""
    sizes = decoder.sizes
    return torch.zeros(sizes.layers, 2, n, sizes.heads, length, sizes.width // sizes.heads)


def _attend(
    attention: Attention, states: Tensor, past: Tensor, allowed: Tensor
) -> tuple[Tensor, Tensor]:
    q, k, v = attention.linear_0(attention.layer_norm(states)).chunk(3, dim=2)
    kept = torch.cat((past, _split(attention, k, v)), dim=3)
    return states + attention.linear_1(_mixed(attention, q, kept, allowed)), kept


def _listen(
    attention: Attention, states: Tensor, sound: Tensor, heard: Tensor
) -> tuple[Tensor, Tensor]:
    q = attention.linear_0(attention.layer_norm(states))
    k, v = attention.linear_1(sound).chunk(2, dim=2)
    kept = torch.cat((heard, _split(attention, k, v)), dim=3)
    return states + attention.linear_2(_mixed(attention, q, kept, None)), kept


def _split(attention: Attention, k: Tensor, v: Tensor) -> Tensor:
    """Give keys and values as (2, n, heads, t, each)."""
    both = torch.stack((k, v))
    return torch.unflatten(both, 3, (attention.heads, -1)).transpose(2, 3)


def _mixed(attention: Attention, q: Tensor, kept: Tensor, allowed: Tensor | None) -> Tensor:
    split = torch.unflatten(q, 2, (attention.heads, -1)).transpose(1, 2)
    found = functional.scaled_dot_product_attention(split, kept[0], kept[1], attn_mask=allowed)
    return found.transpose(1, 2).flatten(2)
