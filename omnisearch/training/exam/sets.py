"""Frozen query sets as an encoder is asked them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from omnisearch.evaluation.retrieval import Relevant
from omnisearch.training.data.queries import QuerySet
from omnisearch.training.lab import Lab
from omnisearch.training.lessons.corpus import Pictures
from omnisearch.training.lessons.pairs import Side


@dataclass(frozen=True)
class Asked:
    """A frozen set: its questions, and its gallery as features."""

    frozen: QuerySet
    gallery: Side
    relevant: Relevant  # (queries, gallery)
    excluded: Relevant
    sources: Side | None  # the pictures that are asked with
    concepts: list[str]  # of the gallery

    @classmethod
    def load(cls, lab: Lab, name: str) -> Asked:
        """Read a set of a laboratory; all its pictures are looked up by their ids."""
        frozen = QuerySet.load(lab, name)
        pictures = Pictures.load(lab)
        gallery = pictures.side(frozen.gallery)
        assert gallery.places is not None
        sources = [query.picture for query in frozen.queries if query.picture is not None]
        return cls(
            frozen,
            gallery,
            marks([query.relevant for query in frozen.queries], list(frozen.gallery)),
            marks([query.exclude for query in frozen.queries], list(frozen.gallery)),
            pictures.side(sources) if sources else None,
            [pictures.concepts[place] for place in gallery.places],
        )

    @property
    def texts(self) -> list[str]:
        """What is asked in words."""
        return [query.text or "" for query in self.frozen.queries]

    @property
    def groups(self) -> list[str]:
        """The group of each candidate."""
        return list(self.frozen.gallery.values())


def marks(wanted: Sequence[Iterable[str]], names: Sequence[str]) -> Relevant:
    """Mark what is wanted of all names, (wanted, names)."""
    places = {name: place for place, name in enumerate(names)}
    found = np.zeros((len(wanted), len(names)), dtype=np.bool_)
    for row, some in enumerate(wanted):
        found[row, [places[one] for one in some]] = True
    return found
