"""Cells as they come back from disk: what is no value of its kind is damage, whoever wrote it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from omnisearch import moments
from omnisearch.errors import CorruptCollectionError


def tree(text: str) -> Any:  # noqa: ANN401
    """Read a cell of JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        fault = f"a cell holds {text[:40]!r}, which is no JSON ({type(error).__name__})"
        raise CorruptCollectionError(f"{fault}: restore the collection from a snapshot") from error


def words(text: str) -> str:
    """Read what a segment says."""
    found = tree(text)
    if not isinstance(found, str):
        fault = f"a row says {text[:40]!r}, which is no text"
        raise CorruptCollectionError(f"{fault}: restore the collection from a snapshot")
    return found


def moment(micros: int) -> datetime:
    """Read a time."""
    try:
        return moments.moment(micros)
    except (ValueError, OverflowError) as error:
        fault = f"a cell holds a time that is none ({error})"
        raise CorruptCollectionError(f"{fault}: restore the collection from a snapshot") from error
