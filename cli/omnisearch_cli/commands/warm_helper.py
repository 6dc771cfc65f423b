"""`omnisearch helper`: the process that keeps the encoder loaded between questions."""

from __future__ import annotations

from dataclasses import asdict

import click

from omnisearch_cli import output, settings
from omnisearch_cli.warm import control

NONE = 1
EXAMPLES = """\b
Examples:
  omnisearch helper status
  omnisearch helper stop
"""


@click.command("helper", epilog=EXAMPLES)
@click.argument("action", type=click.Choice(("status", "stop")))
@settings.json
def command(action: str, json: bool | None) -> int:
    """Look at the process that answers questions at terminals, or end it.

    It starts after a question at a terminal, keeps the encoder loaded, and ends after five minutes
    without a question. `status` exits 1 when there is none.
    """
    return _stop(json) if action == "stop" else _status(json)


def _stop(json: bool | None) -> int:
    process = control.stop()
    if output.wants_json(json):
        output.line({"stopped": process})
    else:
        output.result("no helper was running" if process is None else f"stopped {process}")
    return 0


def _status(json: bool | None) -> int:
    found = control.status()
    if output.wants_json(json):
        output.line({"running": False} if found is None else {"running": True, **asdict(found)})
    elif found is None:
        output.result("no helper is running")
    elif found.fault is not None:
        output.result(f"process {found.process}: {found.fault}")
    else:
        output.facts(_told(found))
    return NONE if found is None else 0


def _told(found: control.Status) -> dict[str, object]:
    """Say for a person how it is."""
    return {
        "process": str(found.process),
        "answers": "this omnisearch" if found.same else "another omnisearch: it ends when asked",
        "questions": found.questions,
        "memory": f"{found.bytes / 1e6:,.0f} MB",
        "running for": f"{found.seconds:,.0f} s",
        "ends after": f"{found.idle_s:,.0f} s without a question",
    }
