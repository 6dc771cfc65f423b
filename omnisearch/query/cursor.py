"""Where a list of hits goes on: a generation, an offset, and for which question."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import xxhash

from omnisearch.errors import QueryError
from omnisearch.query.asked import Asked
from omnisearch.query.options import Wish
from omnisearch.storage.generation import Generation
from omnisearch.values import short

_WITHOUT = ".u"  # the list began without the reranker that was asked for
_FORM = re.compile(r"(\d{1,18})\.(\d{1,18})\.([0-9a-f]{16})(?:\.u)?", re.ASCII)
_PAGING = Wish()


def make(now: Generation, asked: Asked, wish: Wish, *, without: bool = False) -> str:
    """Write the cursor of what follows the hits of a question, perhaps `without` its reranker."""
    end = _WITHOUT if without else ""
    return f"{now.number}.{wish.reach}.{_digest(asked, wish)}{end}"


def is_without(cursor: str | None) -> bool:
    """Tell whether the list of a cursor began without the reranker that was asked for."""
    return cursor is not None and cursor.endswith(_WITHOUT)


def generation(cursor: str, now: Generation, held: Mapping[int, Generation]) -> Generation:
    """Find the generation that a cursor goes on in."""
    number = int(_read(cursor)[1])
    if number == now.number:
        return now
    found = held.get(number)
    if found is None:
        raise QueryError(
            f"the cursor is of generation {number}, which is gone: the collection is at "
            f"{now.number}. Ask again without a cursor"
        )
    return found


def offset(cursor: str, asked: Asked, wish: Wish) -> int:
    """Tell where a cursor goes on, if it is of the same question."""
    match = _read(cursor)
    if match[3] != _digest(asked, wish):
        raise QueryError(
            "the cursor is of another question or of other options: ask with those that it was "
            "given for (k may differ), or without a cursor"
        )
    return int(match[2])


def _read(cursor: str) -> re.Match[str]:
    match = _FORM.fullmatch(cursor)
    if match is None:
        raise QueryError(f"cursor {short(cursor)} is none: take `cursor` of the hits before")
    return match


def _digest(asked: Asked, wish: Wish) -> str:
    """Hash all that decides what is found, and not which page of it."""
    same = replace(
        wish,
        k=_PAGING.k,
        offset=0,
        cursor=None,
        explain=False,
        rerank_deadline=_PAGING.rerank_deadline,
    )
    screens = [(one.deny, one.at, one.asked.words) for one in asked.references]
    said = repr((same, asked.modality, asked.words, sorted(asked.leave_out), asked.also, screens))
    digest = xxhash.xxh3_64(said.encode("utf-8", "surrogatepass"))
    for one in (asked, *(reference.asked for reference in asked.references)):
        digest.update(one.vectors.tobytes() + one.weights.tobytes())
    return digest.hexdigest()
