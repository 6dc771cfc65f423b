"""Single names, spoken by voices that no training clip has: also by how the words sound."""

from __future__ import annotations

from typing import Any

from omnisearch.training.exam import listening, spoken
from omnisearch.training.exam.reader import Reader
from omnisearch.training.exam.spoken import DEPTHS, Way
from omnisearch.training.lab import Lab

LONGEST = 3  # words: "commercial art" is one name
TABLES = {
    "sound": [Way(0.0, 1.0)],
    "transcript": [Way()],
    "transcript and sound": [*spoken.ways()],
    **{f"transcript, sound, {name}": [*spoken.ways(depths)] for name, depths in DEPTHS.items()},
}


def measure(lab: Lab, reader: Reader, split: str) -> dict[str, Any]:
    """Ask with any encoder; the weights are chosen on validation."""
    return listening.examined(lab, reader, split, single, TABLES)


def single(name: str, text: str) -> bool:
    """Tell a name from a sentence."""
    return "/quotation/" not in name and len(text.split()) <= LONGEST
