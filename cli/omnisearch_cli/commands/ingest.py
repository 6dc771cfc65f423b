"""`omnisearch ingest`: files into a collection, and again what has changed since."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Unpack

import click

import omnisearch as om
from omnisearch_cli import (
    discovery,
    drawing,
    joining,
    known,
    names,
    output,
    settings,
    summary,
    tables,
    taking,
)

EXAMPLES = """\b
Examples:
  omnisearch ingest ./photos ./notes
  omnisearch ingest
  omnisearch ingest ./corpus --modality image --modality document --exclude "*.tmp"
  omnisearch ingest ./corpus --dry-run
  omnisearch ingest ./products --metadata products.csv
  omnisearch ingest products.csv --columns "id=sku,text=title+description,image=photo,meta=price"
  find . -type f -newer mark -print0 | omnisearch ingest --files-from -
  omnisearch ingest --retry-failed
"""
SOME_FAILED = 3
_AGE = re.compile(r"(\d+)\s*([smhdw])")
_AGES_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}


class Flags(taking.Flags):
    """The options, as click gives them."""

    files_from: str | None
    since: datetime | None
    include: tuple[str, ...]
    metadata: bytes | None
    columns: tuple[str, ...]
    media_folder: Path | None
    dry_run: bool
    retry_failed: bool
    prune: bool
    force: bool
    yes: bool
    encoder: str | None
    index: Path | None
    json: bool | None
    quiet: bool


def _moment(context: click.Context, parameter: click.Parameter, text: str | None) -> Any:  # noqa: ANN401
    if text is None:
        return None
    age = _AGE.fullmatch(text.strip())
    try:
        if age is not None:
            return datetime.now(UTC) - timedelta(seconds=int(age[1]) * _AGES_S[age[2]])
        return datetime.fromisoformat(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        fault = f"{text!r} is neither a date, such as 2026-05-01, nor an age, such as 7d"
        raise click.BadParameter(fault) from error


@click.command("ingest", epilog=EXAMPLES)
@click.argument("paths", nargs=-1, type=click.Path(path_type=bytes), metavar="[PATH]...")
@click.option(
    "--files-from",
    metavar="FILE",
    help="Read paths from a file, one a line or ended by NUL; - is stdin.",
)
@click.option(
    "--since",
    metavar="WHEN",
    callback=_moment,
    help="Only files changed since: a date (2026-05-01) or an age (7d, 12h).",
)
@click.option(
    "--include",
    multiple=True,
    metavar="PATH",
    help="Take in again what was deleted from the collection; may be repeated.",
)
@click.option(
    "--metadata",
    type=click.Path(path_type=bytes),
    metavar="TABLE",
    help="CSV, Parquet or JSON Lines with a column `path`: the others describe those files.",
)
@tables.options
@taking.options
@click.option("--dry-run", is_flag=True, help="Only say what would be done, and what it takes.")
@click.option("--retry-failed", is_flag=True, help="Try again what could not be read.")
@click.option("--prune", is_flag=True, help="Delete what belongs to files that are gone.")
@click.option("--force", is_flag=True, help="Do what is held back otherwise; see the manual.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@settings.encoder_of_collection
@settings.index
@settings.json
@settings.quiet
def command(paths: tuple[bytes, ...], **flags: Unpack[Flags]) -> int:
    """Take files into the collection: text, pictures, sounds, films, documents and tables.

    Documents are PDFs, those of office programs, e-books and mail. With --columns each PATH is a
    table, whose rows are items.

    Without a PATH, everything that was taken in before is compared with the disk, and brought up to
    date. Files that did not change are not opened. What is finished is safe: an interrupted run
    goes on when it is started again.

    Exits 3 when files failed or something was held back.
    """
    if flags["columns"]:
        return _of_tables(paths, flags)
    if flags["media_folder"] is not None:
        raise click.UsageError("--media-folder is about the paths of tables: give --columns too")
    source = flags["files_from"]
    listed = names.read(source) if source is not None else []
    wanted = [*paths, *listed]
    if source is not None and not wanted:
        raise click.UsageError("--files-from gave no paths: nothing to do")
    path = discovery.for_writing(flags["index"])
    fresh = not discovery.is_collection(path)
    if fresh and not wanted:
        raise click.UsageError(
            "nothing was taken in yet: name a folder, omnisearch ingest ./photos"
        )
    if not fresh and wanted and not joining.agreed(path, wanted, flags["index"], yes=flags["yes"]):
        return 2
    with _opened(path, fresh, flags) as col:
        report = _run(col, paths, listed, flags)
    if isinstance(report, om.Estimate):
        summary.estimate(report, flags["json"])
        return 0
    known.remember(path)
    if fresh and not flags["quiet"]:
        output.say(f"made {path}")
    summary.show(report, path, flags["json"], quiet=flags["quiet"])
    if not flags["quiet"]:
        tables.hint(paths)
    return 0 if report.complete else SOME_FAILED


def _of_tables(paths: Sequence[bytes], flags: Flags) -> int:
    """Take in the rows of tables, one after another."""
    tables.check(paths)
    path = discovery.for_writing(flags["index"])
    fresh, complete = not discovery.is_collection(path), True
    if flags["index"] is None and path.parent != Path.cwd() and not flags["quiet"]:
        output.say(f"writing to {path}")
    with _opened(path, fresh, flags) as col:
        for table in paths:
            with _shown(flags) as show:
                report = tables.run(col, table, flags, show)
            known.remember(path)
            summary.show(report, path, flags["json"], quiet=flags["quiet"])
            complete &= report.complete
    if fresh and not flags["quiet"]:
        output.say(f"made {path}")
    return 0 if complete else SOME_FAILED


def _shown(flags: Flags) -> AbstractContextManager[drawing.Show]:
    """Show progress, and say how far it came when it ends early."""
    lines = flags["json"] is True or (flags["json"] is None and not sys.stdout.isatty())
    done = "" if flags["dry_run"] else "done"
    return drawing.shown_and_kept(done, quiet=flags["quiet"], lines=lines)


def _opened(path: Path, fresh: bool, flags: Flags) -> om.Collection:
    private = fresh and flags["index"] is None
    return om.open(path, encoder=joining.encoder(flags["encoder"]), private=private)


def _run(col: om.Collection, paths: Sequence[bytes], listed: Sequence[bytes], flags: Flags) -> Any:  # noqa: ANN401
    given: om.IngestOptions = {
        **taking.given(flags),
        "since": flags["since"],
        "include": flags["include"],
        "listed": listed,
        "metadata": flags["metadata"],
        "retry_failed": flags["retry_failed"],
        "prune": flags["prune"],
        "force": flags["force"],
    }
    with _shown(flags) as show:
        if flags["dry_run"]:
            return om.estimate(col, *paths, progress=show, **given)
        return col.ingest(*paths, progress=show, **given)
