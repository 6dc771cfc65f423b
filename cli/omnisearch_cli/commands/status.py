"""`omnisearch status`: what a collection holds."""

from __future__ import annotations

from pathlib import Path

import click

import omnisearch as om
from omnisearch_cli import discovery, output, settings

EXAMPLES = """\b
Examples:
  omnisearch status
  omnisearch status --index ./catalogue --json
"""


@click.command("status", epilog=EXAMPLES)
@settings.index
@settings.json
def command(index: Path | None, json: bool | None) -> None:
    """Say what the collection holds."""
    path = discovery.for_reading(index)
    with om.open(path, create=False, mode="r") as col:
        stats = dict(col.stats())
    if output.wants_json(json):
        output.line(stats)
    else:
        output.facts({"path": str(path), **stats})
