"""`omnisearch delete`: rows out of a collection, by id or by filter."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TypedDict, Unpack

import click

import omnisearch as om
from omnisearch_cli import discovery, output, settings

EXAMPLES = """\b
Examples:
  omnisearch delete shoe-7 shoe-8
  omnisearch delete --where "price >= 190"
  omnisearch delete --where "brand = 'a'" --yes --purge
  omnisearch delete - < ids.txt
"""


class Flags(TypedDict):
    """The options, as click gives them."""

    where: str | None
    yes: bool
    purge: bool
    index: Path | None
    json: bool | None


@click.command("delete", epilog=EXAMPLES)
@click.argument("ids", nargs=-1)
@click.option("--where", metavar="FILTER", help="Delete the rows that pass; asks first.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--purge", is_flag=True, help="Leave no byte of them on the disk; takes longer.")
@settings.index
@settings.json
def command(ids: tuple[str, ...], **flags: Unpack[Flags]) -> int:
    """Delete rows by id or by filter.

    With - for the ids, they are read from stdin, one a line.
    Exits 1 when nothing was deleted.
    """
    where = flags["where"]
    if bool(ids) == (where is not None):
        raise click.UsageError("give either ids or --where FILTER")
    wanted = sys.stdin.read().splitlines() if ids == ("-",) else list(ids)
    with om.open(discovery.for_reading(flags["index"]), create=False) as col:
        if where is not None and not (flags["yes"] or _agreed(col, where)):
            return 1
        deleted = col.delete(wanted if ids else None, where=where, purge=flags["purge"])
    if output.wants_json(flags["json"]):
        output.line({"deleted": deleted})
    else:
        output.result(f"{deleted:,} rows deleted")
    return 0 if deleted else 1


def _agreed(col: om.Collection, where: str) -> bool:
    """Show how much a filter would delete, and ask the person at the terminal."""
    count = col.count(where=where)
    if not count:
        return True
    if not sys.stdin.isatty():
        raise click.UsageError(f"{count:,} of {col.count():,} rows pass: add --yes to delete them")
    return click.confirm(f"Delete {count:,} of {col.count():,} rows?", err=True)
