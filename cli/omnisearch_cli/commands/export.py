"""`omnisearch export`: a collection, or part of it, as files that other programs read."""

from __future__ import annotations

from pathlib import Path

import click

import omnisearch as om
from omnisearch_cli import discovery, once, output, settings

EXAMPLES = """\b
Examples:
  omnisearch export ./backup
  omnisearch export ./cheap --where "price < 50"
  omnisearch import ./backup --index ./again
"""


@click.command("export", epilog=EXAMPLES)
@click.argument("folder", type=click.Path(path_type=Path))
@once.where('Only rows that pass, e.g. "price < 50".')
@settings.index
@settings.json
@settings.quiet
def command(
    folder: Path, where: str | None, index: Path | None, json: bool | None, quiet: bool
) -> None:
    """Write the collection to files.

    FOLDER, which must not exist, gets vectors.npy and metadata.parquet. Vectors have the scale in
    which they were given. Importing the folder gives the same rows again; of files also their
    spans, their words and the folders that they were taken in from. Of an item of which a row
    passes a filter, all rows go along.
    """
    with om.open(discovery.for_reading(index), create=False, mode="r") as col:
        with output.progress(col.count(where=where), "row", quiet) as bar:
            written = col.export(folder, where=where, progress=bar.update)
        missing = col.stats()["missing"]
    if missing and where is None and not quiet:
        output.say(f"{missing:,} items are left out: their files were gone when last looked for")
    if output.wants_json(json):
        output.line({"rows": written, "folder": str(folder.absolute())})
    else:
        output.result(f"{written:,} rows written to {folder}")
