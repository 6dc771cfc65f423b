"""One index of everything: texts, pictures, sounds, films and pages; who asks names no kind.

Right is what was asked for in its own kind. Other things of the same concept count neither way: the
film of a plug is no wrong answer to "plug".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from omnisearch.evaluation.retrieval import Relevant
from omnisearch.training.exam.reader import Floats, Reader
from omnisearch.training.exam.sets import Asked
from omnisearch.training.lab import Lab
from omnisearch.training.lessons import corpus
from omnisearch.training.lessons.pairs import same
from omnisearch.training.measures import Figures, of_scores, without_ranks

TEXTS = 1000  # passages in the index
_OTHERS = ("audio", "video", "document")


@dataclass(frozen=True)
class Index:
    """Vectors of all kinds, one kind after the other."""

    vectors: Floats
    concepts: Sequence[str]
    kinds: Sequence[str]

    def find(self, query: Floats, concepts: Sequence[str], kind: str) -> Figures:
        """Ask for the things of one kind and concept."""
        own = np.array(self.kinds) == kind
        right = same(concepts, self.concepts) & own
        return self.find_marked(query, concepts, right)

    def find_marked(self, query: Floats, concepts: Sequence[str], right: Relevant) -> Figures:
        """Ask for what is marked."""
        other = about(concepts, self.concepts) & ~right
        return without_ranks(of_scores(query, self.vectors, right, other))


def measure(lab: Lab, reader: Reader, split: str) -> Mapping[str, Figures]:
    """Ask any encoder."""
    asked = Asked.load(lab, f"pictures-{split}")
    index = _index(lab, reader, split, asked)
    rest = len(index.vectors) - len(asked.gallery)
    right = np.pad(asked.relevant, ((0, 0), (0, rest)))
    concepts = [asked.concepts[row.argmax()] for row in asked.relevant]
    found = {"text to picture": index.find_marked(reader.texts(asked.texts), concepts, right)}
    audio, kinds = corpus.load(lab, "audio", split), corpus.Columns(lab, "audio", split, ["kind"])
    rows = audio.wanted()
    assert audio.query.texts is not None
    query = reader.texts([audio.query.texts[row][0] for row in rows])
    sought = [audio.concepts[row] for row in rows]
    found["text to audio"] = index.find(query, sought, "audio")
    groups = np.array([kinds["kind"][row] for row in rows])
    for group in dict.fromkeys(groups.tolist()):
        some = np.flatnonzero(groups == group)
        here = [sought[row] for row in some]
        found[f"text to audio, {group}"] = index.find(query[some], here, "audio")
    return found


def about(queries: Sequence[str], concepts: Sequence[str]) -> Relevant:
    """Tell which candidates show what is asked for, perhaps among other things."""
    rows: dict[str, list[int]] = {}
    for row, query in enumerate(queries):
        rows.setdefault(query, []).append(row)
    found = np.zeros((len(queries), len(concepts)), dtype=np.bool_)
    for place, concept in enumerate(concepts):
        for part in {concept, *concept.split("+")}:
            found[rows.get(part, []), place] = True
    return found


def _index(lab: Lab, reader: Reader, split: str, asked: Asked) -> Index:
    vectors = [reader.media("image", asked.gallery)]
    concepts = [*asked.concepts]
    kinds = ["image"] * len(concepts)
    for kind in _OTHERS:
        pairs = corpus.load(lab, kind, split)
        vectors.append(reader.media(kind, pairs.candidate))
        concepts += pairs.concepts
        kinds += [kind] * len(pairs)
    texts = corpus.load(lab, "text", split).sample(TEXTS)
    assert texts.candidate.texts is not None
    vectors.append(reader.texts([wordings[0] for wordings in texts.candidate.texts]))
    concepts += texts.concepts
    kinds += ["text"] * len(texts)
    return Index(np.concatenate(vectors), concepts, kinds)
