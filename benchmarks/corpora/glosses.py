"""Definitions of WordNet as passages, and examples of their words, which ask for them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

import omnisearch as om
from benchmarks import wordnet

PASSAGES, QUESTIONS, SEED = 4_000, 600, 5
_EXAMPLE = re.compile(r'\s*;?\s*"([^"]*)"')
_LONG = 15  # characters of an example that asks


def prepared(folder: Path) -> tuple[Path, list[tuple[str, str]]]:
    """Make the collection where it is not there; gives its place, and questions with ids."""
    glosses = wordnet.read(wordnet.fetch(folder))
    order = np.random.default_rng(SEED).permutation(len(glosses))[:PASSAGES].tolist()
    asked = [(one, f"gloss-{at}") for at in order for one in _examples(glosses[at].text)[:1]]
    place = folder / "glosses"
    with om.open(place) as col:
        if not col.count():
            texts = [(f"gloss-{at}", _EXAMPLE.sub("", glosses[at].text)) for at in order]
            col.add([om.Item(name, text=text) for name, text in texts])
            col.compact()
    return place, asked[:QUESTIONS]


def _examples(text: str) -> list[str]:
    return [one for one in _EXAMPLE.findall(text) if len(one) >= _LONG]
