"""What is the mean of its passages worth to a long text? python -m benchmarks.long_texts.

Each long text has some passages, each of definitions below one notion of WordNet; beside them are
short texts of one notion. One asks for three notions of one text, or for all texts with one notion.
The same files are asked without means and with them, by `ingest` and `query`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import omnisearch as om
from omnisearch.training.data.wordnet import WordNet
from omnisearch.training.lab import Lab

RESULT = Path(__file__).with_name("results") / "long-texts.json"
LONG, SHORT, NOTIONS, LINES = 100, 100, 150, 12
PASSAGES = (3, 6)  # notions of a long text
ASKED = 3  # of them
SEED, DRAWS, TURNS, TIMED = 7, 2_000, 2, 20
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Text:
    """A file, and of which notions it speaks."""

    name: str
    notions: frozenset[int]
    words: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and the files that are right."""

    words: str
    right: frozenset[str]


class Source:
    """Notions of WordNet, and passages about each."""

    def __init__(self, lab: Lab, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._synsets = {one.offset: one for one in WordNet.load(lab).synsets()}
        self._below: dict[int, list[int]] = defaultdict(list)
        for one in self._synsets.values():
            for above in one.hypernyms:
                self._below[above].append(one.offset)
        fit = [
            at for at, found in self._below.items() if len(found) >= LINES and at in self._synsets
        ]
        self._notions = [fit[at] for at in self._rng.permutation(len(fit))[:NOTIONS]]
        self.names = [self._name(at) for at in self._notions]

    def texts(self, passages: int) -> list[Text]:
        """Make long texts, then short ones."""
        counts = [passages] * LONG + [1] * SHORT
        return [self._text(number, count) for number, count in enumerate(counts)]

    def questions(self, texts: Sequence[Text]) -> dict[str, list[Question]]:
        """Ask each long text for three of its notions, and all texts for each notion."""
        several = [self._asked(one, texts) for one in texts[:LONG]]
        alone = [
            Question(name, frozenset(one.name for one in texts if number in one.notions))
            for number, name in enumerate(self.names)
        ]
        return {"three notions": several, "one notion": [one for one in alone if one.right]}

    def _asked(self, text: Text, texts: Sequence[Text]) -> Question:
        drawn = self._rng.permutation(sorted(text.notions))[:ASKED].tolist()
        names = [self.names[at] for at in drawn]
        right = frozenset(one.name for one in texts if one.notions.issuperset(drawn))
        return Question(", ".join(names[:-1]) + f" and {names[-1]}", right)

    def _text(self, number: int, count: int) -> Text:
        notions = self._rng.permutation(NOTIONS)[:count].tolist()
        words = "\n\n".join(self._passage(self._notions[at]) for at in notions)
        return Text(f"{number:03d}.txt", frozenset(notions), words)

    def _passage(self, notion: int) -> str:
        found = self._below[notion]
        drawn = self._rng.permutation(len(found))[:LINES].tolist()
        return " ".join(self._line(found[at]) for at in drawn)

    def _line(self, offset: int) -> str:
        return f"{self._name(offset)}: {self._synsets[offset].gloss.split(';')[0]}."

    def _name(self, offset: int) -> str:
        return self._synsets[offset].lemmas[0].replace("_", " ")


def asked(col: om.Collection, questions: Sequence[Question], mode: Any) -> dict[str, Floats]:  # noqa: ANN401
    """Ask each question: nDCG@10 and R@10, and how sure and how right the first hit is."""
    worth = 1 / np.log2(np.arange(10) + 2)
    found: dict[str, list[float]] = defaultdict(list)
    for one in questions:
        hits = list(col.query(text=one.words, k=10, mode=mode))
        good = np.array([_name(hit) in one.right for hit in hits])
        most = min(10, len(one.right))
        found["nDCG@10"].append(float((good * worth[: len(good)]).sum() / worth[:most].sum()))
        found["R@10"].append(good.sum() / most)
        found["first hit: confidence"].append(hits[0].confidence or 0.0)
        found["first hit: right"].append(float(good[0]))
    return {name: np.array(values) for name, values in found.items()}


def _name(hit: om.Hit) -> str:
    return (hit.uri or "").rpartition("/")[2]


def compared(without: dict[str, Floats], by_wholes: dict[str, Floats]) -> dict[str, Any]:
    """Give both means, and the difference with the interval that 95 % of draws are in."""
    rng, told = np.random.default_rng(SEED), dict[str, Any]()
    for name, before in without.items():
        apart = by_wholes[name] - before
        means = apart[rng.integers(0, len(apart), (DRAWS, len(apart)))].mean(axis=1)
        low, high = np.percentile(means, [2.5, 97.5])
        found = [before.mean(), by_wholes[name].mean(), apart.mean(), low, high]
        told[name] = [round(float(one), 3) for one in found]
    return told


def measure(source: Source, passages: int, encoder: om.Encoder, place: Path) -> dict[str, Any]:
    """Take texts in, ask without means and with them."""
    texts = source.texts(passages)
    folder = place / "files"
    folder.mkdir(parents=True)
    for one in texts:
        (folder / one.name).write_text(one.words, "utf-8")
    questions, modes = source.questions(texts), ("vector", "hybrid")
    found: dict[bool, dict[str, Any]] = {}
    with om.open(place / "collection", encoder=encoder) as col:
        for whole in (False, True):
            col.ingest(folder, whole=whole, jobs=1)
            col.compact()
            found[whole] = {
                f"{title}, {mode}": asked(col, some, mode)
                for title, some in questions.items()
                for mode in modes
            }
        segments = col.stats()["segments"]
    told = {title: compared(found[False][title], found[True][title]) for title in found[True]}
    return {"segments of a long text": round((segments - SHORT) / LONG, 1), **told}


def times(source: Source, encoder: om.Encoder, place: Path) -> dict[str, Any]:
    """Give the processor time with means and without, in turns; questions with their encoding."""
    texts, took = source.texts(6), {False: list[float](), True: list[float]()}
    questions = [one.words for one in source.questions(texts)["three notions"]]
    texts = texts[:TIMED]
    folder, cols = place / "files", dict[bool, om.Collection]()
    folder.mkdir(parents=True)
    for one in texts:
        (folder / one.name).write_text(one.words, "utf-8")
    asking: dict[bool, list[float]] = {False: [], True: []}
    with ExitStack() as stack:
        for turn in range(TURNS):
            for whole in (False, True):
                col = om.open(place / f"{turn}-{whole}", encoder=encoder)
                cols[whole] = stack.enter_context(col)
                work = partial(col.ingest, folder, whole=whole, jobs=1)
                took[whole].append(_clocked(work))
        for words in questions * TURNS:
            for whole, col in cols.items():
                asking[whole].append(_clocked(partial(_answered, col, words)))
    medians = [1e3 * statistics.median(asking[whole]) for whole in (False, True)]
    return {
        "ingest, ratio": round(min(took[True]) / min(took[False]), 3),
        "question, median ms": [round(one, 2) for one in medians],
    }


def _answered(col: om.Collection, words: str) -> list[om.Hit]:
    return list(col.query(text=words))


def _clocked(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def main() -> None:
    """Make, take in, ask, and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lab", type=Path, default=Path("lab"))
    parser.add_argument("--seed", type=int, default=SEED, help="others than 7 are not kept")
    given = parser.parse_args()
    source, encoder = Source(Lab(given.lab), given.seed), om.Encoder.load()
    found: dict[str, Any] = {
        "long texts": LONG,
        "short texts beside them": SHORT,
        "each": "without means, with them, the difference and its interval of 95 %",
    }
    with tempfile.TemporaryDirectory() as name:
        for passages in PASSAGES:
            place = Path(name, str(passages))
            found[f"{passages} notions"] = measure(source, passages, encoder, place)
        found["cost"] = times(source, encoder, Path(name, "times"))
    told = json.dumps(found, indent=1)
    print(told)
    if given.seed == SEED:
        RESULT.write_text(told + "\n", "utf-8")


if __name__ == "__main__":
    main()
