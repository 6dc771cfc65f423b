"""Specialists of one base made into one model, by arithmetic on their task vectors.

A task vector is specialist minus base. Only keys of the base are fused; what a specialist has
beside them (a grafted tower, its projector) is copied bit by bit, and that is what can drift.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import torch
from torch import Tensor

from omnisearch.training.fusion.checks import (
    FUSED,
    FusionError,
    finite_coefficients,
    finite_result,
    same_architecture,
    usable_grams,
)

Method = Literal["average", "task", "ties", "dare", "regmean"]
METHODS: tuple[Method, ...] = get_args(Method)
Tensors = Mapping[str, Tensor]
_TINY = 1e-300  # for what may be zero below a fraction line


@dataclass(frozen=True)
class Settings:
    """What the methods beyond plain arithmetic need."""

    density: float = 0.2  # TIES: the share of entries kept; 0.2 lost less text than 0.5
    drop: float = 0.5  # DARE: the share of entries dropped
    shrink: float = 0.95  # RegMean: how much of the Gram matrix off its diagonal is kept
    seed: int = 0  # DARE
    grams: Mapping[str, Mapping[str, Tensor]] = field(default_factory=dict)  # RegMean: X'X


@dataclass(frozen=True)
class Fused:
    """A fused model and the geometry of what went in."""

    tensors: dict[str, Tensor]
    copied: dict[str, str]  # keys absent from the base → sha256
    norms: dict[str, float]  # specialist → |task vector| / |base|
    cosines: dict[str, float]  # "a b" → cosine of two task vectors


def fuse(
    base: Tensors,
    specialists: Mapping[str, Tensors],
    method: Method,
    coefficients: Mapping[str, float] | None = None,
    settings: Settings | None = None,
) -> Fused:
    """Fuse specialists into the base; coefficients default to 1/n (`ties`, `dare` too)."""
    weights = _checked(base, specialists, method, coefficients)
    merge = _METHODS[method]
    plan = settings or Settings()
    if method == "regmean":
        usable_grams(base, specialists, plan.grams)
    tensors: dict[str, Tensor] = {}
    for key, origin in base.items():
        if origin.dtype not in FUSED:
            tensors[key] = origin.clone()
            continue
        vectors = {name: _difference(found[key], origin) for name, found in specialists.items()}
        if not any(bool(vector.any()) for vector in vectors.values()):
            tensors[key] = origin.clone()
            continue
        change = merge(key, origin.double(), vectors, weights, plan)
        made = (origin.double() + change).to(origin.dtype).contiguous()
        tensors[key] = finite_result(key, made)
    copied = _copy(base, specialists, tensors)
    norms, cosines = geometry(base, specialists)
    return Fused(tensors, copied, norms, cosines)


def geometry(
    base: Tensors, specialists: Mapping[str, Tensors], keys: Sequence[str] | None = None
) -> tuple[dict[str, float], dict[str, float]]:
    """Relative norms of the task vectors and their cosines, over all keys or some."""
    chosen = [key for key in (keys or base) if base[key].dtype in FUSED]
    size = sum(float(base[key].double().square().sum()) for key in chosen) ** 0.5
    names = list(specialists)
    products = {(a, b): 0.0 for i, a in enumerate(names) for b in names[i:]}
    for key in chosen:
        vectors = {name: _difference(specialists[name][key], base[key]) for name in names}
        for a, b in products:
            products[a, b] += float((vectors[a] * vectors[b]).sum())
    norms = {name: products[name, name] ** 0.5 for name in names}
    pairs = [(a, b) for a, b in products if a != b]
    cosines = {f"{a} {b}": products[a, b] / max(norms[a] * norms[b], _TINY) for a, b in pairs}
    return {name: norm / max(size, _TINY) for name, norm in norms.items()}, cosines


def digest(tensor: Tensor) -> str:
    """Return the sha256 of a tensor's type, shape and bytes."""
    header = f"{tensor.dtype} {tuple(tensor.shape)} ".encode()
    flat = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
    return hashlib.sha256(header + flat.numpy().tobytes()).hexdigest()


def _difference(specialist: Tensor, base: Tensor) -> Tensor:
    return specialist.double() - base.double()


def _task(
    key: str, base: Tensor, vectors: Tensors, weights: Mapping[str, float], plan: Settings
) -> Tensor:
    """Sum of weighted task vectors; `average` is the case of weights 1/n."""
    return torch.stack([weights[name] * vector for name, vector in vectors.items()]).sum(0)


def _ties(
    key: str, base: Tensor, vectors: Tensors, weights: Mapping[str, float], plan: Settings
) -> Tensor:
    """Trim to the largest entries, elect a sign for each, average those that agree with it.

    The average is times the sum of the weights, so weights 1/n give the plain TIES with lambda 1.
    """
    trimmed = torch.stack([_largest(vector, plan.density) for vector in vectors.values()])
    shares = torch.tensor([weights[name] for name in vectors], dtype=torch.double)
    weighted = shares.view(-1, *[1] * base.dim()) * trimmed
    agrees = (trimmed.sign() == weighted.sum(0).sign()) & (trimmed != 0)
    counted = (agrees * shares.view(-1, *[1] * base.dim())).sum(0)
    mean = torch.where(counted != 0, (weighted * agrees).sum(0) / counted, 0.0)
    return mean * shares.sum()


def _dare(
    key: str, base: Tensor, vectors: Tensors, weights: Mapping[str, float], plan: Settings
) -> Tensor:
    """Drop entries at random, scale the rest by 1 / (1 - drop), then sum as task arithmetic."""
    thinned = {}
    for name, vector in vectors.items():
        seed = hashlib.blake2b(f"{plan.seed} {name} {key}".encode(), digest_size=7).digest()
        drawn = torch.Generator().manual_seed(int.from_bytes(seed, "big"))
        kept = torch.rand(vector.shape, generator=drawn, dtype=torch.double) >= plan.drop
        thinned[name] = vector * kept / (1.0 - plan.drop)
    return _task(key, base, thinned, weights, plan)


def _regmean(
    key: str, base: Tensor, vectors: Tensors, weights: Mapping[str, float], plan: Settings
) -> Tensor:
    """Least squares on each specialist's own inputs where they are known, else the average.

    W = (sum w G)^-1 sum w G W_i with G = X'X, shrunk off the diagonal; torch keeps W transposed.
    """
    grams = {name: plan.grams.get(name, {}).get(key) for name in vectors}
    known = {name: gram.double() for name, gram in grams.items() if gram is not None}
    if base.dim() != 2 or len(known) < len(vectors):
        return _task(key, base, vectors, weights, plan)
    left = torch.zeros(base.shape[1], base.shape[1], dtype=torch.double)
    right = torch.zeros(base.shape[1], base.shape[0], dtype=torch.double)
    for name, vector in vectors.items():
        diagonal = torch.diag(torch.diagonal(known[name]))
        gram = weights[name] * (plan.shrink * known[name] + (1 - plan.shrink) * diagonal)
        left, right = left + gram, right + gram @ vector.T
    ridge = 1e-6 * left.diagonal().mean().clamp(min=1e-12)
    try:
        solved: Tensor = torch.linalg.solve(left + ridge * torch.eye(len(left)).double(), right)
    except torch.linalg.LinAlgError as error:  # type: ignore[attr-defined]
        fault = f"the grams of {key} cannot be solved for"
        raise FusionError(f"{fault}: choose other coefficients, or the method task") from error
    return solved.T


def _largest(vector: Tensor, density: float) -> Tensor:
    kept = max(1, round(density * vector.numel()))
    places = vector.abs().reshape(-1).topk(kept).indices
    trimmed = torch.zeros(vector.numel(), dtype=vector.dtype)
    trimmed[places] = vector.reshape(-1)[places]
    return trimmed.reshape(vector.shape)


_Merge = Callable[[str, Tensor, Tensors, Mapping[str, float], Settings], Tensor]
_METHODS: dict[Method, _Merge] = {
    "average": _task,
    "task": _task,
    "ties": _ties,
    "dare": _dare,
    "regmean": _regmean,
}


def _checked(
    base: Tensors,
    specialists: Mapping[str, Tensors],
    method: Method,
    coefficients: Mapping[str, float] | None,
) -> dict[str, float]:
    if method not in METHODS:
        raise FusionError(f"there is no method {method!r}: choose from {', '.join(METHODS)}")
    if not specialists:
        raise FusionError("there is nothing to fuse: name at least one specialist")
    given = dict(coefficients or {})
    finite_coefficients(given)
    if method == "average" and given:
        raise FusionError("an average takes no coefficients: choose the method task")
    unknown = [name for name in given if name not in specialists]
    if unknown:
        raise FusionError(f"a coefficient for {unknown[0]}, which is no specialist: leave it out")
    same_architecture(base, specialists)
    return {name: given.get(name, 1 / len(specialists)) for name in specialists}


def _copy(
    base: Tensors, specialists: Mapping[str, Tensors], fused: dict[str, Tensor]
) -> dict[str, str]:
    """Copy keys the base lacks, verbatim; two specialists may share one only if it is the same."""
    hashes: dict[str, str] = {}
    for name, tensors in specialists.items():
        for key in tensors.keys() - base.keys():
            wanted = digest(tensors[key])
            if hashes.setdefault(key, wanted) != wanted:
                raise FusionError(f"{key} of {name} differs from another's: rename one of them")
            fused[key] = tensors[key].detach().clone().contiguous()
    for key, wanted in hashes.items():
        if digest(fused[key]) != wanted:
            raise FusionError(f"{key} changed while it was copied: the memory is at fault")
    return dict(sorted(hashes.items()))
