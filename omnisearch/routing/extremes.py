"""Extremes: "the longest recording", "newest note", "the order with the most crates"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from omnisearch.query.preferring import Order
from omnisearch.records import Modality
from omnisearch.routing.columns import pattern_of
from omnisearch.routing.finding import Finding
from omnisearch.routing.known import Known
from omnisearch.routing.question import Question
from omnisearch.routing.vocabulary import COUNT, EXTREMES, FILE, kinds_named, number_named

_LENGTHS: Final[Mapping[str | None, tuple[str, ...]]] = {
    "audio": ("audio.seconds",),
    "video": ("video.seconds",),
    "document": ("doc.pages",),
}
_SIZES: Final[Mapping[str | None, tuple[str, ...]]] = {
    "image": ("image.width", "image.height"),
    "video": ("video.width", "video.height"),
}

Kinds = tuple[Modality, ...]


def _words(measure: str) -> str:
    most, least = EXTREMES[measure]
    return f"(?:(?P<most>{most})|(?P<least>{least}))"


_AGES: Final = "date", "length", "size"
_AHEAD: Final = {
    name: re.compile(
        rf"(?<![\w~])(?:the\s+)?(?:(?P<count>{COUNT})\s+)?{_words(name)}\s+(?:[\w'-]+\s+){{0,2}}?"
        rf"(?P<noun>{FILE})(?![\w~])"
    )
    for name in _AGES
}
_BEHIND: Final = {
    name: re.compile(
        rf"(?<![\w~])(?P<noun>{FILE})(?:[\s,:]+[\w'-]+){{0,6}}?[\s,:]+"
        rf"{_words(name)}(?:\s+first)?(?=\s*[?.!]*$)"
    )
    for name in _AGES
}


def extremes(asked: Question, known: Known) -> Iterator[Finding]:
    """Find what answers are to be ordered by: a column of the user first, for it is named."""
    found = [*_of_numbers(asked, known)] or [*_of_files(asked, known)]
    yield from found[:1]


def _of_numbers(asked: Question, known: Known) -> Iterator[Finding]:
    for column in known.counted:
        name = pattern_of(column)
        form = rf"(?<![\w~]){_words('number')}\s+(?:number\s+of\s+|in\s+)?{name}(?![\w~])"
        for match in re.finditer(form, asked.plain):
            order = Order((column,), largest=match["most"] is not None)
            yield Finding("extremes", *match.span(), _told(order), order=order, spent=True)


def _of_files(asked: Question, known: Known) -> Iterator[Finding]:
    for forms in (_AHEAD, _BEHIND):
        for name, form in forms.items():
            for match in form.finditer(asked.plain):
                kinds = kinds_named(match["noun"])
                columns = _columns(name, kinds, known)
                if not columns:
                    continue
                order = Order(columns, largest=match["most"] is not None)
                yield _finding(match, order, kinds)


def _finding(match: re.Match[str], order: Order, kinds: Kinds) -> Finding:
    """Say what is ordered, and of which kind."""
    most = "most" if match["most"] is not None else "least"
    changes: dict[str, object] = {"modality": list(kinds)} if kinds else {}
    if count := match.groupdict().get("count"):
        changes["k"] = number_named(count)
    if match.start("noun") < match.start(most):
        place = match.start(most), match.end()
    else:
        place = match.start(), match.end(most)
    return Finding("extremes", *place, _told(order), changes, order=order, spent=True)


def _columns(measure: str, kinds: Kinds, known: Known) -> tuple[str, ...]:
    kind = kinds[0] if len(kinds) == 1 else None
    if measure == "date":
        wanted: tuple[str, ...] = (known.dates,) if known.dates else ()
    elif measure == "length":
        wanted = _LENGTHS.get(kind, ("file.bytes",))
    else:
        wanted = _SIZES.get(kind, ("file.bytes",))
    return wanted if all(name in known.columns for name in wanted) else ()


def _told(order: Order) -> str:
    return f"{' x '.join(order.columns)}, the {'largest' if order.largest else 'smallest'} first"
