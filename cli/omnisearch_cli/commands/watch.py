"""`omnisearch watch`: folders are followed, and the collection with them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Unpack

import click

import omnisearch as om
from omnisearch_cli import discovery, drawing, joining, known, output, settings, summary, taking

EXAMPLES = """\b
Examples:
  omnisearch watch ./notes
  omnisearch watch
  omnisearch watch ./corpus --json
  omnisearch watch /mnt/share --poll 60
"""


_GONE = 4  # the collection, while it was followed: not the caller's fault


class Flags(taking.Flags):
    """The options, as click gives them."""

    poll: float | None
    yes: bool
    encoder: str | None
    index: Path | None
    json: bool | None
    quiet: bool


@click.command("watch", epilog=EXAMPLES)
@click.argument("paths", nargs=-1, type=click.Path(path_type=bytes), metavar="[PATH]...")
@click.option(
    "--poll",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    help="Look at everything that often, where a file system tells of no changes (networks).",
)
@taking.options
@click.option("--yes", is_flag=True, help="Do not ask.")
@settings.encoder_of_collection
@settings.index
@settings.json
@settings.quiet
def command(paths: tuple[bytes, ...], **flags: Unpack[Flags]) -> int:
    """Take files in, then follow their folders: what changes is searchable some seconds later.

    Without a PATH, everything that was taken in before is followed. Others can write to the
    collection meanwhile. Ctrl-C ends it; what changed until then and was not taken in yet is met
    by the next watch or ingest.
    """
    path = discovery.for_writing(flags["index"])
    fresh = not discovery.is_collection(path)
    if fresh and not paths:
        raise click.UsageError("nothing was taken in yet: name a folder, omnisearch watch ./notes")
    if not fresh and paths and not joining.agreed(path, paths, flags["index"], yes=flags["yes"]):
        return 2
    lines = output.wants_json(flags["json"])
    with drawing.shown(quiet=flags["quiet"], lines=False) as show:
        try:
            om.watch(
                path,
                *paths,
                on_event=_teller(path, fresh, lines, quiet=flags["quiet"]),
                encoder=joining.encoder(flags["encoder"]),
                poll_s=flags["poll"],
                private=fresh and flags["index"] is None,
                progress=show,
                **taking.given(flags),
            )
        except om.errors.CollectionNotFoundError as error:
            output.complain(f"{error}")
            return _GONE
    return 0


def _teller(
    path: Path, fresh: bool, lines: bool, *, quiet: bool
) -> Callable[[om.WatchEvent], None]:
    """Make what tells of events: a line of JSON each, or a line with the time for a person."""

    def tell(event: om.WatchEvent) -> None:
        report = event.report
        if event.kind == "ready":
            known.remember(path)
            if fresh and not quiet:
                output.say(f"made {path}")
        if report is not None and not quiet:
            summary.remark(report)
        if lines:
            counted = {} if report is None else summary.counts(report)
            output.line({"event": event.kind, "message": event.message, **counted})
        elif event.kind in ("ready", "changed"):
            begin = "following: " if event.kind == "ready" else ""
            output.result(f"{_time()}  {begin}{event.message}")
        else:
            output.say(event.message)
        sys.stdout.flush()

    return tell


def _time() -> str:
    return datetime.now().astimezone().strftime("%H:%M:%S")
