"""Recovery of a fused encoder: projectors alone first, then a balanced rehearsal of everything.

In step 1 only one projector learns. That nothing else moves is checked: every other tensor by its
hash, vectors of everything that does not pass that projector by their bytes.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from omnisearch.training.encoder.omni import Omni
from omnisearch.training.fusion.arithmetic import digest
from omnisearch.training.lab import LabError
from omnisearch.training.lessons.pairs import Channel, Pairs, same
from omnisearch.training.loop import Batch, Group, Schedule, fit
from omnisearch.training.losses import info_nce
from omnisearch.training.recovery.rehearsal import Mix, Objective, Twins

_PROBE = 64  # rows of each kind whose vectors are compared


class MovedError(LabError):
    """Something changed that step 1 must leave alone."""

    status = 500


@dataclass(frozen=True)
class Repair:
    """Step 1: a projector learns under a frozen backbone."""

    steps: int = 160
    batch: int = 96
    rate: float = 5e-4
    bank: int = 8  # batches of texts kept as more negatives: the backbone is frozen, so they hold
    temperature: float = 0.05
    half: bool = True  # bfloat16 where the processor has it: twice as fast


@dataclass(frozen=True)
class Rehearsal:
    """Step 2: everything learns a little from everything."""

    steps: int = 120
    each: int = 16  # rows of each kind in a batch; MAMCL wants 16 or more
    more: Mapping[str, int] = field(default_factory=dict)  # rows of kinds that have another number
    backbone_rate: float = 2e-5
    projector_rate: float = 2e-4
    objective: Objective = field(default_factory=Objective)
    half: bool = True


@dataclass(frozen=True)
class Run:
    """Where a training belongs: its seed, where a broken batch goes, who hears of each step."""

    seed: int
    trace: Path
    told: Callable[[], object] = lambda: None


def step_1(
    fused: Omni, channel: Channel, pairs: Mapping[str, Pairs], plan: Repair, run: Run
) -> Omni:
    """Train one projector on the pairs that pass it; the rest of `pairs` must not move."""
    own = {name: one for name, one in pairs.items() if passes(one, channel)}
    others = {name: one for name, one in pairs.items() if name not in own}
    if not own:
        raise LabError(f"no pairs pass the {channel} projector: there is nothing to learn from")
    before = fingerprint(fused, channel), probe(fused, others)
    model = train_projector(fused, channel, own, plan, run)
    _unmoved(before, (fingerprint(model, channel), probe(model, others)))
    return model


def train_projector(
    start: Omni,
    channel: Channel,
    pairs: Mapping[str, Pairs],
    plan: Repair,
    run: Run,
    reader: Omni | None = None,
) -> Omni:
    """Train a projector, everything else frozen; a reader may encode the queries."""
    model = copy.deepcopy(start).train()
    model.requires_grad_(False)
    model.projector[channel].requires_grad_(True)
    torch.manual_seed(run.seed)
    mix = Mix(pairs, max(1, plan.batch // len(pairs)), run.seed, plan.half)
    bank: deque[tuple[list[str], Tensor]] = deque(maxlen=max(1, plan.bank))

    def loss_of(batch: Batch) -> Tensor:
        concepts, (asked, media) = mix.concepts(batch), mix.encode(model, batch, reader)
        known = [*concepts, *(concept for kept, _ in bank for concept in kept)]
        texts = torch.cat([asked, *(vectors for _, vectors in bank)])
        allowed = torch.from_numpy(~same(concepts, known))
        bank.append((concepts, asked.detach()))
        return info_nce(media, texts, plan.temperature, allowed)

    group = Group(list(model.projector[channel].parameters()), plan.rate)
    fit([group], mix.draw, loss_of, Schedule(plan.steps), run.trace, run.told)
    return model.eval().requires_grad_(False)


def step_2(
    start: Omni, pairs: Mapping[str, Pairs], plan: Rehearsal, run: Run, twins: Twins | None = None
) -> Omni:
    """Rehearse all modalities in equal parts at a low rate; the embeddings of words stay."""
    model = copy.deepcopy(start).train().requires_grad_(True)
    model.backbone.embeddings.requires_grad_(False)
    torch.manual_seed(run.seed)
    each = {**dict.fromkeys(pairs, plan.each), **plan.more}
    mix = Mix(pairs, each, run.seed, plan.half, twins)
    layers = Group(list(model.backbone.encoder.parameters()), plan.backbone_rate)
    projectors = Group(list(model.projector.parameters()), plan.projector_rate)
    fit(
        [layers, projectors],
        mix.draw,
        lambda batch: mix.loss(model, batch, plan.objective),
        Schedule(plan.steps),
        run.trace,
        run.told,
    )
    return model.eval().requires_grad_(False)


def passes(pairs: Pairs, channel: Channel) -> bool:
    """Tell whether queries or candidates go through a projector."""
    return channel in (pairs.query.channel, pairs.candidate.channel)


def fingerprint(model: Omni, channel: Channel) -> dict[str, str]:
    """Hash every tensor but those of one projector."""
    left_out = f"projector.{channel}."
    tensors = model.state_dict()
    return {key: digest(x) for key, x in tensors.items() if not key.startswith(left_out)}


def probe(model: Omni, pairs: Mapping[str, Pairs]) -> dict[str, NDArray[np.float32]]:
    """Encode the first rows of each kind, both sides."""
    vectors = {}
    for name, one in pairs.items():
        rows = np.arange(min(_PROBE, len(one)))
        vectors[f"queries of {name}"] = model.encode(one.query, rows)
        vectors[f"candidates of {name}"] = model.encode(one.candidate, rows)
    return vectors


_State = tuple[dict[str, str], dict[str, NDArray[np.float32]]]


def _unmoved(before: _State, after: _State) -> None:
    for key, wanted in before[0].items():
        if after[0].get(key) != wanted:
            raise MovedError(f"{key} changed in step 1: only the projector may learn")
    for name, vectors in before[1].items():
        if vectors.tobytes() != after[1][name].tobytes():
            raise MovedError(
                f"{name} have other vectors after step 1: only the projector may learn"
            )
