"""`omnisearch export`: a collection, or part of it, as files that other programs read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

import omnisearch as om
from omnisearch_cli import discovery, output, settings

EXAMPLES = """\b
Examples:
  omnisearch export ./backup
  omnisearch export ./cheap --where "price < 50"
  omnisearch import ./backup/vectors.npy --metadata ./backup/metadata.parquet --index ./again
"""


@click.command("export", epilog=EXAMPLES)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--where", metavar="FILTER", help='Only rows that pass, e.g. "price < 50".')
@settings.index
@settings.json
@settings.quiet
def command(
    folder: Path, where: str | None, index: Path | None, json: bool | None, quiet: bool
) -> None:
    """Write the collection to files.

    FOLDER, which must not exist, gets vectors.npy and metadata.parquet. Vectors have the scale in
    which they were given. Importing both files again gives the same rows.
    """
    with om.open(discovery.for_reading(index), create=False, mode="r") as col:
        with output.progress(col.count(where=where), "row", quiet) as bar:
            rows = _counted(col.iterate(where=where, vectors=True), bar)
            form: dict[str, Any] = {"dim": col.dim, "metric": col.metric, "columns": col.columns}
            written = om.write_vectors(folder, rows, **form)
    if output.wants_json(json):
        output.line({"rows": written, "folder": str(folder.absolute())})
    else:
        output.result(f"{written:,} rows written to {folder}")


def _counted(records: Iterator[om.Record], bar: Any) -> Iterator[om.Record]:  # noqa: ANN401
    for record in records:
        yield record
        bar.update()
