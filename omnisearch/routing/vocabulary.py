"""The words that rules know, as expressions; they stand in words.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from importlib.resources import files
from typing import Any, Final

from omnisearch.records import Modality

_TOLD: Final[dict[str, Any]] = tomllib.loads(
    files("omnisearch.routing").joinpath("words.toml").read_text("utf-8")
)
EXTREMES: Final[dict[str, list[str]]] = _TOLD["extremes"]
LITTLE: Final = frozenset(_TOLD["little"]["words"])
PEOPLE: Final = frozenset(_TOLD["people"]["columns"])
NUMBERS: Final = {
    name: number
    for number, name in enumerate("one two three four five six seven eight nine ten".split(), 1)
}
_KIND_OF: Final[dict[str, tuple[Modality, ...]]] = {
    name: tuple(one["is"]) for one in _TOLD["kinds"] for name in one["called"]
}


def any_of(words: Iterable[str]) -> str:
    """Give an expression for one of some words, perhaps in the plural; the longest first."""
    ordered = sorted(words, key=len, reverse=True)
    return "(?:" + "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in ordered) + ")s?"


KIND: Final = any_of(_KIND_OF)
KIND_ALONE: Final = re.compile(rf"(?<!\w){KIND}(?!\w)", re.IGNORECASE)
FILE: Final = any_of([*_KIND_OF, *_TOLD["files"]["any"]])
DONE: Final = "(?:" + "|".join(_TOLD["verbs"]["done"]) + ")"
COUNT: Final = r"(?:[1-9]\d?|" + "|".join(NUMBERS) + ")"


def kinds_named(noun: str) -> tuple[Modality, ...]:
    """Tell which modalities a noun names, in the singular or plural; none of many."""
    name = " ".join(noun.split())
    return _KIND_OF.get(name) or _KIND_OF.get(name.removesuffix("s"), ())


def number_named(word: str) -> int | None:
    """Read a small number."""
    return int(word) if word.isdecimal() else NUMBERS.get(word)
