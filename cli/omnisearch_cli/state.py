"""The folder for what is remembered of a user between commands; nothing here loads anything."""

from __future__ import annotations

import os
from collections.abc import Mapping


def folder(environment: Mapping[str, str] = os.environ) -> str | None:
    """Give the folder; None where no absolute path names it, which would be another everywhere."""
    state = environment.get("XDG_STATE_HOME", "")
    if not state.startswith("/"):
        home = environment.get("HOME")
        home = os.path.expanduser("~") if home is None else home  # noqa: PTH111
        if not home.startswith("/"):
            return None
        state = f"{home.rstrip('/')}/.local/state"
    return f"{state}/omnisearch"
