"""Names of files and ids that come as a list: one a line, or each ended by NUL."""

from __future__ import annotations

from pathlib import Path

import click

from omnisearch_cli.lines import STDIN, stdin


def read(file: str) -> list[bytes]:
    """Read a list from a file, or from stdin for `-`."""
    if file == STDIN:
        return split(stdin().read())
    try:
        return split(Path(file).read_bytes())
    except OSError as error:
        fault = f"the list {file} cannot be read ({error.strerror})"
        raise click.UsageError(f"{fault}: give a file, or - for stdin") from error


def split(raw: bytes) -> list[bytes]:
    """Take a list apart; a name with line ends in it can only be told among NULs."""
    parts = raw.split(b"\0") if b"\0" in raw else raw.replace(b"\r\n", b"\n").split(b"\n")
    return [part for part in parts if part]
