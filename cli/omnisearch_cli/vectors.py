"""The vector that is asked with: a row of a file, or numbers through stdin."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

import omnisearch as om


def read(vector: str | None, row: int | None) -> Any:  # noqa: ANN401
    """Read one vector from a file, or from stdin for `-`; None where nothing is named."""
    if vector is None:
        if row is not None:
            raise click.UsageError(f"--row {row} is of a file of vectors: give it with --vector")
        return None
    if vector == "-":
        if row:
            raise click.UsageError(f"stdin has no row {row:,}: it holds one vector")
        return _parse(sys.stdin.read())
    file = om.read_vectors(vector)
    if row is None and file.rows != 1:
        raise click.UsageError(f"{vector} holds {file.rows:,} vectors: choose one with --row")
    wanted = row or 0
    for batch in file.batches():
        if wanted < batch.first + len(batch.vectors):
            return batch.vectors[wanted - batch.first]
    raise click.UsageError(f"{vector} has no row {wanted:,}: it holds {file.rows:,} vectors")


def _parse(text: str) -> list[float]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"stdin is not a JSON list of numbers ({error})") from error
    if not isinstance(found, list) or not {type(number) for number in found} <= {int, float}:
        raise click.UsageError("stdin is not a JSON list of numbers, such as [0.1, 0.2]")
    try:
        return [float(number) for number in found]
    except OverflowError as error:
        raise click.UsageError("stdin holds a number that is too large") from error
