"""Batches with as many rows of each kind, and the loss over all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from omnisearch.training.encoder.omni import Omni
from omnisearch.training.lessons.pairs import Pairs, Rows, Side, same
from omnisearch.training.lessons.twins import Twin
from omnisearch.training.loop import Batch, bfloat16
from omnisearch.training.losses import info_nce, mamcl, twin_loss

Twins = Mapping[str, Sequence[Sequence[Twin]]]  # kind → twins of each row
_TWIN_ROWS = 8  # of each kind in a batch: their texts cost a third of a step
_TWIN_TEMPERATURE = 0.02  # the vectors of twins are near each other


@dataclass(frozen=True)
class Objective:
    """Which candidates stand against a query."""

    masked: bool = False  # MAMCL: those of the positive's modality only
    negatives: int | None = None  # so many of them, drawn anew for each query; None is all
    both: bool = True  # also from candidate to query; MAMCL has one direction
    temperature: float = 0.05


class Mix:
    """Balanced batches over several kinds of pairs."""

    def __init__(
        self,
        pairs: Mapping[str, Pairs],
        each: int | Mapping[str, int],
        seed: int,
        half: bool = False,
        twins: Twins | None = None,
    ) -> None:
        self.pairs = dict(pairs)
        self.half = half and bfloat16()
        self.twins = twins or {}
        self.each = {name: each if isinstance(each, int) else each[name] for name in self.pairs}
        self._drawn = np.random.default_rng(seed)
        self._rows = {name: _by_concept(one) for name, one in self.pairs.items()}

    def draw(self, step: int) -> Batch:
        """Draw so many rows of every kind, of distinct concepts."""
        del step
        return {name: self._distinct(name) for name in self.pairs}

    def loss(self, model: Omni, batch: Batch, objective: Objective) -> Tensor:
        """Give the loss of a batch; equal concepts never stand against each other."""
        query, candidate = self.encode(model, batch)
        rivals = self._rivals(batch)
        codes = torch.tensor([*self._codes(batch), *self._codes(rivals)])
        concepts = self.concepts(batch)
        allowed = torch.from_numpy(~same(concepts, [*concepts, *self.concepts(rivals)]))
        if objective.negatives is not None:
            alike = codes[: len(query), None] == codes[None]
            allowed = self.thinned(
                allowed & alike if objective.masked else allowed, objective.negatives
            )
        apart = self._apart(model, batch, candidate)
        candidate = torch.cat([candidate, *self._candidates(model, rivals)])
        if objective.masked:
            return apart + mamcl(query, candidate, codes, objective.temperature, allowed)
        plain = info_nce(query, candidate, objective.temperature, allowed, both=objective.both)
        return apart + plain

    def _apart(self, model: Omni, batch: Batch, candidate: Tensor) -> Tensor:
        """Give the loss of telling captions from their twins, for some rows of each kind."""
        chosen: list[tuple[int, Twin]] = []
        first = 0
        for name, rows in batch.items():
            of_row = self.twins.get(name)
            known = [at for at, row in enumerate(rows) if of_row and of_row[row]]
            for at in known[:_TWIN_ROWS]:
                some = of_row[rows[at]] if of_row else []
                chosen.append((first + at, some[int(self._drawn.integers(len(some)))]))
            first += len(rows)
        if not chosen:
            return candidate.new_zeros(())
        texts = [[twin.right] for _, twin in chosen] + [[twin.wrong] for _, twin in chosen]
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            told = model(Side(texts=texts), np.arange(len(texts))).float()
        right, wrong = told[: len(chosen)], told[len(chosen) :]
        media = candidate[[place for place, _ in chosen]]
        return twin_loss(media, right, wrong, _TWIN_TEMPERATURE)

    def encode(
        self, model: Omni, batch: Batch, reader: Omni | None = None
    ) -> tuple[Tensor, Tensor]:
        """Encode queries and candidates of a batch, kind after kind, in wordings drawn anew."""
        sides = [(self.pairs[name], rows) for name, rows in batch.items()]
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            query = [(reader or model)(one.query, rows, self._drawn) for one, rows in sides]
        return torch.cat(query).float(), torch.cat(self._candidates(model, batch))

    def _candidates(self, model: Omni, batch: Batch) -> list[Tensor]:
        sides = [(self.pairs[name].candidate, rows) for name, rows in batch.items()]
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            return [model(side, rows, self._drawn).float() for side, rows in sides]

    def _rivals(self, batch: Batch) -> Batch:
        """Draw a rival of each row that has some."""
        found = {}
        for name, rows in batch.items():
            known = self.pairs[name].rivals
            some = [self._drawn.choice(known[row]) for row in rows if known and len(known[row])]
            if some:
                found[name] = np.array(some, dtype=np.int64)
        return found

    def _codes(self, batch: Batch) -> list[int]:
        return [self.pairs[name].code for name, rows in batch.items() for _ in rows]

    def concepts(self, batch: Batch) -> list[str]:
        """List the concepts of a batch, kind after kind."""
        return [self.pairs[name].concepts[row] for name, rows in batch.items() for row in rows]

    def _distinct(self, name: str) -> Rows:
        groups = self._rows[name]
        size = min(self.each[name], len(groups))
        chosen = self._drawn.choice(len(groups), size=size, replace=False)
        return np.array([self._drawn.choice(groups[at]) for at in chosen], dtype=np.int64)

    def thinned(self, allowed: Tensor, count: int) -> Tensor:
        """Keep `count` of the allowed candidates of each query, at random."""
        order = torch.from_numpy(self._drawn.random(allowed.shape)) - allowed.double()
        place = order.argsort(1).argsort(1)  # allowed ones come first
        return allowed & (place < count)


def _by_concept(pairs: Pairs) -> list[list[int]]:
    groups: dict[str, list[int]] = {}
    for row, concept in enumerate(pairs.concepts):
        groups.setdefault(concept, []).append(row)
    return list(groups.values())
