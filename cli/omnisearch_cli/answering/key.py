"""The key of a server of answers: from the environment, or a file that only its owner can read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import click

VARIABLE = "OMNISEARCH_ASK_KEY"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MOST = 10_000  # bytes


def key() -> str | None:
    """Give the key, if there is one; no flag has it, since others could see it in a list."""
    if told := os.environ.get(VARIABLE):
        return told.strip()
    path = file()
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise click.UsageError(f"the key in {path} cannot be read ({error.strerror})") from error
    with os.fdopen(descriptor, "rb") as opened:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode) or state.st_mode & _OTHERS:
            raise click.UsageError(f"others may read the key in {path}: chmod 600 {path}")
        if state.st_uid != os.geteuid():
            raise click.UsageError(f"the key in {path} belongs to another user: write your own")
        return opened.read(_MOST).decode("utf-8", "replace").strip() or None


def file() -> Path:
    """Say where the key may lie."""
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return folder / "omnisearch.key"
