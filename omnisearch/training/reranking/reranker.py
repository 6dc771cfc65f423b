"""A small network that lets each word of a query look at a candidate, and gives a score.

A candidate's tokens are the last states of its words, and the rows of features that the frozen
towers gave, mapped to where the words are. Each word attends to the tokens that it is most like; a
query's score is the mean over its words of how alike these are, by how much each matters.
Scores of one query compare with each other, not with those of another one.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

ROWS = {"visual": 11, "audio": 13}  # of a picture's, a frame's and a sound's features


@dataclass(frozen=True)
class Shape:
    """How wide everything is; what a tiny lab's towers give is narrower."""

    states: int = 384
    visual: int = 1280
    audio: int = 1920
    hidden: int = 512
    dropout: float = 0.1


class Rows(nn.Module):
    """Rows of features to tokens; which row it is counts before the GELU."""

    def __init__(self, count: int, wide: int, shape: Shape) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(wide)
        self.dropout = nn.Dropout(shape.dropout)
        self.inner = nn.Linear(wide, shape.hidden)
        self.place = nn.Parameter(torch.zeros(count, shape.hidden))
        self.outer = nn.Linear(shape.hidden, shape.states)

    def forward(self, rows: Tensor) -> Tensor:
        """Map rows (n, count, wide); n candidates without any are (n, 0, wide)."""
        inner = self.inner(self.dropout(self.norm(rows))) + self.place[: rows.shape[1]]
        tokens: Tensor = self.outer(functional.gelu(inner))
        return tokens


class Reranker(nn.Module):
    """Candidates are read once, then judged by each query."""

    def __init__(self, shape: Shape | None = None) -> None:
        super().__init__()
        self.shape = shape or Shape()
        width = self.shape.states
        self.word = nn.Linear(width, width, bias=False)
        self.state = nn.Linear(width, width, bias=False)
        for same in (self.word, self.state):  # at first a word is like itself
            nn.init.eye_(same.weight)
        self.matters = nn.Linear(width, 1)
        nn.init.zeros_(self.matters.weight)
        wide = {"visual": self.shape.visual, "audio": self.shape.audio}
        made = {name: Rows(ROWS[name], size, self.shape) for name, size in wide.items()}
        self.rows = nn.ModuleDict(made)
        self.sharpness = nn.Parameter(torch.tensor(2.3))  # ln 10
        self.temperature = nn.Parameter(torch.tensor(-3.0))  # ln 0.05, of the loss

    def read(
        self, states: Tensor, mask: Tensor, visual: Tensor, audio: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Give unit tokens (n, s, width) of candidates of one kind, and which of them count.

        A kind without pictures or sounds has no rows (n, 0, in) of them.
        """
        parts = [self.state(states), self.rows["visual"](visual), self.rows["audio"](audio)]
        there = [mask, *(mask.new_ones(rows.shape[:2]) for rows in (visual, audio))]
        return functional.normalize(torch.cat(parts, 1), dim=2), torch.cat(there, 1)

    def alike(self, words: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
        """Tell how alike each word (w, width) is to what it attends to in each candidate (w, n)."""
        asked = functional.normalize(self.word(words), dim=1)
        cosines = torch.einsum("wd,nsd->wns", asked, tokens)
        sharp = (cosines * self.sharpness.exp()).masked_fill(~mask, -torch.inf)
        return (sharp.softmax(2) * cosines).sum(2)

    def judge(self, words: Tensor, word_mask: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
        """Give the scores (q, n) of queries of words (q, t, states) and candidates' tokens."""
        weights = self.matters(words).squeeze(2).masked_fill(~word_mask, -torch.inf).softmax(1)
        alike = self.alike(words[word_mask], tokens, mask)
        owner = word_mask.nonzero()[:, 0]
        weighted = weights[word_mask][:, None] * alike
        scores: Tensor = weighted.new_zeros(len(words), len(tokens))
        scores = scores.index_add(0, owner, weighted)
        return scores

    def forward(
        self, words: Tensor, states: Tensor, mask: Tensor, visual: Tensor, audio: Tensor
    ) -> Tensor:
        """Give the scores (n,) of n candidates of one kind for one query's words (t, states)."""
        tokens, there = self.read(states, mask.bool(), visual, audio)
        weights: Tensor = self.matters(words).softmax(0)  # (t, 1)
        return (weights * self.alike(words, tokens, there)).sum(0)


def matched_loss(scores: Tensor, allowed: Tensor, temperature: Tensor) -> Tensor:
    """Give the cross-entropy of finding the diagonal of scores (n, n), both ways.

    Only what is allowed (n, n) stands against it.
    """
    own = torch.eye(len(scores), dtype=torch.bool)
    told = (scores / temperature).masked_fill(~(allowed | own), -torch.inf)
    wanted = torch.arange(len(scores))
    found = functional.cross_entropy(told, wanted) + functional.cross_entropy(told.T, wanted)
    return found / 2
