"""How likely texts are to be what is heard: many at once, none of which sees another."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from omnisearch.training.towers.audio import Attention, Layer, SpeechDecoder


class Together:
    """Texts laid behind each other in one row of tokens, after one start that all of them see."""

    def __init__(self, start: Sequence[int], texts: Sequence[Sequence[int]]) -> None:
        self.count, self.last = len(texts), len(start)
        ids, places, owner = [*start], [*range(len(start))], [-1] * len(start)
        before, wanted, text = [], [], []  # row that tells a token, the token, and whose it is
        for number, one in enumerate(texts):
            row = len(start) - 1  # the start tells the first token
            for depth, token in enumerate(one):
                before.append(row)
                wanted.append(token)
                text.append(number)
                if depth < len(one) - 1:  # the last one is told and tells nothing
                    row = len(ids)
                    ids.append(token)
                    places.append(len(start) + depth)
                    owner.append(number)
        self.ids, self.places = torch.tensor(ids), torch.tensor(places)
        whose = torch.tensor(owner)
        own = (whose[:, None] == whose[None]) | (whose[None] == -1)
        self.seen = own & (self.places[:, None] >= self.places[None])
        self.before, self.wanted, self.text = (torch.tensor(x) for x in (before, wanted, text))

    @torch.no_grad()
    def read(self, decoder: SpeechDecoder, sound: Tensor) -> tuple[Tensor, Tensor]:
        """Give log-probabilities (texts,) in a sound (1, s, width), and the start's last states."""
        states = (decoder.embeddings(self.ids) + decoder.encodings[self.places])[None]
        for layer in decoder.layers:
            assert isinstance(layer, Layer)
            states = _attend(layer.self_attention, states, self.seen)
            states = layer.ffn(layer.attention(states, sound))
        states = decoder.layer_norm(states)[0]
        logits = states @ decoder.embeddings.weight.T
        told = logits[self.before, self.wanted] - logits.logsumexp(1)[self.before]
        scores = torch.zeros(self.count).index_add_(0, self.text, told)
        return scores, states[self.last - 2 : self.last].flatten()


def _attend(attention: Attention, states: Tensor, seen: Tensor) -> Tensor:
    q, k, v = (
        torch.unflatten(x, 2, (attention.heads, -1)).transpose(1, 2)
        for x in attention.linear_0(attention.layer_norm(states)).chunk(3, dim=2)
    )
    mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=seen)
    added: Tensor = states + attention.linear_1(mixed.transpose(1, 2).flatten(2))
    return added
