"""Held-out corpora as `benchmarks.fusion` asks them: odds of every view and BM25 of every row."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.mixed_index import KINDS, Bits, Floats, Index, view
from omnisearch.encoder.calibration.calibrator import Calibrator, Target
from omnisearch.encoder.calibration.prior import shipped
from omnisearch.encoder.calibration.sample import Sample
from omnisearch.encoder.parts import Modality
from omnisearch.query.fusing import Evidence
from omnisearch.records import View
from omnisearch.storage.words.asking import ask
from omnisearch.storage.words.building import build
from omnisearch.storage.words.loose import Block
from omnisearch.storage.words.scoring import Words
from omnisearch.training.lessons.pairs import same

_HALF = 7  # the seed that decides which media have captions
Way = Callable[[Evidence], Floats]


@dataclass(frozen=True)
class TextSet:
    """Questions for passages; one modality, one view."""

    asked: Sequence[str]
    odds: Floats  # (questions, passages)
    words: Words
    right: Bits

    def scores(self, way: Way) -> Floats:
        """Score all passages for all questions."""
        none = np.full(self.odds.shape[1], np.nan, np.float32)
        names: list[Modality | None] = ["text"] * len(none)
        found = np.empty_like(self.odds)
        for place, text in enumerate(self.asked):
            said = self.words.totals(ask(text))
            evidence = Evidence(none, self.odds[place], said.scores, said.most, names)
            found[place] = way(evidence)
        return found


@dataclass(frozen=True)
class Corpus:
    """An index of everything; `speaking` are the rows that say something."""

    index: Index
    asked: Sequence[str]
    content: Floats  # (questions, rows) log odds, NaN where there is no such view
    read: Floats
    words: Words
    speaking: Bits

    def scores(self, way: Way, content_only: bool = False) -> Floats:
        """Score all rows for all questions; media without their words where that is wanted."""
        names: list[Modality | None] = self.index.row_kinds.tolist()
        deaf = (self.index.row_kinds != "text") & content_only
        found = np.empty_like(self.content)
        for place, text in enumerate(self.asked):
            said = self.words.totals(ask(text))
            read, bm25 = np.where(deaf, np.nan, self.read[place]), np.where(deaf, 0, said.scores)
            evidence = Evidence(self.content[place], read, bm25, said.most, names)
            found[place] = way(evidence)
        return found


@dataclass(frozen=True)
class Sides:
    """What `benchmarks.fusion_vectors` wrote."""

    told: Mapping[str, Any]
    vectors: Mapping[str, Floats]

    @classmethod
    def load(cls, path: Path) -> Sides:
        """Read both files."""
        with np.load(path.with_suffix(".npz"), allow_pickle=False) as found:
            vectors = {name: found[name] for name in found.files}
        return cls(json.loads(path.with_suffix(".json").read_text("utf-8")), vectors)

    def text_sets(self) -> dict[str, TextSet]:
        """Make each set a collection of its own, with the calibration that it would learn."""
        found = {}
        for name in self.told:
            if name == "mixed":
                continue
            rows, told = self.vectors[f"{name}/rows"], self.told[name]
            calibrator = _learn({("text", "words"): rows}, self.vectors["questions"])
            odds = _odds(calibrator, ("text", "words"), self.vectors[f"{name}/asked"], rows)
            right = np.asarray(same(told["concepts"], told["subjects"]))
            words = _words(told["rows"])
            found[name] = TextSet(told["asked"], odds, words, right)
        return found

    def corpus(self, index: Index, captions: bool, asked: Floats | None = None) -> Corpus:
        """Make one collection of everything; half the media have captions where that is wanted.

        `asked` are the vectors of other questions than those of the index.
        """
        rows, texts = self.told["mixed"]["rows"], self.told["mixed"]["asked"]
        vectors = index.asked if asked is None else asked
        if len(rows) != len(index.rows) or len(texts) != len(index.asked):
            raise SystemExit("the two files are of different splits")
        drawn = np.random.default_rng(_HALF).random(len(rows)) < 0.5
        reads = np.isin(index.row_kinds, ("text", "document"))
        speaking = np.array([bool(text) for text in rows]) & (reads | (drawn & captions))
        said = self.vectors["mixed/words"]
        groups = _groups(index, said, speaking)
        calibrator = _learn({key: own for key, (_, own) in groups.items()}, index.questions)
        sides: dict[View, Floats] = {
            one: np.full((len(vectors), len(rows)), np.nan, np.float32)
            for one in ("content", "words")
        }
        for target, (places, own) in groups.items():
            sides[target[1]][:, places] = _odds(calibrator, target, vectors, own)
        spoken = [text if speaks else None for text, speaks in zip(rows, speaking, strict=True)]
        return Corpus(index, texts, sides["content"], sides["words"], _words(spoken), speaking)


def _groups(
    index: Index, said: Floats, speaking: Bits
) -> dict[Target, tuple[np.ndarray[Any, Any], Floats]]:
    """Give the rows of each modality and view: their places and vectors."""
    found: dict[Target, tuple[np.ndarray[Any, Any], Floats]] = {}
    for kind in KINDS:
        own = index.columns[kind]
        if view(kind) == "content":
            found[kind, "content"] = own, index.rows[own]
        speak = own[speaking[own]]
        if len(speak):
            found[kind, "words"] = speak, said[speak]
    return found


def _learn(rows: Mapping[Target, Floats], questions: Floats) -> Calibrator:
    samples = {target: Sample(own.shape[1]) for target, own in rows.items()}
    for target, own in rows.items():
        samples[target].add(own)
    learnt = Calibrator(shipped()).refine(samples, questions)
    counts = {target: len(own) for target, own in rows.items()}
    return Calibrator(learnt.prior, counts, learnt.backgrounds, learnt.crowd)


def _odds(calibrator: Calibrator, target: Target, asked: Floats, rows: Floats) -> Floats:
    modality, side = target
    near = asked @ rows.T
    near -= calibrator.crowding("text", [modality] * len(rows), side, rows)
    odds = calibrator.adjust("text", [modality] * near.size, side, near.ravel())
    return odds.reshape(near.shape)


def _words(texts: Sequence[str | None]) -> Words:
    return Words(len(texts), [Block(0, build(texts))])


def tell(program: str, measure: Callable[[Index, Sides], Mapping[str, Any]]) -> None:
    """Read the command line of a benchmark over both files, print its figures."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}")
    parser.add_argument("mixed", type=Path, help="what benchmarks.mixed_vectors wrote")
    parser.add_argument("sides", type=Path, help="what benchmarks.fusion_vectors wrote")
    parser.add_argument("--out", type=Path, help="also write the figures there")
    given = parser.parse_args()
    index, sides = Index.load(given.mixed), Sides.load(given.sides)
    told = json.dumps({"encoder": index.encoder, **measure(index, sides)}, indent=1)
    print(told)
    if given.out:
        given.out.write_text(told + "\n", "utf-8")
