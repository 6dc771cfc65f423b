"""Text to picture over the frozen gallery, whole and for each kind of picture."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from omnisearch.evaluation.retrieval import Relevant
from omnisearch.training.data.queries import GALLERY
from omnisearch.training.exam.reader import Floats, Reader
from omnisearch.training.exam.sets import Asked
from omnisearch.training.lab import Lab
from omnisearch.training.measures import Figures, of_scores, without_ranks


def measure(lab: Lab, reader: Reader, split: str) -> Mapping[str, Figures]:
    """Ask any encoder."""
    asked = Asked.load(lab, f"pictures-{split}")
    seen = reader.media("image", asked.gallery)
    return by_kind(reader.texts(asked.texts), seen, asked.relevant, asked.groups)


def by_kind(
    query: Floats, gallery: Floats, relevant: Relevant, groups: list[str]
) -> dict[str, Figures]:
    """Look for all kinds; then for each kind among everything, and among its own kind.

    Who looks for an emoji is not told that the icon of the same thing is wrong.
    """
    found = {"all": without_ranks(of_scores(query, gallery, relevant))}
    for kind in GALLERY:
        own = np.array(groups) == kind
        rows = np.flatnonzero((relevant & own).any(axis=1))
        if not len(rows):
            continue
        right, other = relevant[rows] & own, relevant[rows] & ~own
        found[kind] = without_ranks(of_scores(query[rows], gallery, right, other))
        alone = of_scores(query[rows], gallery[own], right[:, own])
        found[f"{kind} among its kind"] = without_ranks(alone)
    return found
