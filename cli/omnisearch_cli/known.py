"""What this user did before, remembered: collections, so that a lost one can be named, and more."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

from omnisearch_cli import state

_MOST = 100


def collections() -> list[Path]:
    """List what is still there, the newest first."""
    paths = [Path(name) for name in names("collections")]
    return [path for path in paths if (path / "FORMAT").exists()]


def told() -> str:
    """Say which collections there are, for whoever named none or a wrong one."""
    return f"Known: {', '.join(map(str, collections())) or 'none'}"


def remember(path: Path) -> None:
    """Put a collection first; a failure is no reason to stop."""
    others = (str(other) for other in collections())
    put_first("collections", str(path.absolute()), others)


def names(kind: str) -> list[str]:
    """List what is remembered of a kind, the newest first."""
    file = _file(kind)
    try:
        found = [] if file is None else json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return []
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def put_first(kind: str, name: str, others: Iterable[str]) -> None:
    """Remember a name of a kind before the others; a failure is no reason to stop."""
    kept = [name, *(one for one in others if one != name)][:_MOST]
    file = _file(kind)
    if file is None:
        return
    made = file.with_name(f"{file.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made.write_text(json.dumps(kept), "utf-8")
        made.replace(file)


def _file(kind: str) -> Path | None:
    folder = state.folder()
    return None if folder is None else Path(folder) / f"{kind}.json"
