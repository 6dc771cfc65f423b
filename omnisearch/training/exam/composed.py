"""A picture and an instruction, beside the picture alone, the words alone, and their sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from omnisearch.training.exam.reader import Floats, Reader
from omnisearch.training.exam.sets import Asked
from omnisearch.training.lab import Lab
from omnisearch.training.measures import Figures, difference, of_scores, without_ranks

SHARES = tuple(np.arange(1, 10) / 10)  # of the words in a sum
_LEAST = 10  # questions of a family of its own


def measure(lab: Lab, reader: Reader, split: str) -> Mapping[str, Figures]:
    """Ask with both; the share of the words in the sum is the best one on validation."""
    held = Ways(reader, Asked.load(lab, "composed-validation"))
    share = max(SHARES, key=lambda one: float(held.found(held.sum(one))["r10"]))
    ways = held
    if split != "validation":
        ways = Ways(reader, Asked.load(lab, f"composed-{split}"))
    return ways.figures(share)


class Ways:
    """The vectors of one set, asked in several ways."""

    def __init__(self, reader: Reader, asked: Asked) -> None:
        assert asked.sources is not None
        self.asked = asked
        self.gallery = reader.media("image", asked.gallery)
        self.picture = reader.media("image", asked.sources)
        self.words = reader.texts(asked.texts)
        both = replace(asked.sources, texts=[[text] for text in asked.texts])
        self.both = reader.media("composed", both)

    def sum(self, share: float) -> Floats:
        """Add picture and words."""
        return np.asarray((1 - share) * self.picture + share * self.words, np.float32)

    def found(self, query: Floats) -> Figures:
        """Ask with vectors; the picture that is asked with is no answer."""
        return of_scores(query, self.gallery, self.asked.relevant, self.asked.excluded)

    def figures(self, share: float) -> dict[str, Figures]:
        """Give all ways, what reading together gains over the best of the others, and families."""
        both = self.found(self.both)
        others = {
            "picture alone": self.found(self.picture),
            "words alone": self.found(self.words),
            f"sum, words {share:.1f}": self.found(self.sum(share)),
        }
        best = max(others.values(), key=lambda one: float(one["r10"]))
        ways = {"picture and words": both, **others}
        named = {name: without_ranks(one) for name, one in ways.items()}
        return {**named, "gained over the best": difference(both, best), **self._families()}

    def _families(self) -> dict[str, Figures]:
        families = [query.groups[-1] for query in self.asked.frozen.queries]
        found = {}
        for family in sorted(set(families)):
            rows = np.flatnonzero(np.array(families) == family)
            if len(rows) >= _LEAST:
                right, own = self.asked.relevant[rows], self.asked.excluded[rows]
                found[family] = without_ranks(of_scores(self.both[rows], self.gallery, right, own))
        return found
