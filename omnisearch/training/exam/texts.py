"""Text to text beside frozen MiniLM, on the same questions.

Descriptions of programs and sections of documentation were never learnt from. All of them lie
outside the splits, so a fixed quarter is asked on validation and the rest on test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from omnisearch.training import corpus, towers
from omnisearch.training.data import tables
from omnisearch.training.data.splits import rank
from omnisearch.training.exam.encoder import Encoder, Reader
from omnisearch.training.lab import Lab, Options
from omnisearch.training.measures import Figures, difference, mean, of_scores, without_ranks
from omnisearch.training.omni import Omni
from omnisearch.training.pairs import same
from omnisearch.training.shipped import Shipped

MOST = 2000  # questions of a set
_OTHERS = ("debian", "readmes")


@dataclass(frozen=True)
class TextSet:
    """Questions and passages, row by row; rows of one concept answer each other."""

    name: str
    queries: Sequence[str]
    passages: Sequence[str]
    concepts: Sequence[str]


def run(lab: Lab, options: Options, shipped: Shipped, split: str) -> Mapping[str, Figures]:
    """Ask the shipped encoder and frozen MiniLM the same."""
    encoder = Encoder.load(lab, options, shipped)
    frozen = Omni(towers.load_backbone(lab), {}, towers.Words.load(lab))
    return beside(list(sets(lab, split)), encoder, frozen)


def beside(asked: Sequence[TextSet], ours: Reader, theirs: Omni) -> dict[str, Figures]:
    """Give both and their difference for each set, and the mean of the differences."""
    found: dict[str, Figures] = {}
    gained = []
    for one in asked:
        right = same(one.concepts, one.concepts)
        both = [
            of_scores(reader.texts(one.queries), reader.texts(one.passages), right)
            for reader in (ours, theirs)
        ]
        gained.append(difference(*both))
        found[one.name] = without_ranks(both[0])
        found[f"{one.name}, MiniLM"] = without_ranks(both[1])
        found[f"{one.name}, gained"] = gained[-1]
    if gained:
        found["mean gained"] = mean(gained)
    return found


def sets(lab: Lab, split: str) -> Iterator[TextSet]:
    """Give the sets of a split that a laboratory has."""
    rows = corpus.Columns(lab, "text", split, ["id", "concept", "query", "passage", "kind"])
    kinds = np.array(rows["kind"])
    for name, kind in (("gloss to lemma", "gloss"), ("manuals", "manual")):
        chosen = [*map(int, np.flatnonzero(kinds == kind))]
        chosen = sorted(chosen, key=lambda row: rank(rows["id"][row]))[:MOST]
        texts = ([rows[column][row] for row in chosen] for column in ("query", "passage"))
        asked, answers = reversed([*texts]) if kind == "gloss" else texts
        if chosen:
            yield TextSet(name, asked, answers, [rows["concept"][row] for row in chosen])
    for name in _OTHERS:
        path = lab.data / "evaluation" / f"texts-{name}.arrow"
        if path.exists():
            yield _others(name, path, split)


def _others(name: str, path: Path, split: str) -> TextSet:
    every = sorted(tables.read(path).to_pylist(), key=lambda row: rank(row["id"]))
    quarter = len(every) // 4
    some = every[:quarter] if split == "validation" else every[quarter:]
    columns = ([row[key] for row in some] for key in ("query", "passage", "concept"))
    return TextSet(name, *columns)
