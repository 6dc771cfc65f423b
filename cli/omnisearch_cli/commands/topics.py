"""`omnisearch topics`: what a collection is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import click

import omnisearch as om
from omnisearch_cli import discovery, filters, output, settings
from omnisearch_cli.answers import last
from omnisearch_cli.commands.related import named, opened

EXAMPLES = """\b
Examples:
  omnisearch topics
  omnisearch topics -k 5 --modality image --modality video
  omnisearch topics --where "price < 50" --json
"""
_NOTHING = 1


@click.command("topics", epilog=EXAMPLES)
@filters.modality
@filters.where
@settings.setting(
    "-k", "--limit", "k", type=click.IntRange(1), default=10, show_default=True, help="Topics."
)
@settings.index
@settings.json
def command(
    modality: Sequence[str], where: str | None, k: int, index: Path | None, json: bool | None
) -> int:
    """Say what the collection is about: groups of what is alike, the largest first.

    Each has the words that are most its own and an example of each kind of medium. The examples
    count as your last query: `show 2` shows the second. Exits 1 when there is no group.
    """
    path = discovery.for_reading(index)
    with opened(path) as col:
        found = col.topics(k=k, modality=modality or None, where=where)  # type: ignore[arg-type]
    last.remember(path, list(chain.from_iterable(one.examples for one in found)), 1)
    if output.wants_json(json):
        for one in found:
            output.line(one.as_json())
    elif found:
        for line in _told(found):
            output.result(line)
    else:
        output.say("there are no topics: nothing that is stored is near to anything else")
    return 0 if found else _NOTHING


def _told(found: Sequence[om.Topic]) -> Iterator[str]:
    number = 0
    for one in found:
        label = ", ".join(one.label) or "(no words)"
        kinds = ", ".join(f"{count:,} {name}" for name, count in one.modalities.items())
        yield f"{one.number}. {label}  [{one.segments:,} segments of {one.items:,} items: {kinds}]"
        for hit in one.examples:
            number += 1
            yield f"   #{number} {hit.modality or 'vector'}  {named(hit)}"
