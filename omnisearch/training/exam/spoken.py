"""Speech asked for in words: how near each question is to each clip, in several ways.

A clip has a vector of its sound and one of its transcript; words are also compared by how they
sound. How much each counts is chosen on validation; what is told of validation itself is crossed:
each half of the questions is asked in the way that was chosen on the other half.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from omnisearch.training.data.splits import rank
from omnisearch.training.exam import phonetics
from omnisearch.training.exam.reader import Reader
from omnisearch.training.exam.transcripts import Transcripts
from omnisearch.training.lab import Lab
from omnisearch.training.lessons import corpus, media
from omnisearch.training.lessons.pairs import same
from omnisearch.training.measures import Figures, of_scores, without_ranks

CLIPS = 200
DEPTHS = {"letters": "l", "sounds": "sc", "both": "lsc"}  # of phonetics
SOUND = (0.0, 0.25, 0.5, 1.0)
PHONETIC = (0.5, 1.0, 2.0, 4.0)
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Way:
    """How much counts beside the transcript, which counts 1."""

    transcript: float = 1.0
    sound: float = 0.0
    one: bool = False  # one vector of both, as an index keeps it, or the sum of two cosines
    depths: str = ""  # of phonetics
    phonetic: float = 0.0


@dataclass(frozen=True)
class Spoken:
    """Questions and clips, row by row: what is said, and the vectors of it."""

    titles: Sequence[str]
    transcripts: Sequence[str]
    asked: Floats
    sound: Floats
    written: Floats  # zeros where nothing was heard
    clips: Sequence[bytes]
    phonetic: Mapping[str, Floats]  # depths → (questions, clips)

    def scores(self, way: Way) -> Floats:
        """Give how near each question is to each clip."""
        both = way.transcript * self.written + way.sound * self.sound
        if way.one:
            both = both / np.maximum(np.linalg.norm(both, axis=1, keepdims=True), 1e-9)
        found = self.asked @ both.T
        if way.phonetic:
            found = found + way.phonetic * self.phonetic[way.depths]
        return np.asarray(found, np.float32)

    def figures(self, scores: Floats) -> Figures:
        """Measure scores."""
        none = np.eye(len(scores), dtype=np.float32)
        return of_scores(scores, none, same(self.titles, self.titles))

    def worth(self, scores: Floats, rows: Sequence[int]) -> float:
        """Tell how well scores find some rows: what comes first, and how near it comes."""
        ranks = np.array(self.figures(scores)["ranks"])[np.array(rows)]
        return float((ranks == 1).mean() + (1 / ranks).mean())


Wanted = Callable[[str, str], bool]  # of an id and a text


def load(lab: Lab, reader: Reader, split: str, wanted: Wanted) -> Spoken | None:
    """Hear at most 200 clips of a split, or None where there is none."""
    columns = corpus.Columns(lab, "audio", split, ["id", "kind", "title"])
    rows = [
        row
        for row, (one, kind, title) in enumerate(
            zip(columns["id"], columns["kind"], columns["title"], strict=True)
        )
        if kind == "speech" and wanted(one, title)
    ]
    if not rows:
        return None
    rows = sorted(rows, key=lambda row: rank(columns["id"][row]))[:CLIPS]
    side = corpus.load(lab, "audio", split).candidate.take(np.array(rows))
    assert side.places is not None
    titles = [columns["title"][row] for row in rows]
    clips = media.content(lab, "audio", side.places)
    transcripts = [heard.spoken for heard in Transcripts(lab).of(clips)]
    written = reader.texts([text or "nothing" for text in transcripts])
    written[[not text for text in transcripts]] = 0
    phonetic = {depths: phonetics.alike(titles, transcripts, depths) for depths in DEPTHS.values()}
    sound = reader.media("audio", side)
    return Spoken(titles, transcripts, reader.texts(titles), sound, written, clips, phonetic)


def ways(depths: str = "") -> Iterator[Way]:
    """Give what is tried on validation: transcript and sound, and perhaps how it sounds."""
    for sound, one in product(SOUND, (False, True)):
        if depths:
            yield from (Way(1.0, sound, one, depths, weight) for weight in PHONETIC)
        else:
            yield Way(1.0, sound, one)


def choose(spoken: Spoken, tried: Sequence[Way], rows: Sequence[int] | None = None) -> Way:
    """Choose the way that finds most of some rows, the first of those that tie."""
    own = range(len(spoken.titles)) if rows is None else rows
    return max(tried, key=lambda way: spoken.worth(spoken.scores(way), own))


def crossed(spoken: Spoken, tried: Sequence[Way]) -> Floats:
    """Give the scores of each half by the way that is chosen on the other."""
    found = np.empty((len(spoken.titles),) * 2, np.float32)
    for half in range(min(2, len(found))):
        others = range(1 - half, len(found), 2) or range(len(found))
        found[half::2] = spoken.scores(choose(spoken, tried, others))[half::2]
    return found


def table(
    held: Spoken, asked: Spoken | None, tables: Mapping[str, Sequence[Way]]
) -> dict[str, Any]:
    """Measure several sets of ways: chosen on validation (`held`), asked there or of `asked`."""
    found: dict[str, Any] = {}
    for name, tried in tables.items():
        way, spoken = choose(held, tried), held if asked is None else asked
        scores = crossed(held, tried) if asked is None else spoken.scores(way)
        found[name] = {**without_ranks(spoken.figures(scores)), "way": vars(way)}
    spoken = held if asked is None else asked
    exact = np.array([_plain(a) == _plain(b) for a, b in zip(*_both(spoken), strict=True)])
    found["transcripts"] = {
        "clips": len(exact),
        "empty": sum(not text for text in spoken.transcripts),
        "exact": round(100 * float(exact.mean()), 2),
    }
    return found


def _both(spoken: Spoken) -> tuple[Sequence[str], Sequence[str]]:
    return spoken.titles, spoken.transcripts


def _plain(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
