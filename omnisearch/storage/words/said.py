"""What rows say: the texts from which postings are made."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pyarrow as pa

from omnisearch.schema import SAID
from omnisearch.storage import batch


def says_anything(table: pa.RecordBatch) -> bool:
    """Tell whether some row of a table has words."""
    at = table.schema.get_field_index(SAID)
    return at >= len(batch.SYSTEM) and bool(table.column(at).null_count < table.num_rows)


def texts_of(table: pa.RecordBatch) -> Sequence[str | None]:
    """Give the words of each row; those of a segment count once, in its row of words."""
    if not says_anything(table):
        return [None] * table.num_rows
    words = table.column(table.schema.get_field_index(SAID)).to_pylist()
    names: list[str] = table.column(batch.SEGMENT).to_pylist()
    there = set(names)
    return [
        None if said is None or name + batch.WORDS_MARK in there else _text(said)
        for name, said in zip(names, words, strict=True)
    ]


def _text(said: str) -> str | None:
    found = json.loads(said)
    return found if isinstance(found, str) else None
