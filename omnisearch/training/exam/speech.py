"""Everyday sentences of five words and more, spoken by voices that no training clip has."""

from __future__ import annotations

from typing import Any

from omnisearch.training.exam import listening, spoken
from omnisearch.training.exam.reader import Reader
from omnisearch.training.exam.spoken import Way
from omnisearch.training.lab import Lab

SHORTEST = 5  # words
TABLES = {
    "sound": [Way(0.0, 1.0)],
    "transcript": [Way()],
    "transcript and sound": [*spoken.ways()],
    "transcript, sound, letters": [*spoken.ways("l")],
    "transcript, sound, phonetic": [*spoken.ways("lsc")],
}


def measure(lab: Lab, reader: Reader, split: str) -> dict[str, Any]:
    """Ask with any encoder; the weights are chosen on validation."""
    return listening.examined(lab, reader, split, everyday, TABLES)


def everyday(name: str, text: str) -> bool:
    """Tell a sentence of every day from single words and from dictionaries' examples."""
    return "/quotation/" not in name and len(text.split()) >= SHORTEST
