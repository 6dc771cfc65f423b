"""Kinds of pictures that are read with an extra only, loaded at import where it is installed.

A process that decodes can import nothing later, so what was not there then is not there at all.
"""

from __future__ import annotations

from importlib import import_module

_MODULES = {"svg": "resvg_py"}  # by the kind of file, which is the name of the extra


def _loads(module: str) -> bool:
    try:
        import_module(module)
    except ImportError:
        return False
    return True


_LOADED = frozenset(kind for kind, module in _MODULES.items() if _loads(module))


def lacking(kind: str) -> str | None:
    """Say how a kind of files becomes readable, where it is not."""
    if kind not in _MODULES or kind in _LOADED:
        return None
    return f"{kind} is read with an extra: pip install 'omnisearch[{kind}]'"
