"""MiniLM in plain torch, which reads text and soft tokens of pictures or sounds in one pass.

Soft tokens enter behind the embedding's LayerNorm and carry positions of their own, so the tokens
of a text are the same with and without them. Keys of the state dict are those of the checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

UNUSED = ("embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias")


@dataclass(frozen=True)
class Sizes:
    """How large a backbone is; the defaults are those of MiniLM-L6."""

    vocabulary: int = 30522
    width: int = 384
    layers: int = 6
    heads: int = 12
    hidden: int = 1536
    positions: int = 512


class Embeddings(nn.Module):
    """Token ids to states."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(sizes.vocabulary, sizes.width)
        self.position_embeddings = nn.Embedding(sizes.positions, sizes.width)
        self.token_type_embeddings = nn.Embedding(2, sizes.width)
        self.LayerNorm = nn.LayerNorm(sizes.width, eps=1e-12)

    def forward(self, ids: Tensor) -> Tensor:
        """Embed ids (n, t) as (n, t, width)."""
        places = torch.arange(ids.shape[1], device=ids.device)
        kind = self.token_type_embeddings.weight[0]
        embedded: Tensor = self.word_embeddings(ids) + self.position_embeddings(places) + kind
        states: Tensor = self.LayerNorm(embedded)
        return states


class SelfAttention(nn.Module):
    """The three maps of an attention, and the attention itself."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.heads = sizes.heads
        self.query = nn.Linear(sizes.width, sizes.width)
        self.key = nn.Linear(sizes.width, sizes.width)
        self.value = nn.Linear(sizes.width, sizes.width)

    def forward(self, states: Tensor, allowed: Tensor) -> Tensor:
        """Mix states (n, t, width) of tokens that may be seen, allowed (n, 1, 1, t)."""
        n, t, width = states.shape
        split = (n, t, self.heads, width // self.heads)
        q = self.query(states).view(split).transpose(1, 2)  # (n, heads, t, width / heads)
        k = self.key(states).view(split).transpose(1, 2)
        v = self.value(states).view(split).transpose(1, 2)
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
        return mixed.transpose(1, 2).reshape(n, t, width)


class Residual(nn.Module):
    """A map whose result is added to what came before, then normalised."""

    def __init__(self, inner: int, width: int) -> None:
        super().__init__()
        self.dense = nn.Linear(inner, width)
        self.LayerNorm = nn.LayerNorm(width, eps=1e-12)

    def forward(self, states: Tensor, before: Tensor) -> Tensor:
        """Give LayerNorm(dense(states) + before)."""
        added: Tensor = self.LayerNorm(self.dense(states) + before)
        return added


class Layer(nn.Module):
    """Attention, then two maps with a GELU between them."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        inner = nn.ModuleDict({"dense": nn.Linear(sizes.width, sizes.hidden)})
        attention = {"self": SelfAttention(sizes), "output": Residual(sizes.width, sizes.width)}
        self.attention = nn.ModuleDict(attention)
        self.intermediate = inner
        self.output = Residual(sizes.hidden, sizes.width)

    def forward(self, states: Tensor, allowed: Tensor) -> Tensor:
        """Give the states (n, t, width) of the next layer."""
        mixed = self.attention["output"](self.attention["self"](states, allowed), states)
        grown = functional.gelu(self.intermediate["dense"](mixed))
        following: Tensor = self.output(grown, mixed)
        return following


class Encoder(nn.Module):
    """The layers, in order."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.layer = nn.ModuleList(Layer(sizes) for _ in range(sizes.layers))


class Backbone(nn.Module):
    """Text, soft tokens or both to one unit vector."""

    def __init__(self, sizes: Sizes | None = None) -> None:
        super().__init__()
        self.sizes = sizes or Sizes()
        self.embeddings = Embeddings(self.sizes)
        self.encoder = Encoder(self.sizes)

    def forward(
        self,
        ids: Tensor,
        id_mask: Tensor,
        soft: Tensor | None = None,
        soft_mask: Tensor | None = None,
    ) -> Tensor:
        """Give unit vectors (n, width): the mean over all tokens, soft ones too."""
        return pooled(*self.token_states(ids, id_mask, soft, soft_mask))

    def token_states(
        self,
        ids: Tensor,
        id_mask: Tensor,
        soft: Tensor | None = None,
        soft_mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Give the last states (n, t, width) and which of them count (n, t)."""
        states, mask = self.layer_states(ids, id_mask, soft, soft_mask)
        return states[-1], mask

    def layer_states(
        self,
        ids: Tensor,
        id_mask: Tensor,
        soft: Tensor | None = None,
        soft_mask: Tensor | None = None,
    ) -> tuple[list[Tensor], Tensor]:
        """Give what enters the first layer and what each layer makes of it, and the mask.

        The order of tokens is [CLS], soft tokens, the rest of the text.
        """
        states: Tensor = self.embeddings(ids)
        mask = id_mask.bool()
        if soft is not None:
            if soft_mask is None:
                soft_mask = mask.new_ones(soft.shape[:2])
            states = torch.cat((states[:, :1], soft, states[:, 1:]), dim=1)
            mask = torch.cat((mask[:, :1], soft_mask.bool(), mask[:, 1:]), dim=1)
        found = [states]
        for layer in self.encoder.layer:
            found.append(layer(found[-1], mask[:, None, None, :]))
        return found, mask

    def empty(self, n: int, cls: int, sep: int) -> tuple[Tensor, Tensor]:
        """Give the ids and mask of n texts without words: what stands around media alone."""
        device = self.embeddings.word_embeddings.weight.device
        ids = torch.tensor([[cls, sep]], device=device).expand(n, 2)
        return ids, torch.ones_like(ids)

    def load_checkpoint(self, tensors: Mapping[str, Tensor]) -> None:
        """Take the weights of a BERT checkpoint, whose pooler has no use here."""
        self.load_state_dict({key: x for key, x in tensors.items() if key not in UNUSED})


def pooled(states: Tensor, mask: Tensor) -> Tensor:
    """Give the unit vector of the mean over the tokens that count."""
    weights = mask.to(states.dtype).unsqueeze(-1)
    mean = (states * weights).sum(1) / weights.sum(1).clamp(min=1)
    return functional.normalize(mean, dim=-1)


def bfloat16() -> bool:
    """Tell whether this processor multiplies bfloat16, which halves the time of training."""
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))
