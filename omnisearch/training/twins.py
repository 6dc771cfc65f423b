"""Captions that are wrong in one thing only: the order of a film, a count, a colour, a side."""

from __future__ import annotations

import json

from omnisearch.training import corpus
from omnisearch.training.lab import Lab


def of(lab: Lab, kind: str, split: str) -> list[dict[str, list[str]]]:
    """Give the twins of each row, by what is wrong in them; most rows have none."""
    if kind == "video":
        rows = corpus.Columns(lab, kind, split, ["twin"])
        return [{"order": texts} if texts else {} for texts in rows.lists("twin")]
    if kind != "image":
        return []
    rows = corpus.Columns(lab, kind, split, ["attributes"])
    return [_of_scene(value) for value in rows["attributes"]]


def _of_scene(attributes: str) -> dict[str, list[str]]:
    if '"twins"' not in attributes:
        return {}
    found: dict[str, list[str]] = json.loads(attributes)["twins"]
    return {wrong: texts for wrong, texts in found.items() if texts}
