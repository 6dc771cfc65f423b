"""What a question in a line of JSON may say of a part or a vector, checked before one is made."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import NamedTuple

from omnisearch_cli import output

SOURCE = "source"
_SHORT = 60  # characters of a value that are shown


class _Field(NamedTuple):
    """A name, the test of its values, and what they are called."""

    name: str
    fits: Callable[[object], bool]
    told: str


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number of hundreds of digits
        return False


def _is_box(value: object) -> bool:
    return isinstance(value, list) and len(value) == 4 and all(map(_is_number, value))


def _is_page(value: object) -> bool:
    return type(value) is int and value > 0


def _is_text(value: object) -> bool:
    return isinstance(value, str)


_WEIGHT = _Field("weight", _is_number, "a number")
_TIMES = (
    _Field("from_s", _is_number, "a number of seconds"),
    _Field("to_s", _is_number, "a number of seconds"),
)
_OF: Mapping[str, tuple[_Field, ...]] = {
    "text": (_WEIGHT,),
    "image": (_WEIGHT, _Field("box", _is_box, "[x, y, w, h] as fractions of the picture")),
    "audio": (_WEIGHT, *_TIMES),
    "video": (_WEIGHT, *_TIMES, _Field("sound", _is_text, "the name of a file")),
    "document": (
        _WEIGHT,
        _Field("page", _is_page, "a whole number from 1 on"),
        _Field("words", _is_text, "a string"),
    ),
}


def of_part(kind: str, told: Mapping[str, object]) -> dict[str, object]:
    """Take what is said of a part of some kind beside its source; null says nothing."""
    known, found = {one.name: one for one in _OF[kind]}, dict[str, object]()
    for name, value in told.items():
        if name == SOURCE:
            continue
        field = known.get(name)
        if field is None:
            near = get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"it takes {', '.join(known)}"
            raise ValueError(f"{kind} has no {name!r}: {hint}")
        if value is not None:
            if not field.fits(value):
                raise ValueError(f"{name} of {kind} is {shown(value)}: give {field.told}")
            found[name] = tuple(value) if isinstance(value, list) else value
    return found


def vector(value: object) -> object:
    """Take the vector that is asked with; null is none."""
    if value is not None and not (isinstance(value, list) and all(map(_is_number, value))):
        raise ValueError(f"vector is {shown(value)}: give a list of numbers, as [0.1, 0.2]")
    return value


def params(value: object) -> object:
    """Take the values that a condition names; null is none."""
    if value is not None and not isinstance(value, dict):
        raise ValueError(f"params is {shown(value)}: give an object with what where names")
    return value


def strings(name: str, value: object) -> object:
    """Take a string or a list of them; null is none."""
    listed = value if isinstance(value, list) else [value]
    if value is not None and not all(isinstance(one, str) for one in listed):
        raise ValueError(f"{name} is {shown(value)}: give a string or a list of strings")
    return value


def shown(value: object) -> str:
    """Write a value as JSON, cut short."""
    return output.cut_right(json.dumps(value, ensure_ascii=False), _SHORT)
