"""Names of held-out sounds, asked for among all clips of their kind and among all sounds.

The clips that were trained on stand in the gallery as well, so that a few held-out names are not
found by chance. Every clip that bears the name is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from omnisearch.training.exam.reader import Floats, Reader
from omnisearch.training.lab import Lab
from omnisearch.training.lessons import corpus
from omnisearch.training.lessons.pairs import Rows, Side, same
from omnisearch.training.measures import Figures, of_precision, of_scores, without_ranks

KINDS = ("instrument", "drum", "effect", "procedural")
_COLUMNS = ("concept", "kind", "title")


@dataclass(frozen=True)
class Clips:
    """Clips that were trained on, and behind them those of a split."""

    side: Side
    concepts: Sequence[str]
    kinds: Sequence[str]
    titles: Sequence[str]
    first_captions: Sequence[str]
    held: Rows  # rows of the split

    @classmethod
    def load(cls, lab: Lab, split: str) -> Clips:
        """Read all sounds but speech and mixtures."""
        parts = [_of(lab, one) for one in ("train", split)]
        sides = [side for side, _ in parts]
        places = np.concatenate([side.places for side in sides if side.places is not None])
        concepts, kinds, titles, firsts = (
            [x for _, rows in parts for x in rows[name]] for name in range(4)
        )
        held = np.arange(len(sides[0]), len(places))
        side = replace(sides[0], places=places, texts=None)
        return cls(side, concepts, kinds, titles, firsts, held)

    def named(self, rows: Rows) -> tuple[list[str], list[str]]:
        """Give the name and the concept of each concept among rows."""
        names = {self.concepts[row]: self.titles[row] for row in rows[::-1].tolist()}
        return list(names.values()), list(names)

    def told(self, rows: Rows) -> tuple[list[str], list[str]]:
        """Give the different captions of rows, and the concept of each."""
        captions = {self.first_captions[row]: self.concepts[row] for row in rows[::-1].tolist()}
        return list(captions), list(captions.values())


def measure(lab: Lab, reader: Reader, split: str) -> dict[str, Figures]:
    """Ask any encoder for held-out sounds by their names and captions."""
    clips = Clips.load(lab, split)
    vectors = reader.media("audio", clips.side)
    kinds = np.array(clips.kinds)
    found: dict[str, Figures] = {}
    for kind in (*KINDS, "all"):
        gallery = np.flatnonzero((kinds == kind) | (kind == "all"))
        held = np.intersect1d(gallery, clips.held)
        for form, (texts, concepts) in (
            ("names", clips.named(held)),
            ("captions", clips.told(held)),
        ):
            if texts:
                own = [clips.concepts[row] for row in gallery.tolist()]
                asked = reader.texts(texts)
                found[f"{kind}, {form}"] = _figures(asked, vectors[gallery], concepts, own)
    return found


def _figures(
    asked: Floats, vectors: Floats, concepts: Sequence[str], own: Sequence[str]
) -> Figures:
    relevant = same(concepts, own)
    recall = without_ranks(of_scores(asked, vectors, relevant))
    return {**recall, **of_precision(asked, vectors, relevant)}


def _of(lab: Lab, split: str) -> tuple[Side, tuple[list[str], ...]]:
    columns = corpus.Columns(lab, "audio", split, [*_COLUMNS, "captions"])
    rows = np.flatnonzero(np.isin(columns["kind"], KINDS))
    side = corpus.load(lab, "audio", split).candidate.take(rows)
    firsts = [texts[0] for texts in columns.lists("captions")]
    every = (*(columns[name] for name in _COLUMNS), firsts)
    return side, tuple([column[row] for row in rows.tolist()] for column in every)
