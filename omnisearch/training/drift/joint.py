"""Control: one model trained on everything at once, with the batches and steps of the specialists.

Each step is a step of one specialist, in shuffled order, on the same weights; so rows, losses and
steps are those of the decoupled recipe, and what differs is the interference alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from omnisearch.training.encoder import assembly
from omnisearch.training.encoder.omni import Omni
from omnisearch.training.lab import Lab, Options
from omnisearch.training.loop import Batch, Group, Schedule, fit
from omnisearch.training.recovery.steps import Run
from omnisearch.training.specialists.apprentice import Apprentice
from omnisearch.training.specialists.stage import PLAN, RANDOM, TINY
from omnisearch.training.towers.captions import Texts


def train(
    lab: Lab,
    options: Options,
    start: Mapping[str, Tensor],
    more: Mapping[str, int],
    share: float,
    run: Run,
) -> Omni:
    """Train jointly; `more` steps of a kind stand for what recovery gives to the fused model."""
    recipe = PLAN if options.variant == "b" else RANDOM
    of_each = TINY if options.tiny else recipe
    plan = {
        kind: replace(one, steps=round(share * (one.steps + more.get(kind, 0))))
        for kind, one in of_each.items()
    }
    texts = Texts(lab)
    pupils = {kind: Apprentice(lab, kind, one, texts, run.seed) for kind, one in plan.items()}
    order = [kind for kind, one in plan.items() for _ in range(one.steps)]
    np.random.default_rng(run.seed).shuffle(order)
    torch.manual_seed(run.seed)
    model = assembly.build(lab, start).train().requires_grad_(True)
    model.backbone.embeddings.requires_grad_(False)
    scale = nn.Parameter(torch.tensor(plan["image"].temperature).log())
    groups = [
        Group([*model.backbone.encoder.parameters()], plan["image"].backbone),
        Group([*model.projector.parameters(), scale], plan["image"].projector),
    ]
    drawn: list[str] = []

    def batch_of(step: int) -> Batch:
        drawn.append(order[step])
        return pupils[order[step]].batch()

    def loss_of(batch: Batch) -> Tensor:
        return pupils[drawn[-1]].loss(model, batch, scale)

    fit(groups, batch_of, loss_of, Schedule(len(order)), run.trace, run.told)
    return model.eval().requires_grad_(False)
