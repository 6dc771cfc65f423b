"""`--no-helper`: the flag of a question, and what it does on either side of the helper."""

from __future__ import annotations

import sys
from contextlib import suppress

import click

from omnisearch_cli import settings
from omnisearch_cli.warm import client, starting


class DeclinedError(BaseException):
    """A question is the client's to answer; no handler of errors may take this for one."""


def _chosen(context: click.Context, parameter: click.Parameter, refused: bool) -> None:
    """Start a helper when the question is answered, unless it is refused or answered in one."""
    if in_helper(context):
        if refused:
            raise DeclinedError
    elif not refused and client.may_help([]):
        context.call_on_close(_start)


def in_helper(context: click.Context) -> bool:
    """Tell whether this process answers for another."""
    return context.find_root().obj is not None


def _start() -> None:
    if starting.is_worth_it():
        with suppress(OSError):
            sys.stdout.flush()  # the answer comes first
        starting.start()


no_helper = settings.setting(
    "--no-helper",
    is_flag=True,
    expose_value=False,
    callback=_chosen,
    help="Neither ask nor start the process that keeps the encoder loaded.",
)
