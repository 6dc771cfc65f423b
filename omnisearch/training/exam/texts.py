"""Text to text beside frozen MiniLM, on the same questions.

Descriptions of programs and sections of documentation were never learnt from. All of them lie
outside the splits, so a fixed quarter is asked on validation and the rest on test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from omnisearch.training.data import tables
from omnisearch.training.data.splits import rank
from omnisearch.training.encoder.omni import Omni
from omnisearch.training.exam.reader import Reader
from omnisearch.training.export.shipped import longest
from omnisearch.training.lab import Lab
from omnisearch.training.lessons import corpus
from omnisearch.training.lessons.pairs import same
from omnisearch.training.measures import Figures, difference, mean, of_scores, without_ranks
from omnisearch.training.towers import frozen

MOST = 2000  # questions of a set
SPLITS = ("train", "validation", "test")
_OTHERS = ("debian", "readmes")


@dataclass(frozen=True)
class TextSet:
    """Questions, and passages among which those of their concept answer them."""

    name: str
    queries: Sequence[str]
    concepts: Sequence[str]
    passages: Sequence[str]
    subjects: Sequence[str]  # the concepts of the passages


def measure(lab: Lab, reader: Reader, split: str) -> Mapping[str, Figures]:
    """Ask any encoder and frozen MiniLM the same."""
    backbone = frozen.load_backbone(lab)
    minilm = Omni(backbone, {}, frozen.Words.load(lab, longest(backbone)))
    return beside(list(sets(lab, split)), reader, minilm)


def beside(asked: Sequence[TextSet], ours: Reader, theirs: Omni) -> dict[str, Figures]:
    """Give both and their difference for each set, and the mean of the differences."""
    found: dict[str, Figures] = {}
    gained = []
    for one in asked:
        right = same(one.concepts, one.subjects)
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
    """Give the sets of a split that a laboratory has.

    Glosses ask among those of their split; what is easier to find is asked for among all there is.
    """
    parts = {one: _Rows(lab, one) for one in SPLITS}
    own = parts[split]
    if glosses := own.of("gloss")[:MOST]:
        lemmas, subjects = own.read("query", glosses), own.read("concept", glosses)
        yield TextSet("gloss to lemma", own.read("passage", glosses), subjects, lemmas, subjects)
    if manuals := own.of("manual"):
        passages, subjects = (
            [text for one in parts.values() for text in one.read(name, one.of("manual"))]
            for name in ("passage", "concept")
        )
        asked, concepts = own.read("query", manuals), own.read("concept", manuals)
        yield TextSet("manuals", asked, concepts, passages, subjects)
    for name in _OTHERS:
        path = lab.data / "evaluation" / f"texts-{name}.arrow"
        if path.exists():
            yield _others(name, path, split)


class _Rows:
    """Texts of one split, in an order that stays the same."""

    def __init__(self, lab: Lab, split: str) -> None:
        names = ["id", "concept", "query", "passage", "kind"]
        self.columns = corpus.Columns(lab, "text", split, names)

    def of(self, kind: str) -> list[int]:
        """Give the rows of a kind."""
        rows = (row for row, one in enumerate(self.columns["kind"]) if one == kind)
        return sorted(rows, key=lambda row: rank(self.columns["id"][row]))

    def read(self, name: str, rows: Sequence[int]) -> list[str]:
        """Read a column of rows."""
        return [self.columns[name][row] for row in rows]


def _others(name: str, path: Path, split: str) -> TextSet:
    every = sorted(tables.read(path).to_pylist(), key=lambda row: rank(row["id"]))
    quarter = len(every) // 4
    some = every[:quarter] if split == "validation" else every[quarter:]
    asked = ([row[key] for row in some] for key in ("query", "concept"))
    passages = ([row[key] for row in every] for key in ("passage", "concept"))
    return TextSet(name, *asked, *passages)
