"""The losses, on unit vectors: rows of `q` and `c` at the same place belong together.

`c` may go on after the last positive: those rows are extra negatives. A mask says with True which
candidate may stand against which query; the positive always counts.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

# a joint candidate (text and picture, say) has its codes or-ed
CODES = {"text": 1, "image": 2, "video": 4, "audio": 8, "document": 16}


def info_nce(
    q: Tensor,
    c: Tensor,
    temperature: float | Tensor,
    negatives_mask: Tensor | None = None,
    both: bool = True,
) -> Tensor:
    """Give the mean cross-entropy of finding c among all of c by q, and q among all of q by c."""
    _check(q, c)
    scores = q @ c.T / temperature  # (n, m)
    if negatives_mask is not None:
        scores = _masked(scores, negatives_mask)
    found = _diagonal(scores)
    if not both:
        return found
    return (found + _diagonal(scores[:, : len(q)].T)) / 2


def mamcl(
    q: Tensor,
    c: Tensor,
    codes: Tensor,
    temperature: float | Tensor,
    negatives_mask: Tensor | None = None,
) -> Tensor:
    """Give the loss of finding c among candidates of its own modality only, query to candidate.

    A modality with one candidate gives no loss: put sixteen or more of each into a batch.
    """
    _check(q, c)
    if codes.shape != (len(c),):
        raise ValueError(f"{len(c)} candidates need as many codes, not {tuple(codes.shape)}")
    same = codes[: len(q), None] == codes[None, :]
    allowed = same if negatives_mask is None else same & negatives_mask
    return info_nce(q, c, temperature, allowed, both=False)


def prototype_loss(
    vectors: Tensor, labels: Tensor, prototypes: Tensor, temperature: float | Tensor
) -> Tensor:
    """Give the cross-entropy of each vector's class among all prototypes (classes, d)."""
    return functional.cross_entropy(vectors @ prototypes.T / temperature, labels)


def twin_loss(q: Tensor, right: Tensor, wrong: Tensor, temperature: float | Tensor) -> Tensor:
    """Give the cross-entropy of telling each row's caption from its twin, wrong in one thing."""
    nearer = (q * (wrong - right)).sum(1) / temperature
    return functional.softplus(nearer).mean()


def _check(q: Tensor, c: Tensor) -> None:
    if q.ndim != 2 or c.ndim != 2 or q.shape[1] != c.shape[1] or len(c) < len(q) or len(q) == 0:
        shapes = f"{tuple(q.shape)} and {tuple(c.shape)}"
        raise ValueError(f"queries and candidates do not pair up: shapes {shapes}")


def _masked(scores: Tensor, allowed: Tensor) -> Tensor:
    own = torch.eye(*scores.shape, dtype=torch.bool, device=scores.device)
    return scores.masked_fill(~(allowed | own), -torch.inf)


def _diagonal(scores: Tensor) -> Tensor:
    return functional.cross_entropy(scores, torch.arange(len(scores), device=scores.device))
