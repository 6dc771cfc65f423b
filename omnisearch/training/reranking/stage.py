"""Stage `rerank`: a cross-attention reranker, trained on the encoder's own mistakes, and its worth.

It learns from queries of the training split, each against candidates that the encoder takes for
near. It ships only if it finds three points more at rank 1, beyond doubt, among pictures and among
everything; whether it does is measured on halves of validation that did not choose its weight.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from omnisearch.evaluation.retrieval import paired_bootstrap
from omnisearch.training import checkpoints, loop
from omnisearch.training.export.shipped import Shipped
from omnisearch.training.lab import Lab, Options
from omnisearch.training.lessons import corpus
from omnisearch.training.lessons.pairs import Pairs
from omnisearch.training.loop import Batch, Group, Schedule
from omnisearch.training.measures import percent
from omnisearch.training.reranking.reranker import Reranker, Shape, matched_loss
from omnisearch.training.reranking.shelves import Flags, Floats, Queries, Shelf, asked, nearest
from omnisearch.training.towers.backbone import bfloat16

WEIGHTS = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 2.0, 5.0)  # of its score beside the cosine
GAIN = 3.0  # points of R@1 that are worth a graph more
_ALIKE = 0.9  # queries nearer than this never stand against each other


@dataclass(frozen=True)
class Plan:
    """What is learnt from, and what it is tried on."""

    steps: int = 700
    anchors: int = 20  # of a batch; around them are rows that the encoder takes for near
    wrong: int = 3  # of each anchor's own kind, and as many of any
    depth: int = 50  # candidates that are reranked
    rate: float = 1e-3
    decay: float = 0.05
    rows: Mapping[str, int] | None = None  # of the training split; None is all
    held: Mapping[str, int] | None = None  # of validation


FULL = Plan(
    rows={"text": 1200, "image": 12000, "audio": 1500, "video": 200, "document": 300},
    held={"text": 400, "image": 2000, "audio": 600, "video": 150, "document": 150},
)
TINY = Plan(steps=40, anchors=8, depth=20)


def run(lab: Lab, options: Options) -> Mapping[str, object]:
    """Train the reranker and measure it."""
    plan = TINY if options.tiny else FULL
    shipped, learnt = Shipped(lab, options), lab.models / f"calibrate-{options.run}"
    weights = json.loads((learnt / "calibration.json").read_text("utf-8"))["weights"]
    pairs = _sampled(lab, "train", plan.rows)
    shelf = Shelf(shipped, pairs, weights)
    rows = {kind: np.arange(len(one)) for kind, one in pairs.items()}
    lesson = Lesson(asked(shipped, pairs, rows, options.seed), shelf, plan)
    model, losses = taught(lab, options, lesson)
    held = _sampled(lab, "validation", plan.held)
    gallery = Shelf(shipped, held, weights)
    wanted = {kind: one.wanted() for kind, one in held.items()}
    queries = asked(shipped, held, wanted, None)
    pictures = queries.take(np.flatnonzero(queries.kinds == corpus.KINDS.index("image")))
    found = tried(
        lists(model, pictures, gallery, plan.depth, mixed=False),
        lists(model, queries, gallery, plan.depth, mixed=True),
    )
    checkpoints.save(
        lab.models / f"rerank-{options.run}" / "reranker.safetensors", model.state_dict()
    )
    return {
        "parameters": sum(one.numel() for one in model.parameters()),
        "shape": asdict(model.shape),
        "queries": len(lesson.queries),
        "loss": [round(float(np.mean(part)), 4) for part in np.array_split(losses, 5)],
        **found,
    }


class Lesson:
    """Rows of the training split, each a query and its candidate, and what is near them."""

    def __init__(self, queries: Queries, shelf: Shelf, plan: Plan) -> None:
        self.queries, self.shelf, self.plan = queries, shelf, plan
        lists = [nearest(queries, shelf, plan.depth, mixed) for mixed in (False, True)]
        self.near = [np.where(right, -1, found) for found, right in lists]
        names = {name: number for number, name in enumerate(dict.fromkeys(queries.concepts))}
        self.concepts = np.array([names[name] for name in queries.concepts])
        _, number, counts = np.unique(queries.kinds, return_inverse=True, return_counts=True)
        self.shares = counts[number] ** -0.5 / (counts**0.5).sum()

    def draw(self, random: np.random.Generator) -> Batch:
        """Draw rows, and wrong ones that are near them: of their kind, and of any."""
        size = min(self.plan.anchors, len(self.queries))
        rows = random.choice(len(self.queries), size, replace=False, p=self.shares)
        some = [near[rows][:, random.permutation(near.shape[1])] for near in self.near]
        found = [part[:, : self.plan.wrong] for part in some]
        every = np.unique(np.concatenate([rows, *(part.ravel() for part in found)]))
        return {"rows": every[every >= 0]}

    def loss(self, model: Reranker, batch: Batch) -> Tensor:
        """Give the loss of telling which query and candidate belong together."""
        rows = batch["rows"]
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16()):
            words, parts = self.queries.words(rows), self.shelf.read(model, rows)
            found = [model.judge(*words, tokens, mask).float() for _, tokens, mask in parts]
        scores = torch.cat(found, 1)[:, np.argsort(np.concatenate([own for own, *_ in parts]))]
        other = self.concepts[rows, None] != self.concepts[None, rows]
        vectors = self.queries.vectors[rows]
        allowed = torch.from_numpy(other & (vectors @ vectors.T < _ALIKE))
        return matched_loss(scores, allowed, model.temperature.exp())


def taught(lab: Lab, options: Options, lesson: Lesson) -> tuple[Reranker, list[float]]:
    """Train a reranker; also gives the loss of every step."""
    torch.manual_seed(options.seed)
    random, plan = np.random.default_rng(options.seed), lesson.plan
    model = Reranker(shape_of(lesson.shelf))
    groups = [Group([*model.parameters()], plan.rate)]
    trace = lab.models / f"rerank-{options.run}" / "broken.npz"
    with lab.progress("rerank", plan.steps, "steps") as bar:
        losses = loop.fit(
            groups,
            lambda _: lesson.draw(random),
            lambda batch: lesson.loss(model, batch),
            Schedule(plan.steps, warm_up=40, decay=plan.decay),
            trace,
            bar.update,
        )
    return model.eval(), losses


def shape_of(shelf: Shelf) -> Shape:
    """Give the shape that fits what the towers and the backbone of a lab give."""
    visual, audio = (shelf.empty[name].shape[2] for name in ("visual", "audio"))
    return Shape(shelf.vectors.shape[1], visual, audio)


@dataclass(frozen=True)
class Lists:
    """The candidates that the encoder finds first, and what the reranker says to them."""

    kinds: NDArray[np.int64]
    concepts: Sequence[str]
    cosines: Floats  # (n, depth)
    scores: Floats
    right: Flags

    def hits(self, weight: float) -> Flags:
        """Tell which queries have a right candidate first."""
        best = (self.cosines + weight * self.scores).argmax(1)
        return np.asarray(self.right[np.arange(len(best)), best])


@torch.no_grad()
def lists(model: Reranker, queries: Queries, gallery: Shelf, depth: int, mixed: bool) -> Lists:
    """Let the reranker judge what is found first."""
    found, right = nearest(queries, gallery, depth, mixed)
    cosines = np.einsum("nd,nkd->nk", queries.vectors, gallery.vectors[found])
    cosines[found < 0] = -np.inf
    tokens, mask = gallery.every(model)
    scores = np.empty_like(cosines)
    for row, places in enumerate(found):  # places of none are the last's; their cosine is no hit
        words = queries.words(np.array([row]))
        scores[row] = model.judge(*words, tokens[places], mask[places])[0].numpy()
    return Lists(queries.kinds, queries.concepts, cosines, scores, right)


def tried(pictures: Lists, every: Lists) -> dict[str, Any]:
    """Measure R@1 with and without it; each half of the concepts by the other's weight."""
    both = {"image": pictures, "mixed": every}
    halves = {name: np.array([_half(x) for x in one.concepts]) for name, one in both.items()}
    chosen = [
        max(WEIGHTS, key=lambda w: sum(_share(x.hits(w), halves[n] == h) for n, x in both.items()))
        for h in range(2)
    ]
    found: dict[str, Any] = {"weights": chosen}
    for name, one in both.items():
        after = np.where(halves[name] == 0, one.hits(chosen[1]), one.hits(chosen[0]))
        found[name] = compared(one, after)
    found["ships"] = all(found[n]["gain"] >= GAIN and found[n]["low"] > 0 for n in both)
    return found


def compared(one: Lists, after: Flags) -> dict[str, Any]:
    """Give R@1 before and after, the gain with its paired 95 % interval, and that of each kind."""
    before = one.hits(0)
    gain = paired_bootstrap(after, before, seed=0)
    kinds = {
        corpus.KINDS[kind]: round(100 * (_share(after, own) - _share(before, own)), 2)
        for kind in np.unique(one.kinds)
        if (own := one.kinds == kind).any()
    }
    return {
        "queries": len(after),
        "r1_before": percent(float(before.mean())),
        "r1_after": percent(float(after.mean())),
        "in_list": percent(float(one.right.any(1).mean())),  # no order can find more
        "gain": percent(gain.value),
        "low": percent(gain.low),
        "high": percent(gain.high),
        "gain_by_kind": kinds,
        "gain_by_weight": {
            str(w): round(100 * float(one.hits(w).mean() - before.mean()), 2) for w in WEIGHTS
        },
    }


def _share(hits: Flags, own: Flags) -> float:
    return float(hits[own].mean()) if own.any() else 0.0


def _half(concept: str) -> int:
    return hashlib.blake2b(concept.encode(), digest_size=1).digest()[0] % 2


def _sampled(lab: Lab, split: str, rows: Mapping[str, int] | None) -> dict[str, Pairs]:
    found = corpus.every(lab, split)
    return found if rows is None else {k: one.sample(rows[k]) for k, one in found.items()}
