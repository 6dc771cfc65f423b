"""A file that a user names, and what reads it by the end of its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from omnisearch.errors import InputError

Reader = TypeVar("Reader")


def opened(
    path: Path, readers: Mapping[str, Callable[[Path], Reader]], end: str | None = None
) -> Reader:
    """Read a file by the end of its name; what is wrong with it is an error that names it."""
    if str(path) == "-" or path.is_fifo():
        fault = "a table cannot be read from a pipe: write it into a file first"
        raise InputError(f"{path}: {fault}, such as table.jsonl")
    reader = readers.get(path.suffix.lower() if end is None else end)
    if reader is None:
        known = ", ".join(readers)
        raise InputError(f"{path} has an unknown format: rename or convert it to one of {known}")
    if not path.is_file():
        what = "is not a file" if path.exists() else "does not exist"
        raise InputError(f"{path} {what}: check the name")
    try:
        return reader(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
