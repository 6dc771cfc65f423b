"""Pages: read with their words, beside their words alone and the picture alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from omnisearch.evaluation.retrieval import Relevant
from omnisearch.training.exam.reader import Floats, Reader
from omnisearch.training.lab import Lab
from omnisearch.training.lessons import corpus
from omnisearch.training.lessons.pairs import same
from omnisearch.training.measures import Figures, difference, of_scores, without_ranks


def measure(lab: Lab, reader: Reader, split: str) -> Mapping[str, Figures]:
    """Ask for the layout of a subject, and for the words of a page."""
    side = corpus.load(lab, "document", split).candidate
    names = ["concept", "layout", "words", "queries_layout", "queries_words"]
    rows = corpus.Columns(lab, "document", split, names)
    vectors = {
        "page": reader.media("document", side),
        "words alone": reader.texts(rows["words"]),
        "picture alone": reader.media("document", replace(side, texts=None)),
    }
    subject = same(rows["concept"], rows["concept"])
    asked = {
        "layout": ("queries_layout", subject & same(rows["layout"], rows["layout"])),
        "words": ("queries_words", subject),
    }
    found: dict[str, Figures] = {}
    for name, (column, relevant) in asked.items():
        told = np.array([row for row, texts in enumerate(rows.lists(column)) if texts])
        query = reader.texts([rows.lists(column)[row][0] for row in told])
        found |= beside(name, query, vectors, relevant[told])
    return found


def beside(
    name: str, query: Floats, vectors: Mapping[str, Floats], relevant: Relevant
) -> dict[str, Figures]:
    """Ask for pages read in several ways; the first is held against the second."""
    ways = {way: of_scores(query, seen, relevant) for way, seen in vectors.items()}
    found = {f"{name}, {way}": without_ranks(figures) for way, figures in ways.items()}
    page, words, *_ = ways.values()
    return {**found, f"{name}, gained over words": difference(page, words)}
