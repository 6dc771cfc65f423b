"""Files of answers: their paths as bytes, as people read them, and as links."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote_to_bytes

import omnisearch as om

_FILE = "file://"
_LINK = re.compile(r"file://[!-~]{1,2000}")  # longer ones are cut by some terminals


def raw(uri: str) -> bytes:
    """Give the path behind the URI of a file, byte by byte."""
    return unquote_to_bytes(uri.removeprefix(_FILE))


def path_of(uri: str | None) -> bytes | None:
    """Give the path of what is a file."""
    return raw(uri) if uri is not None and uri.startswith(_FILE) else None


def linkable(uri: str) -> bool:
    """Tell whether a terminal can be given the URI as it is."""
    return _LINK.fullmatch(uri) is not None


def shown(uri: str) -> str:
    """Give a path as a person would type it: from here, from home, or whole."""
    path = raw(uri).decode("utf-8", "backslashreplace")
    for folder, mark in ((_here(), ""), (str(Path.home()), f"~{os.sep}")):
        if folder is not None and path.startswith(folder.rstrip(os.sep) + os.sep):
            return mark + path[len(folder.rstrip(os.sep)) + 1 :]
    return path


def missing(hit: om.Hit) -> str | None:
    """Say since when the file of an answer, or its row of a table, is known to be gone."""
    since = hit.metadata.get("file.missing")
    return f"missing since {since:%Y-%m-%d %H:%M} UTC" if isinstance(since, datetime) else None


def unit(hit: om.Hit) -> str:
    """Say what an answer is, or is a part of."""
    return "file" if hit.metadata.get("file.row") is None else "row"


def _here() -> str | None:
    """Give the folder that the command runs in; None where it is the root, or gone."""
    try:
        here = str(Path.cwd())
    except OSError:
        return None
    return None if here == os.sep else here
