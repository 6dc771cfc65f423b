"""Films: is the order told, and is what is in them found as well as by the mean of their frames."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from omnisearch.training.exam.apart import Apart, flat
from omnisearch.training.exam.reader import Floats, Reader
from omnisearch.training.lab import Lab
from omnisearch.training.lessons import corpus, twins
from omnisearch.training.lessons.pairs import Side, same
from omnisearch.training.measures import Figures, difference, of_scores, without_ranks


def measure(lab: Lab, reader: Reader, split: str) -> Mapping[str, Figures]:
    """Tell captions from those in another order, and find films by what is true in any order."""
    side = corpus.load(lab, "video", split).candidate
    film = reader.media("video", side)
    vectors = {"film": film, "mean of frames": mean_of_frames(reader, side)}
    found: dict[str, Figures] = {}
    if pairs := flat(twins.of(lab, "video", split)):
        apart = Apart(pairs, reader)
        ways = {name: apart.told(seen[apart.rows]) for name, seen in vectors.items()}
        ways["blind"] = apart.blind(film[apart.rows])
        ways["film, all twins"] = apart.told(film[apart.rows], every=True)
        found = {f"order, {name}": one for name, some in ways.items() for one in some.values()}
    rows = corpus.Columns(lab, "video", split, ["concept", "captions"])
    timeless = [captions[-1] for captions in rows.lists("captions")]
    return found | any_order(reader.texts(timeless), vectors, rows["concept"], timeless)


def any_order(
    query: Floats, vectors: Mapping[str, Floats], concepts: list[str], captions: list[str]
) -> dict[str, Figures]:
    """Ask each caption once; right is what shows the same things or bears the same caption."""
    relevant = same(concepts, concepts) | same(captions, captions)
    firsts = np.array(
        sorted({text: row for row, text in reversed([*enumerate(captions)])}.values())
    )
    both = {
        name: of_scores(query[firsts], seen, relevant[firsts]) for name, seen in vectors.items()
    }
    gained = difference(*both.values())
    named = {f"any order, {name}": without_ranks(figures) for name, figures in both.items()}
    return {**named, "any order, gained": gained}


def mean_of_frames(reader: Reader, films: Side) -> Floats:
    """Read each frame as a picture; the unit vector of their mean knows no order."""
    frames = films.media(np.arange(len(films)))
    flat = frames.reshape(-1, *frames.shape[2:])
    seen = reader.media("image", Side(films.channel, flat, np.arange(len(flat))))
    total = seen.reshape(len(films), -1, seen.shape[1]).sum(axis=1)
    return np.asarray(total / np.linalg.norm(total, axis=1, keepdims=True))
