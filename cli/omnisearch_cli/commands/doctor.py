"""`omnisearch doctor`: whether a collection and this machine are sound, and what to do if not."""

from __future__ import annotations

from pathlib import Path

import click

import omnisearch as om
from omnisearch_cli import discovery, output, settings

EXAMPLES = """\b
Examples:
  omnisearch doctor
  omnisearch doctor --index ./catalogue --json
  omnisearch doctor --repair
  omnisearch doctor --reclaim
"""
DAMAGED = 4


@click.command("doctor", epilog=EXAMPLES)
@click.option("--repair", is_flag=True, help="Mend what can be mended from what is sound.")
@click.option("--reclaim", is_flag=True, help="Remove files that nothing refers to any more.")
@settings.index
@settings.json
def command(repair: bool, reclaim: bool, index: Path | None, json: bool | None) -> int:
    """Check every byte of the collection.

    Compares all files with their checksums and changes nothing, unless asked to. Tries as well
    whether decoders of files are locked up on this machine.

    Exits 4 when something is damaged.
    """
    path = discovery.for_reading(index)
    if repair:
        done = om.repair(path)
        lost = f"{done.lost_rows:,} rows and {done.lost_generations:,} generations lost"
        output.say(f"{done.mended:,} files mended, {lost}")
    if reclaim:
        output.say(f"{om.reclaim(path):,} bytes freed")
    report, sandbox = om.doctor(path), om.sandbox()
    if output.wants_json(json):
        output.line({"ok": report.ok, "sandbox": sandbox, "problems": report.problems})
        return 0 if report.ok else DAMAGED
    if report.problems:
        rows = [(one.path, one.fault, one.remedy) for one in report.problems]
        output.table(("path", "fault", "remedy"), rows)
    else:
        output.result(f"{path} is sound")
    if sandbox.complete:
        tried = len(sandbox.refused)
        output.say(f"decoders are locked up: {tried} of {tried} ways out are shut")
    else:
        output.say(f"decoders are not locked up: {sandbox.remedy}")
    return 0 if report.ok else DAMAGED
