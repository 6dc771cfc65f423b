"""Pictures below the lines of a table: room is made first, so nothing moves what stands there."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

import omnisearch as om
from omnisearch_cli import settings
from omnisearch_cli.answers.table import Draw
from omnisearch_cli.thumbnails import kitty, sixel, terminal

LOW, HIGH = 6, 16  # lines that a picture takes, in a list and alone
_LONG_S = 4.0  # after which no other is begun: the answer is what was asked for
_DRAWN = {"kitty": kitty.drawn, "sixel": sixel.drawn}

option = settings.setting(
    "--thumbnails",
    type=click.Choice(terminal.WANTED),
    default="none",
    show_default=True,
    help="Pictures in the table: auto where the terminal surely shows them.",
)


@contextmanager
def drawing(wanted: str | None, most: int = LOW) -> Iterator[Draw | None]:
    """Give what draws a hit, so many columns from the left; None where nothing is drawn."""
    found = terminal.protocol(wanted or "none", os.environ)
    if found is None:
        yield None
        return
    wide, high = terminal.letter(sys.stdout.fileno())
    size, end = shutil.get_terminal_size(), time.monotonic() + _LONG_S
    most = min(most, size.lines - 2)
    with om.Cutter() as cutter:

        def draw(hit: om.Hit, column: int) -> str | None:
            side = min(most * high, (size.columns - column) * wide)
            if side < high or time.monotonic() > end:
                return None
            try:
                picture = cutter.thumbnail(hit, side)
            except (om.errors.OmnisearchError, OSError):  # its file is gone, or does not decode
                return None
            if picture is None:
                return None
            return _placed(_DRAWN[found](picture), -(-picture.height // high), column)

        yield draw


def _placed(drawn: str, lines: int, column: int) -> str:
    """Put a picture into lines that are made for it, and the cursor on the last of them."""
    room, below = "\n" * lines, f"\x1b[{lines - 1}B" if lines > 1 else ""
    return f"{room}\x1b[{lines}A\x1b[{column + 1}G\x1b7{drawn}\x1b8{below}\r"
