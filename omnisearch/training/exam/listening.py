"""Hearing the nearest clips again: how likely the decoder finds it that just the question is said.

It is a second look at ten clips of each question, not a search: each clip has to be read by the
decoder once more, in some tenths of a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from omnisearch.training.exam.reader import Reader
from omnisearch.training.exam.spoken import (
    Floats,
    Spoken,
    Wanted,
    Way,
    choose,
    crossed,
    load,
    table,
)
from omnisearch.training.exam.together import Together
from omnisearch.training.exam.transcripts import Writer
from omnisearch.training.lab import Lab
from omnisearch.training.measures import Figures, without_ranks
from omnisearch.training.towers.audio import clip

NEAREST = 10
WEIGHTS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)  # of a log-probability beside the scores
_BEHIND = 100.0  # what is not among the nearest stays behind them


def examined(
    lab: Lab, reader: Reader, split: str, wanted: Wanted, tables: Mapping[str, Sequence[Way]]
) -> dict[str, Any]:
    """Ask with any encoder in several ways, and hear again after the last of them.

    What each way weighs is chosen on validation.
    """
    held = load(lab, reader, "validation", wanted)
    asked = None if split == "validation" else load(lab, reader, split, wanted)
    if held is None or (asked is None and split != "validation"):
        return {}
    again = measure(lab, held, asked, [*tables.values()][-1])
    return {**table(held, asked, tables), "heard again": again}


def measure(lab: Lab, held: Spoken, asked: Spoken | None, tried: Sequence[Way]) -> Figures:
    """Measure the second look after the best of some ways; chosen on validation (`held`)."""
    writer = Writer(lab)
    scores = crossed(held, tried)
    told = listen(writer, held, scores)
    weight = best(held, scores, told, range(len(scores)))
    if asked is None:
        found = np.empty_like(scores)
        for half in range(2):
            other = best(held, scores, told, range(1 - half, len(scores), 2))
            found[half::2] = weighed(scores, told, other)[half::2]
        return {**without_ranks(held.figures(found)), "weight": weight}
    scores = asked.scores(choose(held, tried))
    found = weighed(scores, listen(writer, asked, scores), weight)
    return {**without_ranks(asked.figures(found)), "weight": weight}


def listen(writer: Writer, spoken: Spoken, scores: Floats) -> Floats:
    """Give the log-probability of each question in its nearest clips; of others it is -inf."""
    end = writer.settings["end"]
    texts = [[*writer.tokens(_written(title)), end] for title in spoken.titles]
    nearest = np.argsort(-scores, axis=1)[:, :NEAREST]
    found = np.full_like(scores, -np.inf)
    for column, pcm in enumerate(spoken.clips):
        rows = np.flatnonzero((nearest == column).any(1))
        if len(rows):
            every = Together(writer.settings["prompt"], [texts[row] for row in rows.tolist()])
            states = writer.states(clip(pcm)[None])
            found[rows, column] = every.read(writer.decoder.decoder, states)[0].numpy()
    return found


def weighed(scores: Floats, told: Floats, weight: float) -> Floats:
    """Add what was told to the scores of the nearest; the rest stays behind."""
    again = scores + weight * (told - told.max(1, keepdims=True))
    return np.where(np.isfinite(told), again, scores - _BEHIND)


def best(spoken: Spoken, scores: Floats, told: Floats, rows: Sequence[int]) -> float:
    """Choose the weight that finds most of some rows."""

    def worth(weight: float) -> float:
        return spoken.worth(weighed(scores, told, weight), rows)

    return max(WEIGHTS, key=worth)


def _written(text: str) -> str:
    """Write a question as the decoder writes what it hears."""
    return f" {text[:1].upper()}{text[1:]}."
