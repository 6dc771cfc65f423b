"""Which rows are of files whose path fits a pattern; a pattern that fits a folder takes all in it.

Paths are matched as bytes, with the case that they have. One without a slash fits at any depth.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from omnisearch.errors import CorruptCollectionError, QueryError
from omnisearch.globs import expression
from omnisearch.locations import Location, Root, joined
from omnisearch.schema import LOCATIONS
from omnisearch.storage.columns import Source
from omnisearch.storage.generation import Generation

Mask = npt.NDArray[np.bool_]
_PLAIN = re.compile(rb"[^*?\[\\]*")
_KEPT = 8  # patterns whose rows are remembered for each part
_rows: WeakKeyDictionary[Any, dict[tuple[str, ...], Mask]] = WeakKeyDictionary()


def matching(now: Generation, patterns: Sequence[str]) -> Mask:
    """Mark the rows of which a file fits one of the patterns."""
    roots = {root.number: root for root in now.sealed.place.ledgers.newest().roots}
    fits = _fits(patterns, roots)
    found = [np.zeros(0, bool)]
    for part in now.parts:
        known, key = _rows.get(part.columns, {}), tuple(patterns)
        mask = known.get(key)
        if mask is None:
            mask = _of_part(part.columns, fits)
            # another thread may read what was known: it is never changed, but given up
            _rows[part.columns] = dict([*known.items(), (key, mask)][-_KEPT:])
        found.append(mask)
    return np.concatenate(found)


def strays(now: Generation, patterns: Sequence[str]) -> str | None:
    """Say which absolute patterns fit nothing that was ever taken in, and what was."""
    roots = [root.path for root in now.sealed.place.ledgers.newest().roots]
    lost = [one for one in patterns if one.startswith("/") and not _may_fit(one, roots)]
    if not lost:
        return None
    known = ", ".join(os.fsdecode(root) for root in roots) or "no folder"
    return f"path {', '.join(lost)}: nothing was taken in from there, only from {known}"


def _may_fit(pattern: str, roots: Sequence[bytes]) -> bool:
    """Tell whether the plain beginning of a pattern lies below a root or above one."""
    plain = _PLAIN.match(os.fsencode(pattern))
    start = b"" if plain is None else plain[0]
    places = [root.rstrip(b"/") + b"/" for root in roots]
    return any(place.startswith(start) or start.startswith(place) for place in places)


def _of_part(source: Source, fits: Callable[[str], bool]) -> Mask:
    column, mask = source.column(LOCATIONS), np.zeros(source.rows, bool)
    if column is None or column.starts is None or column.rows is None:
        return mask
    try:
        for at in range(len(column.keys)):
            if fits(column.keys[at].decode()):
                mask[column.rows[int(column.starts[at]) : int(column.starts[at + 1])]] = True
    except (IndexError, ValueError) as error:  # what only wrong bytes can cause
        raise CorruptCollectionError(f"columns.bin is damaged ({error})") from error
    return mask


def _fits(patterns: Sequence[str], roots: dict[int, Root]) -> Callable[[str], bool]:
    relative = _compiled([one for one in patterns if not one.startswith("/")])
    absolute = _compiled([one for one in patterns if one.startswith("/")])

    def fits(location: str) -> bool:
        place = Location.parse(location)
        root = roots.get(place.root)
        own = b"" if root is None else root.path
        path = place.path or own.rpartition(b"/")[2]  # of a root that is a file
        if relative is not None and relative.fullmatch(path):
            return True
        return absolute is not None and bool(absolute.fullmatch(joined(own, place.path)))

    return fits


def _compiled(patterns: Sequence[str]) -> re.Pattern[bytes] | None:
    if not patterns:
        return None
    return re.compile(b"|".join(map(_expression, patterns)), re.DOTALL)


def _expression(pattern: str) -> bytes:
    raw = os.fsencode(pattern).rstrip(b"/") or b"/"
    found = expression(raw)
    if found is None:
        raise QueryError(
            f"path is {pattern!r}: a bracket is open, or a backslash ends it; a backslash before "
            "them takes both as they are"
        )
    deep = b"" if b"/" in raw else b"(?:[^/]+/)*"
    return b"(?:" + deep + b"(?:" + found + b")(?:/.*)?)"
