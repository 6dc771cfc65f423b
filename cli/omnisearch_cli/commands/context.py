"""`omnisearch context`: what a language model should read to answer a question."""

from __future__ import annotations

from typing import Unpack

import click

from omnisearch_cli import output, settings
from omnisearch_cli.answering import narrowing

EXAMPLES = """\b
Examples:
  omnisearch context "when does the night train leave"
  omnisearch context "the red bicycle" --budget 500 --json | jq -r ".parts[].uri"
  omnisearch context "who repaired the roof" --after 2026 --modality text
"""
NO_HIT = 1


class Flags(narrowing.Flags):
    """All of the command line."""

    json: bool | None
    quiet: bool


@click.command("context", epilog=EXAMPLES)
@narrowing.options
@settings.json
@settings.quiet
def command(**flags: Unpack[Flags]) -> int:
    """Print the passages that answer a question, each with its source, for a language model.

    Nothing leaves this machine. Exits 1 when nothing is found, or nothing fits into the budget.
    """
    found = narrowing.found(flags)
    if not flags["quiet"]:
        for remark in found.remarks:
            output.say(remark)
    if output.wants_json(flags["json"]):
        output.line(found.as_json())
    elif found.parts:
        for line in found.text().rstrip("\n").split("\n"):
            output.result(line)
    return 0 if found.parts else NO_HIT
