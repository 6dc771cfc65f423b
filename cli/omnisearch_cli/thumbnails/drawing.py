"""Pictures below the lines of a table: room is made first, so nothing moves what stands there."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click

import omnisearch as om
from omnisearch_cli import settings
from omnisearch_cli.answers.table import Draw
from omnisearch_cli.thumbnails import kitty, sixel, terminal

LOW, HIGH = 6, 16  # lines that a picture takes, in a list and alone
_MOST = 20  # pictures: nobody looks at more at once, and each is decoded
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
    size, letter = shutil.get_terminal_size(), terminal.letter(sys.stdout.fileno())
    with om.Cutter() as cutter:
        yield _Pencil(cutter, found, letter, size.columns, min(most, size.lines - 2))


@dataclass
class _Pencil:
    """Draws what can be seen, until enough is drawn."""

    cutter: om.Cutter
    protocol: terminal.Protocol
    letter: tuple[int, int]
    columns: int
    most: int
    left: int = _MOST

    def __call__(self, hit: om.Hit, column: int) -> str | None:
        wide, high = self.letter
        side = min(self.most * high, (self.columns - column) * wide)
        if side < high or not self.left:
            return None
        try:
            picture = self.cutter.thumbnail(hit, side)
        except (om.errors.OmnisearchError, OSError):  # its file is gone, or does not decode
            return None
        if picture is None:
            return None
        self.left -= 1
        return _placed(_DRAWN[self.protocol](picture), -(-picture.height // high), column)


def _placed(drawn: str, lines: int, column: int) -> str:
    """Put a picture into lines that are made for it, and the cursor on the last of them."""
    room, below = "\n" * lines, f"\x1b[{lines - 1}B" if lines > 1 else ""
    return f"{room}\x1b[{lines}A\x1b[{column + 1}G\x1b7{drawn}\x1b8{below}\r"
