"""What may be done to the words of a question, as options name it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Literal, TypedDict, get_args

from omnisearch.errors import QueryError
from omnisearch.values import short

Way = Literal["words", "vectors", "neighbours"]  # of expanding
Expand = bool | Way | Sequence[Way]
Spelling = Literal["repair", "suggest", "off"]


class Reworded(TypedDict, total=False):
    """What a question says of its words."""

    expand: Expand
    spelling: Spelling


def ways(value: object, name: str) -> tuple[Way, ...]:
    """Take ways of expanding; True is the first, the only one that ever won anything."""
    every: tuple[Way, ...] = get_args(Way)
    if value is None or isinstance(value, bool):
        return every[:1] if value else ()
    some = [value] if isinstance(value, str) else value
    if not isinstance(some, Sequence):
        raise TypeError(f"{name} is {short(value)}: True, one of {', '.join(every)}, or a list")
    for one in some:
        if one not in every:
            near = get_close_matches(str(one), every, 1, 0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(every)}"
            raise QueryError(f"{name} is {short(one)}: {hint}")
    return tuple(dict.fromkeys(some))
