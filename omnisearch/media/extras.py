"""Kinds of pictures that are read with an extra only, loaded at import where it is installed.

A process that decodes can import nothing later, so what was not there then is not there at all.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

_MODULES = {"svg": "resvg_py"}
NEEDED = frozenset(_MODULES)  # kinds of files, by the name of their extra


def installed(kind: str) -> bool:
    """Tell whether what reads a kind of files is there."""
    return find_spec(_MODULES[kind]) is not None


def load() -> None:
    """Import what is there."""
    for kind, module in _MODULES.items():
        if installed(kind):
            import_module(module)


_LOADED = frozenset(kind for kind in _MODULES if installed(kind))


def lacking(kind: str) -> str | None:
    """Say how a kind of files becomes readable, where it is not."""
    if kind not in NEEDED or kind in _LOADED:
        return None
    return f"{kind} is read with an extra: pip install 'omnisearch[{kind}]'"
