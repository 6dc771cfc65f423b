"""`omnisearch query`: the rows nearest to a vector."""

from __future__ import annotations

import json as json_
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict, Unpack

import click

import omnisearch as om
from omnisearch_cli import discovery, output, settings

EXAMPLES = """\b
Examples:
  omnisearch query --vector query.npy
  omnisearch query --vector queries.npy --row 3 -k 20
  omnisearch query --like shoe-7 --where "price < 50 and brand in ('a', 'b')"
  echo '[0.1, 0.2, 0.3]' | omnisearch query --vector - --json
"""
FIELDS = (
    "id item uri locations modality view span score confidence parts folded snippet metadata"
).split()


class Question(TypedDict):
    """What `Collection.search` takes beside the vector."""

    like: str | None
    k: int
    where: str | None
    min_score: float | None
    recall: float | None
    explain: bool


@click.command("query", epilog=EXAMPLES)
@click.option("--vector", metavar="FILE", help="A file with the vector; - reads JSON from stdin.")
@click.option("--row", type=click.IntRange(0), help="Which vector of the file, from 0.")
@click.option("--like", metavar="ID", help="Use the vector stored under this id.")
@click.option("--where", metavar="FILTER", help='Only rows that pass, e.g. "price < 50".')
@click.option("--min-score", type=float, help="Only hits with this score or more.")
@settings.setting(
    "-k", "--limit", "k", type=click.IntRange(1), default=10, show_default=True, help="Hits."
)
@settings.setting(
    "--recall",
    type=click.FloatRange(0, 1, min_open=True),
    help="Share of the true neighbours to find; 1 is exact. Default: the collection's.",
)
@settings.setting("--explain", is_flag=True, help="Say on stderr what was done, and why.")
@settings.index
@settings.json
def command(
    vector: str | None,
    row: int | None,
    index: Path | None,
    json: bool | None,
    **question: Unpack[Question],
) -> int:
    """Find the rows nearest to a vector.

    The best comes first; a score is larger for what is nearer. Exits 1 when nothing is found.
    """
    if (vector is None) == (question["like"] is None):
        raise click.UsageError("give either --vector FILE or --like ID")
    path = discovery.for_reading(index)
    asked = None if vector is None else _read(vector, row)
    with om.open(path, create=False, mode="r") as col:
        hits = col.search(asked, **question)
        if question["explain"]:
            output.say(hits.explain or "nothing to explain")
        _show(hits, json)
        return 0 if hits else 1


def _read(vector: str, row: int | None) -> Any:  # noqa: ANN401
    if vector == "-":
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
        found = json_.loads(text)
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"stdin is not a JSON list of numbers ({error})") from error
    if not isinstance(found, list) or not {type(number) for number in found} <= {int, float}:
        raise click.UsageError("stdin is not a JSON list of numbers, such as [0.1, 0.2]")
    try:
        return [float(number) for number in found]
    except OverflowError as error:
        raise click.UsageError("stdin holds a number that is too large") from error


def _show(hits: om.Hits, json: bool | None) -> None:
    if output.wants_json(json):
        for hit in hits:
            output.line({name: value for name, value in hit.as_json().items() if name in FIELDS})
        return
    rows = [
        (str(number), f"{hit.score:.4f}", hit.id, _described(hit.metadata))
        for number, hit in enumerate(hits, 1)
    ]
    if rows:
        output.table(("#", "score", "id", "metadata"), rows, right=2)
    else:
        output.say("no hits")


def _described(metadata: Mapping[str, object]) -> str:
    return "  ".join(f"{name}={output.short(value)}" for name, value in metadata.items())
