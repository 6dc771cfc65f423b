"""Does it help to read from a question which kind is wanted? `python -m benchmarks.routing --help`.

The encoder's own vectors tell: what "the sound of" adds to a question is a direction, and what lies
far along it asks for a sound. Rows of that kind are then surer, others are not left out.
Asked are the questions of the mixed index, which name no kind, and the same with a kind named in
words that the directions were not learnt from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import omnisearch as om
from benchmarks.fusion_index import Sides, tell
from benchmarks.mixed_index import KINDS, Floats, Index
from omnisearch.encoder.calibration.calibrator import questions
from omnisearch.encoder.parts import Modality
from omnisearch.evaluation import retrieval
from omnisearch.query.fusing import Evidence, fuse

K = 10
CLEAR = (2.0, 2.5, 3.0)  # deviations from questions that name no kind
SURER = (1.0, 2.0)  # log odds
_EVERY = 3  # of the questions that ship, to learn directions from
_LEARNT: Mapping[Modality, Sequence[str]] = {
    "text": ("a text about {}", "a passage that says {}", "notes on {}"),
    "image": ("a photo of {}", "a picture of {}", "an image showing {}"),
    "audio": ("the sound of {}", "a recording of {}", "the noise of {}"),
    "video": ("a video where {}", "a film of {}", "a clip showing {}"),
    "document": ("a page about {}", "a document about {}", "a PDF page with {}"),
}
_ASKED: Mapping[str, Sequence[str]] = {
    "text": ("a paragraph on {}", "text explaining {}"),
    "image": ("photo of {}", "drawing of {}"),
    "audio": ("sound of {}", "listen to {}"),
    "video": ("video of {}", "footage with {}"),
    "document": ("page about {}", "PDF about {}"),
}


def directions(encoder: om.Encoder) -> tuple[Floats, Floats]:
    """Give the direction of each kind, and all questions that name none along them."""
    plain = list(questions())[::_EVERY]
    before = _read(encoder, plain)
    found = []
    for kind in KINDS:
        asked = [template.format(text) for template in _LEARNT[kind] for text in plain]
        moved = _read(encoder, asked).reshape(-1, *before.shape) - before
        mean = moved.mean(axis=(0, 1))
        found.append(mean / np.linalg.norm(mean))
    ways = np.array(found, np.float32)
    return ways, before @ ways.T


def measure(index: Index, sides: Sides) -> dict[str, Any]:
    """Ask both ways, with and without a look at the kind."""
    encoder = om.Encoder.load()
    ways, usual = directions(encoder)
    even, random = index.even(), np.random.default_rng(0)
    kinds = index.asked_kinds[even].tolist()
    texts = [sides.told["mixed"]["asked"][place] for place in even.tolist()]
    named = [
        str(random.choice(_ASKED[kind])).format(text)
        for kind, text in zip(kinds, texts, strict=True)
    ]
    found: dict[str, Any] = {}
    for title, asked in (("no kind is named", texts), ("a kind is named", named)):
        vectors = _read(encoder, asked)
        scores = _scores(index, sides, vectors)
        far = (vectors @ ways.T - usual.mean(axis=0)) / usual.std(axis=0)
        wanted, sure = np.array(KINDS)[far.argmax(axis=1)], far.max(axis=1)
        figures: dict[str, Any] = {"as it is": _recalls(index, even, scores)}
        for clear in CLEAR:
            read = sure > clear
            right = float((wanted == np.array(kinds))[read].mean())
            figures[f"read above {clear:g}"] = {"share": _percent(float(read.mean()))}
            figures[f"read above {clear:g}"]["right"] = _percent(right)
            for surer in SURER:
                favoured = (index.row_kinds[None] == wanted[:, None]) & read[:, None]
                changed = _recalls(index, even, scores + np.float32(surer) * favoured)
                figures[f"read above {clear:g}"][f"{surer:g} surer"] = changed
        found[title] = figures
    return found


def _scores(index: Index, sides: Sides, vectors: Floats) -> Floats:
    corpus = sides.corpus(index, captions=False, asked=vectors)
    names: list[Modality | None] = index.row_kinds.tolist()
    none = np.zeros(len(index.rows), np.float32)
    pairs = zip(corpus.content, corpus.read, strict=True)
    return np.array([fuse(Evidence(seen, read, none, 0.0, names)) for seen, read in pairs])


def _recalls(index: Index, even: np.ndarray[Any, Any], scores: Floats) -> dict[str, float]:
    right, about = index.right[even], index.about[even]
    best = np.where(right, scores, -np.inf).max(axis=1, keepdims=True)
    ranks = 1 + ((scores >= best) & ~about).sum(axis=1)
    kinds = index.asked_kinds[even]
    found: dict[str, float] = {}
    for kind in KINDS:
        found[kind] = _percent(retrieval.recall_at(ranks[kinds == kind], K))
    return {**found, "mean": round(sum(found.values()) / len(found), 1)}


def _read(encoder: om.Encoder, texts: Sequence[str]) -> Floats:
    parts = [om.Text(text) for text in texts]
    firsts = range(0, len(parts), 64)
    return np.concatenate(
        [encoder.encode(parts[first : first + 64], role="query") for first in firsts]
    )


def _percent(share: float) -> float:
    return round(100 * share, 1)


if __name__ == "__main__":
    tell("benchmarks.routing", measure)
