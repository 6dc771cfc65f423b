"""`omnisearch snapshot`: a copy of a collection as it is now, sharing its files where it can."""

from __future__ import annotations

from pathlib import Path

import click

import omnisearch as om
from omnisearch_cli import discovery, output, settings

EXAMPLES = """\b
Examples:
  omnisearch snapshot ./backup
  omnisearch query --vector query.npy --index ./backup
"""


@click.command("snapshot", epilog=EXAMPLES)
@click.argument("folder", type=click.Path(path_type=Path))
@settings.index
@settings.json
def command(folder: Path, index: Path | None, json: bool | None) -> None:
    """Copy the collection as it is now.

    FOLDER shares files with it by hard links on the same file system. A snapshot
    is a collection: --index FOLDER reads it.
    """
    with om.open(discovery.for_reading(index), create=False, mode="r") as col:
        col.snapshot(folder)
        generation = col.generation
    if output.wants_json(json):
        output.line({"folder": str(folder.absolute()), "generation": generation})
    else:
        output.result(f"generation {generation:,} copied to {folder}")
