"""What is learnt from: rows and texts drawn in fair shares; and how what was learnt is tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from omnisearch.evaluation import retrieval
from omnisearch.training.encoder.heads import summary
from omnisearch.training.lab import Lab
from omnisearch.training.lessons import corpus
from omnisearch.training.lessons.pairs import Pairs, Rows, same
from omnisearch.training.towers import features
from omnisearch.training.towers.captions import Texts

Floats = NDArray[np.floating]
_BLOCK = 2048
_ALIKE = 0.9  # texts nearer than this never stand against each other


class Draw:
    """Rows of one kind and split, drawn with a wording of each."""

    def __init__(self, lab: Lab, kind: str, split: str, texts: Texts) -> None:
        self.pairs = corpus.load(lab, kind, split)
        self.texts = texts
        self.kinds = _kinds(lab, kind, split, len(self.pairs))
        self.shares = shares(self.kinds)
        wordings = self.pairs.query.texts or []
        self.counts = np.array([len(some) for some in wordings])
        self.starts = np.concatenate(([0], np.cumsum(self.counts)[:-1])).astype(np.int64)
        self.captions = texts.rows([text for some in wordings for text in some])
        names = {name: number for number, name in enumerate(dict.fromkeys(self.pairs.concepts))}
        self.concepts = np.array([names[name] for name in self.pairs.concepts])

    def __len__(self) -> int:
        return len(self.concepts)

    def draw(self, count: int, random: np.random.Generator) -> dict[str, Rows]:
        """Draw rows and a caption of each; the first is drawn most often."""
        size = min(count, len(self))
        rows = random.choice(len(self), size=size, replace=False, p=self.shares)
        wording = np.minimum(random.geometric(0.5, size) - 1, self.counts[rows] - 1)
        return {"rows": rows, "texts": self.captions[self.starts[rows] + wording]}

    def allowed(self, rows: Rows, targets: Tensor) -> Tensor:
        """Tell which texts may stand against which rows: other concepts, other meanings.

        `targets` are the texts of the rows; those behind them belong to no row.
        """
        own = self.concepts[rows]
        other = torch.ones(len(rows), len(targets), dtype=torch.bool)
        other[:, : len(rows)] = torch.from_numpy(own[:, None] != own[None, :])
        return other & (targets[: len(rows)] @ targets.T < _ALIKE)

    def vectors(self, rows: Rows) -> Tensor:
        """Give the vectors of texts by their rows in the cache."""
        vectors = torch.from_numpy(self.texts.all[rows].astype(np.float32))
        return nn.functional.normalize(vectors, dim=-1)

    def first(self) -> Floats:
        """Give the vector of each row's first caption."""
        return self.vectors(self.captions[self.starts]).numpy()


class Summaries(Draw):
    """Also what a locked head reads of each row, in memory, perhaps in two views."""

    def __init__(self, lab: Lab, kind: str, split: str, texts: Texts, views: bool = False) -> None:
        super().__init__(lab, kind, split, texts)
        columns = corpus.Columns(lab, kind, split, [])
        self.sense = corpus.CHANNELS[kind]
        self.digest = [features.digest(lab, stem) for stem in columns.stems]
        loaders = (features.load, features.load_view) if views else (features.load,)
        self.features = [
            self._summed([load(lab, stem) for stem in columns.stems], columns.places)
            for load in loaders
        ]

    def _summed(self, arrays: Sequence[NDArray[np.float16]], places: Rows) -> NDArray[np.float16]:
        ends = np.cumsum([len(array) for array in arrays])
        parts = []
        for array, end in zip(arrays, ends, strict=True):
            own = places[(places >= end - len(array)) & (places < end)] - (end - len(array))
            for at in range(0, len(own), _BLOCK):
                rows = torch.from_numpy(array[own[at : at + _BLOCK]].astype(np.float32))
                parts.append(summary(rows, self.sense).numpy().astype(np.float16))
        return np.concatenate(parts)

    def draw(self, count: int, random: np.random.Generator) -> dict[str, Rows]:
        """Draw rows, a caption and a view of each."""
        batch = super().draw(count, random)
        return {**batch, "view": random.integers(len(self.features), size=len(batch["rows"]))}

    def drawn_evenly(self, count: int, random: np.random.Generator) -> dict[str, Rows]:
        """Draw rows that are all as likely, in any wording, as they are seen first."""
        rows = random.choice(len(self), size=min(count, len(self)), replace=False)
        texts = self.captions[self.starts[rows] + random.integers(self.counts[rows])]
        return {"rows": rows, "texts": texts, "view": np.zeros_like(rows)}

    def seen(self, batch: Mapping[str, Rows]) -> Tensor:
        """Give the features of a batch."""
        found = np.empty((len(batch["rows"]), self.features[0].shape[1]), np.float32)
        for number, array in enumerate(self.features):
            chosen = batch["view"] == number
            found[chosen] = array[batch["rows"][chosen]]
        return torch.from_numpy(found)

    def sample(self) -> Tensor:
        """Give the features of every seventh row."""
        return torch.from_numpy(self.features[0][::7].astype(np.float32))

    @torch.no_grad()
    def tried(self, head: nn.Module) -> dict[str, float]:
        """Measure how a head's vectors are found by first captions, and these by them."""
        media = head(torch.from_numpy(self.features[0].astype(np.float32))).numpy()
        return retrieved(self.pairs, self.first(), media, self.kinds)


def shares(kinds: Sequence[str]) -> Floats:
    """Give rows' probabilities: a kind is drawn in proportion to the root of its size."""
    _, number, counts = np.unique(kinds, return_inverse=True, return_counts=True)
    weights = counts[number] ** -0.5
    return np.asarray(weights / weights.sum())


def retrieved(
    pairs: Pairs, texts: Floats, media: Floats, kinds: Sequence[str] = ()
) -> dict[str, float]:
    """Measure retrieval both ways, and text to media within each kind of media."""
    asked = pairs.wanted()
    relevant = same([pairs.concepts[row] for row in asked], pairs.concepts)
    figures = _recalls("text to media", retrieval.ranks(texts[asked], media, relevant))
    figures |= _recalls("media to text", retrieval.ranks(media, texts[asked], relevant.T))
    figures["gallery"] = len(media)
    for kind in sorted(set(kinds)):
        own = np.asarray(kinds) == kind
        rows = asked[own[asked]]
        if len(rows) > 9:
            right = same([pairs.concepts[row] for row in rows], pairs.concepts)[:, own]
            recall = retrieval.recall_at(retrieval.ranks(texts[rows], media[own], right), 10)
            figures[f"{kind}: R@10 of {own.sum()}"] = round(recall, 4)
    return figures


def _recalls(name: str, ranks: retrieval.Ranks) -> dict[str, float]:
    recalls = {f"{name} R@{k}": round(retrieval.recall_at(ranks, k), 4) for k in (1, 5, 10)}
    return {**recalls, f"{name} queries": len(ranks)}


def _kinds(lab: Lab, kind: str, split: str, count: int) -> Sequence[str]:
    if kind == "video":
        return ["video"] * count
    return corpus.Columns(lab, kind, split, ["kind"])["kind"]
