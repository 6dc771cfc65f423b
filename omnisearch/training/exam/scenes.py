"""Scenes: a caption against one that is wrong in a count, a colour or a side."""

from __future__ import annotations

from collections.abc import Mapping

from omnisearch.training import corpus, twins
from omnisearch.training.exam.apart import Apart, flat
from omnisearch.training.exam.encoder import Encoder
from omnisearch.training.lab import Lab, Options
from omnisearch.training.measures import Figures, mean
from omnisearch.training.shipped import Shipped


def run(lab: Lab, options: Options, shipped: Shipped, split: str) -> Mapping[str, Figures]:
    """Tell true captions from their twins."""
    pairs = flat(twins.of(lab, "image", split))
    if not pairs:
        return {}
    encoder = Encoder.load(lab, options, shipped)
    apart = Apart(pairs, encoder)
    seen = encoder.media("image", corpus.load(lab, "image", split).candidate, apart.rows)
    ways = {"": apart.told(seen), ", blind": apart.blind(seen)}
    ways[", all twins"] = apart.told(seen, every=True)
    found: dict[str, Figures] = {}
    for way, figures in ways.items():
        every = {**figures, "mean": mean([*figures.values()])}
        found |= {f"{differs}{way}": one for differs, one in every.items()}
    return found
