"""`omnisearch ingest`: files into a collection, and again what has changed since."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypedDict, Unpack

import click

import omnisearch as om
from omnisearch_cli import asking, discovery, drawing, known, names, output, settings, summary

EXAMPLES = """\b
Examples:
  omnisearch ingest ./photos ./notes
  omnisearch ingest
  omnisearch ingest ./corpus --modality image --modality document --exclude "*.tmp"
  omnisearch ingest ./corpus --dry-run
  find . -type f -newer mark -print0 | omnisearch ingest --files-from -
  omnisearch ingest --retry-failed
"""
SOME_FAILED = 3
MODALITIES = ("text", "image", "audio", "video", "document")
_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_AGE = re.compile(r"(\d+)\s*([smhdw])")
_AGES_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}


class Flags(TypedDict):
    """The options, as click gives them."""

    files_from: str | None
    since: datetime | None
    modalities: tuple[str, ...]
    exclude: tuple[str, ...]
    include: tuple[str, ...]
    hidden: bool
    ignore: bool
    follow_symlinks: bool
    one_file_system: bool
    jobs: int | None
    max_memory: int | None
    max_pixels: int | None
    max_pages: int | None
    max_hours: float | None
    max_text: int | None
    ocr: bool
    dry_run: bool
    retry_failed: bool
    prune: bool
    force: bool
    yes: bool
    encoder: str | None
    index: Path | None
    json: bool | None
    quiet: bool


def _size(context: click.Context, parameter: click.Parameter, text: str | None) -> int | None:
    if text is None:
        return None
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise click.BadParameter(f"{text!r} is no size, such as 800M or 4G")
    size = float(found[1]) * 1024 ** _UNITS[found[2].lower()]
    if size >= 2**63:
        raise click.BadParameter(f"{text!r} is more than any machine has")
    return int(size)


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


_number = click.IntRange(1)


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
    "--modality",
    "modalities",
    multiple=True,
    type=click.Choice(MODALITIES),
    help="Only files of it; may be repeated.",
)
@click.option(
    "--exclude",
    multiple=True,
    metavar="PATTERN",
    help="Leave out what matches, as in .gitignore; may be repeated.",
)
@click.option(
    "--include",
    multiple=True,
    metavar="PATH",
    help="Take in again what was deleted from the collection; may be repeated.",
)
@click.option("--hidden", is_flag=True, help="Take hidden files and folders too.")
@click.option(
    "--ignore/--no-ignore",
    default=True,
    help="Leave out .git, node_modules and their like, and what .omnisearchignore names.",
)
@click.option("--follow-symlinks", is_flag=True, help="Follow links that stay below their root.")
@click.option(
    "--one-file-system/--all-file-systems",
    default=True,
    help="Stay on the file system of each root.",
)
@settings.setting("--jobs", type=click.IntRange(1, 256), help="Decoders. Default: all cores.")
@settings.setting(
    "--max-memory",
    metavar="SIZE",
    callback=_size,
    help="Of everything together, as 2G. Default: a quarter of the machine's.",
)
@settings.setting("--max-pixels", type=_number, help="Of a picture.")
@settings.setting("--max-pages", type=_number, help="Of a document; what is beyond is left out.")
@settings.setting(
    "--max-hours",
    type=click.FloatRange(0, min_open=True),
    help="Of a sound or film; what is beyond is left out.",
)
@settings.setting("--max-text", type=_number, help="Characters of a text; the rest is left out.")
@click.option(
    "--ocr/--no-ocr",
    default=True,
    help="Read print in pictures and pages without words, where the extra ocr is installed.",
)
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
    """Take files into the collection: text, pictures, sounds, films and PDFs.

    Without a PATH, everything that was taken in before is compared with the disk, and brought up to
    date. Files that did not change are not opened. What is finished is safe: an interrupted run
    goes on when it is started again.

    Exits 3 when files failed or something was held back.
    """
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
    if not fresh and wanted and not _agreed(path, wanted, flags):
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
    return 0 if report.complete else SOME_FAILED


def _opened(path: Path, fresh: bool, flags: Flags) -> om.Collection:
    encoder = flags["encoder"]
    loaded = None
    if encoder is not None:
        loaded = om.Encoder.load(encoder, key=settings.encoder_key(), say=output.say)
    private = fresh and flags["index"] is None
    return om.open(path, encoder=loaded, private=private)


def _run(col: om.Collection, paths: Sequence[bytes], listed: Sequence[bytes], flags: Flags) -> Any:  # noqa: ANN401
    given: om.IngestOptions = {
        "since": flags["since"],
        "modalities": flags["modalities"] or None,  # type: ignore[typeddict-item]
        "exclude": flags["exclude"],
        "include": flags["include"],
        "listed": listed,
        "hidden": flags["hidden"],
        "ignore": flags["ignore"],
        "follow_symlinks": flags["follow_symlinks"],
        "one_file_system": flags["one_file_system"],
        "jobs": flags["jobs"],
        "max_memory": flags["max_memory"],
        "max_pixels": flags["max_pixels"],
        "max_pages": flags["max_pages"],
        "max_hours": flags["max_hours"],
        "max_text": flags["max_text"],
        "ocr": flags["ocr"],
        "retry_failed": flags["retry_failed"],
        "prune": flags["prune"],
        "force": flags["force"],
    }
    lines = flags["json"] is True or (flags["json"] is None and not sys.stdout.isatty())
    dry, quiet = flags["dry_run"], flags["quiet"]
    with _told(quiet or dry) as seen, drawing.shown(quiet=quiet, lines=lines) as show:
        if dry:
            return om.estimate(col, *paths, progress=show, **given)
        return col.ingest(*paths, progress=lambda now: show(seen(now)), **given)


@contextmanager
def _told(quiet: bool) -> Iterator[Callable[[om.Progress], om.Progress]]:
    """Say how far it came when a person or the system ends it early."""
    last: list[om.Progress] = []

    def seen(progress: om.Progress) -> om.Progress:
        last[:] = [progress]
        return progress

    try:
        yield seen
    except (KeyboardInterrupt, SystemExit):
        if last and not quiet:
            done = f"{last[0].files:,} of {last[0].of:,} files are done"
            output.say(f"{done}, and kept: start it again to go on")
        raise


def _known(path: bytes, roots: Sequence[bytes]) -> bool:
    real = os.path.realpath(path)
    return any(real == root or real.startswith(root.rstrip(b"/") + b"/") for root in roots)


def _agreed(path: Path, wanted: Sequence[bytes], flags: Flags) -> bool:
    """Ask before a new root joins a collection that was only found above."""
    if flags["index"] is not None or path.parent == Path.cwd() or flags["yes"]:
        return True
    with om.open(path, create=False, mode="r") as col:
        roots = col.files.roots
    fresh = [os.fsdecode(one) for one in wanted if not _known(one, roots)]
    if not fresh:
        return True
    told = f"add {', '.join(fresh)} to the collection {path}"
    if not sys.stdin.isatty():
        raise click.UsageError(f"to {told}, name it with --index {path}, or add --yes")
    return asking.agreed(f"{told[0].upper()}{told[1:]}?")
