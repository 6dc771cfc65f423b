"""Stage `rerank`: a reranker trained on the encoder's own mistakes, what it costs, and its worth.

It reads the graphs that ship, or those that the run exported, so it needs no checkpoint. It learns
from queries of the training split, each against candidates that the encoder takes for near. It
ships only if it finds three points more at rank 1, beyond doubt, among pictures and among
everything, and is quick enough; both are measured on validation. Beside it stands what needs no
training: late interaction over states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from omnisearch.training import checkpoints, loop
from omnisearch.training.export.exported import Exported
from omnisearch.training.lab import Lab, Options
from omnisearch.training.lessons import corpus
from omnisearch.training.lessons.pairs import Pairs, Rows
from omnisearch.training.loop import Batch, Group, Schedule
from omnisearch.training.reranking import costs, readings, worth
from omnisearch.training.reranking.interaction import maxsim
from omnisearch.training.reranking.reranker import Reranker, Shape, listed_loss
from omnisearch.training.reranking.shelves import First, Floats, Queries, Shelf, asked, nearest
from omnisearch.training.reranking.worth import Lists

_JUDGED = 8  # queries whose lists are judged at once
Judge = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Plan:
    """What is learnt from, and what it is tried on."""

    steps: int = 200
    asked: int = 1000  # queries of each kind
    lists: int = 16  # of a batch, half of them of one kind
    wrong: int = 8  # in each list beside a right one
    deep: int = 60  # candidates that wrong ones are drawn from
    depth: int = 50  # candidates that are reranked
    rate: float = 1e-3
    decay: float = 0.05
    rank: int = 32
    rows: Mapping[str, int] | None = None  # of the training split; None is all
    held: Mapping[str, int] | None = None  # of validation


FULL = Plan(
    rows={"text": 1200, "image": 12000, "audio": 600, "video": 200, "document": 300},
    held={"text": 400, "image": 2000, "audio": 300, "video": 100, "document": 150},
)
TINY = Plan(steps=40, lists=8, wrong=6, deep=20, depth=20, rank=4)


def run(lab: Lab, options: Options) -> Mapping[str, object]:
    """Train the reranker and measure it."""
    plan = TINY if options.tiny else FULL
    graphs = readings.exported(lab, options)
    pairs = _sampled(lab, "train", plan.rows)
    queries = asked(graphs, pairs, _drawn(pairs, plan.asked, options.seed), options.seed)
    lesson = Lesson(queries, Shelf(lab, graphs, "train", pairs), plan)
    model, losses = taught(lab, options, lesson)
    checkpoints.save(
        lab.models / f"rerank-{options.run}" / "reranker.safetensors", model.state_dict()
    )
    return {
        "fingerprint": graphs.model["fingerprint"],
        "parameters": sum(one.numel() for one in model.parameters()),
        "shape": asdict(model.shape),
        "queries": len(queries),
        "learnt_from": {kind: len(one) for kind, one in pairs.items()},
        "loss": [round(float(np.mean(part)), 4) for part in np.array_split(losses, 5)],
        **measured(lab, graphs, plan, model),
    }


def measured(lab: Lab, graphs: Exported, plan: Plan, model: Reranker) -> dict[str, Any]:
    """Try the reranker, and late interaction, on validation; tell what they cost."""
    pairs = _sampled(lab, "validation", plan.held)
    shelf = Shelf(lab, graphs, "validation", pairs)
    queries = asked(graphs, pairs, {kind: one.wanted() for kind, one in pairs.items()}, None)
    pictures = queries.take(np.flatnonzero(queries.kinds == queries.names.index("image")))
    indexes = {"image": (pictures, False), "mixed": (queries, True)}
    firsts = {
        name: nearest(some, shelf, plan.depth, mixed) for name, (some, mixed) in indexes.items()
    }
    judges: dict[str, Judge] = {"reranker": model, "maxsim": maxsim}
    found = {
        way: worth.tried(
            {
                name: Lists.of(some, firsts[name], judged(judge, some, shelf, firsts[name]))
                for name, (some, _) in indexes.items()
            }
        )
        for way, judge in judges.items()
    }
    cost = costs.measure(lab, graphs, pairs, model, plan.depth)
    ships = found["reranker"]["ships"] and cost["ms"] <= costs.MOST_MS
    tried_on = {kind: len(one) for kind, one in pairs.items()}
    ours = {**found.pop("reranker"), "ships": bool(ships)}
    return {"tried_on": tried_on, **ours, **found, "cost": cost}


class Lesson:
    """Rows of the training split, each a query with what is found first for it."""

    def __init__(self, queries: Queries, shelf: Shelf, plan: Plan) -> None:
        self.queries, self.shelf, self.plan = queries, shelf, plan
        self.firsts = [nearest(queries, shelf, plan.deep, mixed) for mixed in (False, True)]
        _, number, counts = np.unique(queries.kinds, return_inverse=True, return_counts=True)
        self.shares = counts[number] ** -0.5 / (counts**0.5).sum()

    def draw(self, random: np.random.Generator) -> Batch:
        """Draw queries, and of each a right candidate and wrong ones, of its kind or of any."""
        size = min(self.plan.lists, len(self.queries))
        rows = random.choice(len(self.queries), size, replace=False, p=self.shares)
        return {
            "rows": rows,
            "places": np.array([self._list(row, at % 2, random) for at, row in enumerate(rows)]),
        }

    def loss(self, model: Reranker, batch: Batch) -> Tensor:
        """Give the loss of finding the right candidate first, by odds and score together."""
        rows, places = batch["rows"], batch["places"]
        scores = model(*_asked(self.queries, rows), *_found(self.shelf, places))
        odds = self.shelf.odds_of(self.queries.read.vectors[rows], places)
        told = torch.from_numpy(odds) + model.weight.exp() * scores
        right = torch.zeros_like(told, dtype=torch.bool)
        right[:, 0] = True
        return listed_loss(told, right)

    def _list(self, row: int, mixed: int, random: np.random.Generator) -> list[int]:
        """Give the query's own candidate, then wrong ones; -1 where there are too few."""
        first = self.firsts[mixed]
        wrong = first.places[row][~first.right[row] & (first.places[row] >= 0)]
        count = min(self.plan.wrong, len(wrong))
        some = random.choice(wrong, count, replace=False) if count else wrong
        none = [-1] * (self.plan.wrong - count)
        return [int(self.queries.own[row]), *some.tolist(), *none]


def taught(lab: Lab, options: Options, lesson: Lesson) -> tuple[Reranker, list[float]]:
    """Train a reranker; also gives the loss of every step."""
    torch.manual_seed(options.seed)
    random, plan = np.random.default_rng(options.seed), lesson.plan
    model = Reranker(Shape(lesson.shelf.vectors.shape[1], plan.rank))
    with lab.progress("rerank", plan.steps, "steps") as bar:
        losses = loop.fit(
            [Group([*model.parameters()], plan.rate)],
            lambda _: lesson.draw(random),
            lambda batch: lesson.loss(model, batch),
            Schedule(plan.steps, warm_up=40, decay=plan.decay),
            lab.models / f"rerank-{options.run}" / "broken.npz",
            bar.update,
        )
    return model.eval(), losses


@torch.no_grad()
def judged(judge: Judge, queries: Queries, shelf: Shelf, first: First) -> Floats:
    """Let a reranker judge what is found first; what is none has a score that nobody reads."""
    scores = np.zeros(first.places.shape, np.float32)
    for at in range(0, len(queries), _JUDGED):
        rows = np.arange(at, min(at + _JUDGED, len(queries)))
        told = judge(*_asked(queries, rows), *_found(shelf, first.places[rows]))
        scores[rows] = told.numpy()
    return scores


def _asked(queries: Queries, rows: Rows) -> tuple[Tensor, Tensor, Tensor]:
    some = queries.read.take(rows)
    states, there = some.tokens.astype(np.float32), some.origins >= 0
    return torch.from_numpy(states), torch.from_numpy(there), torch.from_numpy(some.vectors)


def _found(shelf: Shelf, places: Rows) -> tuple[Tensor, Tensor]:
    found = shelf.gather(places)
    return torch.from_numpy(found.tokens), torch.from_numpy(found.origins)


def _drawn(pairs: Mapping[str, Pairs], count: int, seed: int) -> dict[str, Rows]:
    """Draw so many rows of each kind at most."""
    random = np.random.default_rng(seed)
    sizes = {kind: len(one) for kind, one in pairs.items()}
    return {k: np.sort(random.permutation(size)[:count]) for k, size in sizes.items()}


def _sampled(lab: Lab, split: str, rows: Mapping[str, int] | None) -> dict[str, Pairs]:
    found = corpus.every(lab, split)
    return found if rows is None else {k: one.sample(rows[k]) for k, one in found.items()}
