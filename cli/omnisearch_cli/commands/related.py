"""`omnisearch related`: what has to do with an answer, and why."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

import omnisearch as om
from omnisearch_cli import discovery, filters, output, settings
from omnisearch_cli.answers import chosen, last, moment, places

EXAMPLES = """\b
Examples:
  omnisearch related 3
  omnisearch related 3 --hops 2 --modality image
  omnisearch related 3 --by words --by value
  omnisearch related invoices/42 --where "price < 50" -k 20 --json

\b
Relations: next and item (of the same file), duplicate (looks or reads the same),
near (means something alike), value (has a value of metadata that few have) and
words (says words that few say).
"""
RELATIONS = ("next", "item", "duplicate", "near", "value", "words")
_NOTHING = 1


@click.command("related", epilog=EXAMPLES)
@click.argument("name", metavar="N|ID")
@click.option("--id", "is_id", is_flag=True, help="N is an id, though it is a number.")
@click.option(
    "--hops",
    type=click.IntRange(1, 4),
    default=1,
    show_default=True,
    help="Steps from one to the next, at most.",
)
@click.option("--by", multiple=True, type=click.Choice(RELATIONS), help="Only by these relations.")
@filters.modality
@filters.where
@settings.setting(
    "-k", "--limit", "k", type=click.IntRange(1), default=10, show_default=True, help="Answers."
)
@settings.index
@settings.json
def command(
    name: str, is_id: bool, index: Path | None, json: bool | None, hops: int, **given: object
) -> int:
    """Find what has to do with an answer, the strongest first.

    N is the number of a hit of your last query here; an ID is one of a hit or of an item. What is
    found counts as your last query: `show 2` and `related 2` go on from there. Exits 1 when
    nothing is related.
    """
    path = discovery.for_reading(index)
    wanted = {key: value or None for key, value in given.items()}
    with opened(path) as col:
        start = chosen.details(col, name, is_id=is_id).hit
        asked = name if is_id or not name.isdigit() else start.id
        found = col.related(asked, hops=hops, **wanted)  # type: ignore[arg-type]
    last.remember(path, [one.hit for one in found], 1)
    if output.wants_json(json):
        for one in found:
            output.line(one.as_json())
    elif found:
        rows = list(_rows(found))
        output.table(("#", "strong", "by", "kind", "where", "why"), rows, right=2)
    else:
        output.say(f"nothing is related to {asked}")
    return 0 if found else _NOTHING


def opened(path: Path) -> contextlib.AbstractContextManager[om.Collection]:
    """Open it so that links which are made can be kept, if this user may write there."""
    try:
        return om.open(discovery.writable(path), create=False)
    except om.errors.ReadOnlyError:
        return om.open(path, create=False, mode="r")


def _rows(found: Sequence[om.Related]) -> Iterator[tuple[str, ...]]:
    for number, one in enumerate(found, 1):
        by = " > ".join(step.relation for step in one.path)
        why = ", ".join(step.why for step in one.path if step.why)
        strength = f"{min(one.strength, 0.99):.2f}"
        yield str(number), strength, by, one.hit.modality or "", named(one.hit), why


def named(hit: om.Hit) -> str:
    """Tell where a segment is: its file, or its id, and the moment."""
    where = hit.item if hit.uri is None else places.shown(hit.uri)
    told = moment.told(hit.span, hit.metadata.get("file.type"))
    return f"{where}  {told}" if told else where
