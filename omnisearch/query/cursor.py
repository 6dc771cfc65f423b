"""Where a list of hits goes on: a state of the collection, an offset, and for which question."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from weakref import WeakValueDictionary, ref

import xxhash

from omnisearch.errors import QueryError
from omnisearch.query.asked import Asked
from omnisearch.query.options import Wish
from omnisearch.storage.generation import Generation
from omnisearch.values import short

_WITHOUT = ".u"  # the list began without the reranker that was asked for
_OPEN = "t"  # behind the number: a state of a transaction
_STATE = rf"\d{{1,18}}(?:{_OPEN}[0-9a-f]{{8}})?"
_LEARNT = "c"  # behind the state: the number of what its confidences go by
_FORM = re.compile(
    rf"({_STATE})(?:{_LEARNT}(\d{{1,18}}))?\.(\d{{1,18}})\.([0-9a-f]{{16}})(?:\.u)?", re.ASCII
)
_PAGING = Wish()


class States:
    """The states that somebody holds hits of, by the names that cursors have for them.

    The name of a committed state is its number, in every process. A transaction has many states
    of one number and may be taken back, so each has a name that nobody else knows or gives again.
    """

    def __init__(self) -> None:
        self._held = WeakValueDictionary[str, Generation]()
        self._open: tuple[ref[Generation], str] | None = None

    def name(self, now: Generation, *, acknowledged: bool) -> str:
        """Name a state, and find it by its name while somebody holds it."""
        name = str(now.number) if acknowledged else self._of_transaction(now)
        self._held.setdefault(name, now)  # compaction lays the same state out anew
        return name

    def _of_transaction(self, now: Generation) -> str:
        known = self._open
        if known is None or known[0]() is not now:
            self._open = known = ref(now), f"{now.number}{_OPEN}{secrets.token_hex(4)}"
        return known[1]

    def of(self, cursor: str, now: Generation) -> tuple[Generation, str]:
        """Find the state that a cursor goes on in, with its name; `now` is the newest."""
        name = _read(cursor)[1]
        found = self._held.get(name)
        if found is None:
            number, was_open, _ = name.partition(_OPEN)
            seen = " as a transaction saw it" if was_open else ""
            raise QueryError(
                f"the cursor is of generation {number}{seen}, which is gone: the collection is at "
                f"{now.number}. Ask again without a cursor"
            )
        return found, name


def make(now: Generation, asked: Asked, wish: Wish, *, without: bool = False) -> str:
    """Write the cursor of what follows the hits of a question, perhaps `without` its reranker."""
    end = _WITHOUT if without else ""
    return f"{asked.state or now.number}.{wish.reach}.{_digest(asked, wish)}{end}"


def is_without(cursor: str | None) -> bool:
    """Tell whether the list of a cursor began without the reranker that was asked for."""
    return cursor is not None and cursor.endswith(_WITHOUT)


def offset(cursor: str, asked: Asked, wish: Wish) -> int:
    """Tell where a cursor goes on, if it is of the same question."""
    match = _read(cursor)
    if match[4] != _digest(asked, wish):
        raise QueryError(
            "the cursor is of another question or of other options: ask with those that it was "
            "given for (k may differ), or without a cursor"
        )
    return int(match[3])


def learnt(cursor: str | None) -> int | None:
    """Tell by which number a cursor has what confidences go by; None where it has none."""
    number = None if cursor is None else _read(cursor)[2]
    return None if number is None else int(number)


def stated(state: str, learnt: int | None) -> str:
    """Name a state, and what confidences go by in it, for cursors."""
    return state if learnt is None else f"{state}{_LEARNT}{learnt}"


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
