"""What a decoder tells, checked before anything is made of it: it may have been taken over.

Facts that are no facts are left out; a segment that is none ends the file.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from omnisearch import moments
from omnisearch.errors import DecoderError
from omnisearch.ingest.drafts import Span
from omnisearch.media.pool.piece import Piece
from omnisearch.records import Modality, View, span_of
from omnisearch.schema import OURS
from omnisearch.values import Kind

_MODALITIES: frozenset[str] = frozenset(get_args(Modality))
_VIEWS: Mapping[str, tuple[View, ...]] = {
    "content": ("content",),
    "words": ("words",),
    "both": ("content", "words"),
}
_FACTS = ("image.", "audio.", "video.", "doc.")  # what a decoder may know
_LONGEST = 10_000  # code points of a fact
_LONGEST_NOTE, _MOST_NOTES = 200, 4
_INTEGERS = range(-(2**63), 2**63)
_NEEDED = {"image": "image", "document": "image", "video": "frames", "audio": "sound"}


@dataclass(frozen=True, slots=True)
class ItemTold:
    """A file as a whole."""

    modality: Modality
    type: str
    columns: Mapping[str, Any]
    truncated: bool
    notes: tuple[str, ...] = ()  # for a person: a guessed encoding, a name that misleads


@dataclass(frozen=True, slots=True)
class SegmentTold:
    """A part of it; `arrays` are what it looks and sounds like."""

    modality: Modality
    views: tuple[View, ...]
    span: Span
    words: str | None
    look: int | None
    arrays: Mapping[str, Any]

    @property
    def bytes(self) -> int:
        """Count what it takes in memory."""
        said = 0 if self.words is None else 4 * len(self.words)
        return said + sum(int(one.nbytes) for one in self.arrays.values())


@dataclass(frozen=True, slots=True)
class EndTold:
    """How it ended, and facts that were not known before."""

    truncated: bool
    columns: Mapping[str, Any] = field(default_factory=dict)
    damaged: bool = False


Told = ItemTold | SegmentTold | EndTold


def read(pieces: Iterator[Piece]) -> Iterator[Told]:
    """Read an item, its segments and its end, in that order."""
    first = next(pieces, None)
    if first is None or first.fields.get("what") != "item":
        raise DecoderError("the decoder did not say what the file is")
    yield _item(first.fields)
    for piece in pieces:
        if piece.fields.get("what") == "end":
            told = facts(piece.fields.get("columns"))
            fields = piece.fields
            yield EndTold(bool(fields.get("truncated")), told, bool(fields.get("damaged")))
            if next(pieces, None) is not None:
                raise DecoderError("the decoder went on after the end of the file")
            return
        yield _segment(piece)
    raise DecoderError("the decoder stopped before the end of the file")


def _item(fields: Mapping[str, Any]) -> ItemTold:
    name = text(fields.get("type"))[:100]
    modality = _one_of(fields.get("modality"), _MODALITIES)
    told = facts(fields.get("columns"))
    cut = bool(fields.get("truncated"))
    return ItemTold(modality, name, told, cut, _notes(fields.get("notes")))  # type: ignore[arg-type]


def _notes(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(text(note)[:_LONGEST_NOTE] for note in value[:_MOST_NOTES])


def _segment(piece: Piece) -> SegmentTold:
    fields = piece.fields
    modality = _one_of(fields.get("modality"), _MODALITIES)
    views = _VIEWS[_one_of(fields.get("view"), _VIEWS)]
    words = fields.get("words")
    said = None if words is None else text(words)
    look = fields.get("look")
    if look is not None and (type(look) is not int or look not in _INTEGERS):
        raise DecoderError(f"the decoder gave {look!r:.40} as the look of a picture")
    if "content" in views and _NEEDED.get(modality, "") not in ("", *piece.arrays):
        raise DecoderError(f"the decoder gave {modality} without {_NEEDED[modality]}")
    if "words" in views and not (said or "").strip():
        raise DecoderError("the decoder gave words without a word")
    span = _span(fields.get("span"))
    return SegmentTold(modality, views, span, said or None, look, piece.arrays)  # type: ignore[arg-type]


def _one_of(value: object, known: object) -> str:
    if not isinstance(value, str) or value not in known:  # type: ignore[operator]
        raise DecoderError(f"the decoder said {value!r:.40}, which means nothing")
    return value


def _span(value: object) -> Span:
    if value is None:
        return None
    try:
        return span_of(value).as_json()  # type: ignore[arg-type]
    except (ValueError, TypeError) as error:
        raise DecoderError(f"the decoder gave a place that is none ({error})") from error


def text(value: object) -> str:
    """Take a text; halves of characters, which no file can hold, are replaced."""
    if not isinstance(value, str):
        raise DecoderError(f"the decoder gave {value!r:.40} as a text")
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def facts(columns: object) -> dict[str, Any]:
    """Take the facts of a file that are of the kind that their column has."""
    if not isinstance(columns, Mapping):
        return {}
    found = {
        name: _fact(value, OURS[name])
        for name, value in columns.items()
        if isinstance(name, str) and name.startswith(_FACTS) and name in OURS
    }
    return {name: value for name, value in found.items() if value is not None}


def _fact(value: object, kind: Kind) -> Any:  # noqa: ANN401
    if isinstance(value, bool):
        return None
    match kind, value:
        case "string", str():
            return text(value).strip()[:_LONGEST] or None
        case "int", int() if value in _INTEGERS:
            return value
        case "float", int() | float() if math.isfinite(value):
            return float(value)
        case "timestamp", int() if value in _INTEGERS:
            try:
                return moments.moment(value)
            except (OverflowError, ValueError, OSError):
                return None
    return None
