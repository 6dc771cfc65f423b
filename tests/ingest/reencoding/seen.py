"""Everything that a collection tells of its rows and files, to be held against another's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import omnisearch as om

_OF_VECTORS = ("segment.twin",)


def rows(col: om.Collection) -> dict[str, tuple[Any, ...]]:
    """Give all that is stored of rows but vectors and what is told of these; hidden ones too."""
    now = col._handle.need().reading()
    from omnisearch.ingest.reencoding.words import read

    positions = np.arange(now.rows) if now.alive is None else np.flatnonzero(now.alive)
    return {
        row.id: (
            row.item,
            row.view,
            row.modality,
            {name: told for name, told in row.columns.items() if name not in _OF_VECTORS},
        )
        for row in (read(now, positions) if len(positions) else ())
    }


def vectors(col: om.Collection) -> dict[str, bytes]:
    """Give the bytes of every vector that is found."""
    return {one.id: np.asarray(one.vector).tobytes() for one in col.iterate(vectors=True)}


def books(col: om.Collection) -> tuple[Any, ...]:
    """Give folders, failures and what is left alone, and which columns there are."""
    return col.files, col.columns


def spaces(path: Path) -> str:
    with om.open(path, mode="r") as col:
        return str(col.stats()["space"])
