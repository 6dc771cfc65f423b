"""`omnisearch status`: what a collection holds, and what could not be taken in."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path

import click

import omnisearch as om
from omnisearch_cli import discovery, output, settings

EXAMPLES = """\b
Examples:
  omnisearch status
  omnisearch status --failures
  omnisearch status --index ./catalogue --json
"""
_INDENT = "    "


@click.command("status", epilog=EXAMPLES)
@click.option("--failures", is_flag=True, help="List the files that could not be taken in.")
@settings.index
@settings.json
def command(failures: bool, index: Path | None, json: bool | None) -> None:
    """Say what the collection holds."""
    path = discovery.for_reading(index)
    with om.open(path, create=False, mode="r") as col:
        stats, files = dict(col.stats()), col.files
    listed = [
        {"path": _shown(one.path), "stage": one.stage, "reason": one.reason}
        for one in files.failures
    ]
    roots = [_shown(root) for root in files.roots]
    if output.wants_json(json):
        output.line({**stats, "failures": listed if failures else len(listed), "roots": roots})
    elif failures:
        _tell(listed)
    else:
        told = {
            "path": str(path),
            **stats,
            "failures": len(listed),
            "roots": ", ".join(roots) or "-",
        }
        for name in ("modalities", "columns"):
            pairs = dict(stats.get(name) or {}).items()
            told[name] = ", ".join(f"{key} {output.short(value)}" for key, value in pairs) or "-"
        for name in ("next", "previous"):  # spaces beside the one that answers
            if (beside := told.pop(name, None)) is not None:
                lacks = beside.get("left_out")
                more = f", without {lacks:,} item{'' if lacks == 1 else 's'}" if lacks else ""
                told[name] = (
                    f"{beside['space'] or 'damaged'}, {output.short(beside['bytes'])} bytes{more}"
                )
        if not told.get("left_out"):  # the most have changed their encoder without loss, or never
            told.pop("left_out", None)
        output.facts(told)


def _tell(failures: list[dict[str, str]]) -> None:
    """Name each file on a line of its own, and below it the whole reason."""
    if not failures:
        output.result("nothing has failed")
        return
    room = max(shutil.get_terminal_size().columns - len(_INDENT), 20)
    for one in failures:
        output.result(one["path"])
        told = output.escape(f"{one['stage']}: {one['reason']}")
        for line in textwrap.wrap(told, room, break_on_hyphens=False):
            output.result(_INDENT + line)
    output.say("omnisearch ingest --retry-failed tries them again")


def _shown(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")
