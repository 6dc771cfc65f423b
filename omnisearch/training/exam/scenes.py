"""Scenes: a caption against one that is wrong in a count, a colour or a side.

Beside it stands what the mean of all scenes tells, which sees nothing: how far captions alone give
the answer away.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from omnisearch.training import corpus, twins
from omnisearch.training.exam.encoder import Encoder, Floats
from omnisearch.training.lab import Lab, Options
from omnisearch.training.measures import Figures, mean
from omnisearch.training.pairs import Rows
from omnisearch.training.shipped import Shipped


def run(lab: Lab, options: Options, shipped: Shipped, split: str) -> Mapping[str, Figures]:
    """Tell true captions from their twins."""
    encoder = Encoder.load(lab, options, shipped)
    every = twins.of(lab, "image", split)
    pairs = [(row, twin) for row, some in enumerate(every) for twin in some]
    if not pairs:
        return {}
    rows = np.unique([row for row, _ in pairs])
    side = corpus.load(lab, "image", split).candidate
    vectors = encoder.media("image", side, rows)

    def seen(wanted: Rows) -> Floats:
        return np.asarray(vectors[np.searchsorted(rows, wanted)])

    def blind(wanted: Rows) -> Floats:
        return np.repeat(vectors.mean(axis=0, keepdims=True), len(wanted), axis=0)

    found = twins.told_apart(pairs, seen, encoder.texts)
    unseen = twins.told_apart(pairs, blind, encoder.texts)
    found["mean"], unseen["mean"] = mean([*found.values()]), mean([*unseen.values()])
    return found | {f"{differs}, blind": figures for differs, figures in unseen.items()}
