"""Whether what an answer needs may leave: said once for each address, agreed to, remembered."""

from __future__ import annotations

import sys

import click

import omnisearch as om
from omnisearch_cli import asking, known, output

_KIND = "endpoints"


def agree(chat: om.Chat, found: om.Context, *, yes: bool) -> bool:
    """Tell whether it may be sent; asks at a terminal, where nobody agreed before."""
    if chat.address in known.names(_KIND):
        return True
    output.say(leaving(chat, found))
    if yes:
        _remember(chat.address)
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError(
            f"nobody agreed yet that {chat.origin} is sent what answers need: ask at a terminal "
            "once, or add --yes. Nothing was sent"
        )
    if not asking.agreed(f"send this to {chat.origin}, now and with later questions?"):
        return False
    _remember(chat.address)
    return True


def leaving(chat: om.Chat, found: om.Context) -> str:
    """Say what leaves this machine, and where it goes."""
    shown = sum(part.shown for part in found.parts)
    files = len({one.uri or one.item for one in found.citations})
    return (
        f"what leaves: your question, {len(found.parts):,} passages with their names out of "
        f"{files:,} items ({found.tokens:,} tokens in all) and {shown:,} small pictures go to "
        f"{chat.address}, to the model {chat.model}; --dry-run shows all of it"
    )


def _remember(address: str) -> None:
    known.put_first(_KIND, address, known.names(_KIND))
