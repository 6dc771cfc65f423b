"""Weights behind a colon: `--image a.jpg:0.5`, `--text "at night:2"`."""

from __future__ import annotations

import re
from pathlib import Path

_WEIGHT = re.compile(r"(.+):([+-]?(?:\d+\.?\d*|\.\d+)|nan|[+-]?inf)", re.IGNORECASE | re.DOTALL)
_PLAIN = re.compile(r"\d+")
_MOST = 100  # above, a number is no weight


def of_words(text: str) -> tuple[str, float]:
    """Take words apart from their weight; 10:30, Genesis 1:2 and localhost:8080 are words."""
    found = _WEIGHT.fullmatch(text)
    if found is None or (_PLAIN.fullmatch(found[2]) and _is_said(found[1], found[2])):
        return text, 1.0
    return found[1], float(found[2])


def _is_said(before: str, number: str) -> bool:
    """Tell whether a whole number behind a colon belongs to the words."""
    return before[-1:].isdigit() or int(number) > _MOST


def of_name(name: str) -> tuple[str, float]:
    """Take the name of a file apart from its weight; a file that is there keeps its whole name."""
    found = _WEIGHT.fullmatch(name)
    if found is None or _exists(name):
        return name, 1.0
    return found[1], float(found[2])


def _exists(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):  # too long, or with a NUL
        return False
