"""Asks the same question of columns.bin, of loose rows and of the oracle."""

from __future__ import annotations

import random
from dataclasses import dataclass

from omnisearch.query.filters import bind, evaluate
from omnisearch.schema import Schema, tabulate, widen
from omnisearch.storage.columns import Columns, LooseColumns, Source, build
from tests.filters.oracle import holds
from tests.filters.trees import KINDS, Row, Tree, as_text

DECLARED = Schema().with_columns(KINDS)  # so that a column may be asked for before it has a value


@dataclass(frozen=True, slots=True)
class Table:
    """Rows in the ways in which a collection may hold them."""

    rows: list[Row]
    schema: Schema
    sources: list[tuple[Source, list[Row]]]


def stored(rows: list[Row], rng: random.Random) -> Table:
    """Store rows as two shards, as one, and loose; `w` widens between the two."""
    cut = rng.randint(0, len(rows))
    first, second = rows[:cut], [_widened(row) for row in rows[cut:]]
    early, schema = tabulate(first, len(first), Schema())
    before = schema
    late, schema = tabulate(second, len(second), schema)
    one, _ = tabulate(first + second, len(rows), schema)
    schema = DECLARED.with_columns(schema.columns)
    sources: list[tuple[Source, list[Row]]] = [
        (Columns.open(build(early, before)), first),
        (Columns.open(build(widen(late, schema), schema)), second),
        (Columns.open(build(one, schema)), first + second),
        (LooseColumns([early, late]), first + second),
    ]
    return Table(first + second, schema, sources)


def _widened(row: Row) -> Row:
    return {name: value + 0.5 if name == "w" and value else value for name, value in row.items()}


def disagreements(table: Table, tree: Tree, rng: random.Random) -> list[str]:
    """Say which sources answer otherwise than the oracle, and whether text and dict differ."""
    text = as_text(tree, rng)
    bound = bind(tree, None, table.schema)
    found = []
    if bind(text, None, table.schema) != bound:
        found.append(f"{text!r} is not {tree}")
    for source, rows in table.sources:
        expected = [holds(tree, row) is True for row in rows]
        if evaluate(bound, source).tolist() != expected:
            found.append(f"{type(source).__name__} of {len(rows)} rows: {tree}")
    return found
