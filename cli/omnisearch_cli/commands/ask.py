"""`omnisearch ask`: an answer of a language model from what is found, with its sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import click

from omnisearch_cli import output, settings
from omnisearch_cli.answering import agreement, answer, key, narrowing

if TYPE_CHECKING:
    import omnisearch as om

EXAMPLES = """\b
Examples:
  omnisearch ask "when does the night train leave" --dry-run
  omnisearch ask "who mended the roof" --endpoint http://127.0.0.1:11434/v1 --model qwen3
  omnisearch ask "what did the plumber do" --after 2026-01-01 --json

\b
An endpoint in ~/.config/omnisearch.toml need not be named each time:
  ask_endpoint = "http://127.0.0.1:11434/v1"
  ask_model = "qwen3"
"""
NO_HIT, REFUSED = 1, 2


class Flags(narrowing.Flags):
    """All of the command line."""

    ask_endpoint: str | None
    ask_model: str | None
    timeout: float
    dry_run: bool
    yes: bool
    json: bool | None
    quiet: bool


@click.command("ask", epilog=EXAMPLES)
@narrowing.options
@settings.setting(
    "--ask-endpoint",
    "--endpoint",
    "ask_endpoint",
    metavar="URL",
    help="A server in OpenAI's form, as http://127.0.0.1:11434/v1. Default: none.",
)
@settings.setting(
    "--ask-model", "--model", "ask_model", metavar="NAME", help="The model that it is to use."
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, 3600, min_open=True),
    default=60.0,
    show_default=True,
    help="Seconds that it may be silent.",
)
@click.option("--dry-run", is_flag=True, help="Show what would be sent, and send nothing.")
@click.option("--yes", is_flag=True, help="Agree that sources are sent to this endpoint.")
@settings.json
@settings.quiet
def command(**flags: Unpack[Flags]) -> int:
    """Answer a question from what is stored, by a language model that you name.

    Without an endpoint nothing is ever sent. What leaves this machine is said before the first
    answer of each endpoint, and asked for. A key is read from OMNISEARCH_ASK_KEY, or from
    ~/.config/omnisearch.key, which nobody else may be able to read. Of sources that the answer
    names in vain the numbers are struck. Exits 1 when nothing is found: then nothing is sent.
    """
    chat = None if flags["dry_run"] else _chat(flags)
    found = narrowing.found(flags)
    if not flags["quiet"]:
        for remark in found.remarks:
            output.say(remark)
    if not found.parts:
        if not found.remarks:
            output.say("nothing is found that could answer this, so nothing was sent")
        return NO_HIT
    as_json = output.wants_json(flags["json"])
    if chat is None:
        _show(found, as_json=as_json)
        return 0
    if not agreement.agree(chat, found, yes=flags["yes"]):
        output.say("nothing was sent")
        return REFUSED
    _answer(chat, found, as_json=as_json)
    return 0


def _chat(flags: Flags) -> om.Chat:
    import omnisearch as om

    if not flags["ask_endpoint"]:
        raise click.UsageError(
            "no endpoint is set, so nothing is sent: give --endpoint "
            "http://127.0.0.1:11434/v1 and --model NAME, or --dry-run to see what would be sent"
        )
    address, model = flags["ask_endpoint"], flags["ask_model"]
    return om.Chat.at(address, model, key=key.key(), timeout_s=flags["timeout"])


def _answer(chat: om.Chat, found: om.Context, *, as_json: bool) -> None:
    pieces = chat.stream(found.messages())
    if as_json:
        text, checker = answer.whole(pieces, found)
        output.line(answer.as_json(text, checker, found, chat))
    else:
        checker = answer.stream(pieces, found)
        answer.sources(found, checker.cited)
    answer.remarks(checker)


def _show(found: om.Context, *, as_json: bool) -> None:
    """Show the messages: in JSON as they are, else as a person reads them."""
    if as_json:
        output.line({"messages": found.messages()})
        return
    output.result(f"system: {found.rules}")
    output.result("")
    output.result(f"user: Question: {found.question}")
    for part in found.parts:
        output.result("")
        for line in part.quoted.split("\n"):
            output.result(line)
        if (image := part.image) is not None:
            output.result(f"(a picture, {len(image):,} bytes of JPEG)")
