"""Scenes: a caption against one that is wrong in a count, a colour or a side."""

from __future__ import annotations

from collections.abc import Mapping

from omnisearch.training.exam.apart import Apart, flat
from omnisearch.training.exam.reader import Reader
from omnisearch.training.lab import Lab
from omnisearch.training.lessons import corpus, twins
from omnisearch.training.measures import Figures, mean


def measure(lab: Lab, reader: Reader, split: str) -> Mapping[str, Figures]:
    """Tell true captions from their twins."""
    pairs = flat(twins.of(lab, "image", split))
    if not pairs:
        return {}
    apart = Apart(pairs, reader)
    seen = reader.media("image", corpus.load(lab, "image", split).candidate, apart.rows)
    ways = {"": apart.told(seen), ", blind": apart.blind(seen)}
    ways[", all twins"] = apart.told(seen, every=True)
    found: dict[str, Figures] = {}
    for way, figures in ways.items():
        every = {**figures, "mean": mean([*figures.values()])}
        found |= {f"{differs}{way}": one for differs, one in every.items()}
    return found
