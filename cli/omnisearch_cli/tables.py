"""Tables whose rows are items: how `ingest` is told what their columns are."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

import omnisearch as om
from omnisearch_cli import output

_ENDS = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".arrow", ".feather")
_OF_ROWS = (  # options that say something of rows as well
    "jobs max_memory max_pixels max_pages max_hours max_text ocr follow_symlinks prune force whole"
).split()
_OF_FILES = (
    "files_from since include metadata dry_run retry_failed exclude modalities hidden ignore "
    "one_file_system regions"
).split()

_OPTIONS = (
    click.option(
        "--columns",
        multiple=True,
        metavar="MAPPING",
        help="Each PATH is a table: id=sku,text=title+about,image=photo,meta=price, or auto.",
    ),
    click.option(
        "--media-folder",
        metavar="FOLDER",
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        help="Where paths in a table begin, and which none may leave. Default: the table's.",
    ),
)


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def check(paths: Sequence[bytes]) -> None:
    """Refuse what means nothing for tables."""
    context = click.get_current_context()
    for name in _OF_FILES:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            told = next(one.opts[0] for one in context.command.params if one.name == name)
            raise click.UsageError(f"{told} is about files, and --columns about rows of tables")
    if not paths:
        raise click.UsageError("--columns needs a table: omnisearch ingest table.csv --columns …")


def run(
    col: om.Collection,
    table: bytes,
    flags: Mapping[str, Any],
    show: Callable[[om.Progress], object],
) -> om.IngestReport:
    """Take in one table."""
    given = {name: flags[name] for name in _OF_ROWS}
    columns, folder = flags["columns"], flags["media_folder"]
    return col.ingest_table(table, columns=columns, folder=folder, progress=show, **given)


def hint(paths: Sequence[bytes]) -> None:
    """Say of tables that were named as files what else they could be."""
    found = [path for path in paths if Path(os.fsdecode(path)).suffix.lower() in _ENDS]
    if found and not any(Path(os.fsdecode(path)).is_dir() for path in found):
        name = os.fsdecode(found[0])
        output.say(f"{name} was taken as one file: with --columns each of its rows is an item")
