"""Two encoders of one collection, asked the same: before a change is made, or after it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_to_bytes

from omnisearch.collection import Collection
from omnisearch.encoder.parts import PARTS
from omnisearch.errors import (
    InputError,
    MediaError,
    PartError,
    QueryError,
    SpaceMismatchError,
)
from omnisearch.evaluation.answers import FIRST, Asked, Compared, compared
from omnisearch.ingest.jsonl import JsonRows
from omnisearch.ingest.places import place_of
from omnisearch.questions import Asks
from omnisearch.storage import handle, switching
from omnisearch.successor import opened

if TYPE_CHECKING:
    from omnisearch.encoder.encoder import Encoder
    from omnisearch.storage.generation import Generation
    from omnisearch.storage.ledger import Ledger

_PARTS = ("text", "image", "audio", "video", "document", "like", "more", "less")
_MADE: Mapping[str, type[Any]] = {kind.modality: kind for kind in PARTS}  # type: ignore[attr-defined]
_RELEVANT, _SOURCE = "relevant", "source"
_FIXED = ("vector", "k", "cursor", "offset", "explain", "group_by")  # these are ours to say
_OPTIONS = tuple(name for name in Asks.__annotations__ if name not in (*_PARTS, *_FIXED))
_KNOWN = (*_PARTS, _RELEVANT, *_OPTIONS)
_LINES = 256
ALL = "all"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two spaces answered to the same questions, by the kinds of these, and in all."""

    before: str
    after: str
    kinds: Mapping[str, Compared]


class _Question(NamedTuple):
    """A question, its place in messages, and the items that are right."""

    where: str
    asked: Mapping[str, Any]
    relevant: frozenset[str]

    @property
    def kind(self) -> str:
        return "+".join(name for name in _PARTS if name in self.asked)


def compare_encoders(
    collection: Collection | str | Path,
    questions: str | Path | Sequence[str | Mapping[str, Any]],
    *,
    encoder: Encoder | None = None,
) -> Comparison:
    """Ask the encoder that answers and the one that waits, or the one before, the same questions.

    Each is a dict of what `query` takes, or a line of a JSON Lines file; `relevant` lists ids or
    URIs of what is right. `encoder` is one of the two, where its name does not load it.
    """
    with opened(collection, encoder) as col:
        store = col._handle.need()
        known = switching.spaces(store.root)
        other = known.next or known.previous
        if other is None:
            fault = f"{col.path} has one encoder only"
            raise InputError(f"{fault}: `reencode` with build-only puts another beside it")
        asked = list(_questions(questions, store.reading(), store.read_ledger()))
        if not asked:
            raise InputError("there are no questions: give one at least")
        given = encoder if encoder is not None and str(encoder.space) == other.space else None
        if encoder is not None and given is None and str(encoder.space) != _space(col):
            told = f"{encoder.space} is neither {_space(col)} nor {other.space}"
            raise SpaceMismatchError(f"{told}: give one of these, or leave encoder out")
        opening = handle.Options(create=False, writable=False)
        with Collection(other.path, opening, given) as beside:
            old, new = (col, beside) if known.next is not None else (beside, col)
            answers = [_answers(one, old, new) for one in asked]
            names = _space(old), _space(new)
    kinds = {kind: [one for one in answers if one.kind == kind] for kind in _kinds(answers)}
    kinds = kinds if len(kinds) == 1 else {**kinds, ALL: answers}
    return Comparison(*names, {kind: compared(some) for kind, some in kinds.items()})


def _space(col: Collection) -> str:
    return col._handle.need().reading().sealed.manifest.space


def _kinds(answers: Sequence[Asked]) -> list[str]:
    return list(dict.fromkeys(one.kind for one in answers))


def _answers(question: _Question, old: Collection, new: Collection) -> Asked:
    try:
        before, after = (
            tuple(hit.item for hit in col.query(**{**question.asked}, k=FIRST))
            for col in (old, new)
        )
    except (QueryError, PartError, MediaError, TypeError, ValueError) as error:
        raise QueryError(f"{question.where}: {error}") from error
    return Asked(question.kind, before, after, question.relevant)


def _questions(
    given: str | Path | Sequence[str | Mapping[str, Any]], now: Generation, ledger: Ledger
) -> Iterator[_Question]:
    if not isinstance(given, str | Path):
        for number, told in enumerate(given):
            yield _question(f"question {number}", told, now, ledger)
        return
    path = Path(given)
    if not path.is_file():
        raise InputError(f"{path} is no file: name one with a question a line, as JSON")
    for chunk in JsonRows(path).chunks(_LINES):
        for number, line in zip(chunk.numbers, chunk.lines, strict=True):
            yield _question(f"{path}: line {number:,}", line, now, ledger)


def _question(where: str, told: object, now: Generation, ledger: Ledger) -> _Question:
    if isinstance(told, str):
        told = {"text": told}
    if not isinstance(told, Mapping):
        raise InputError(f'{where}: a question is an object, such as {{"text": "a dog"}}')
    for name in told:
        if name not in _KNOWN:
            near = get_close_matches(str(name), _KNOWN, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(_KNOWN)}"
            raise InputError(f"{where}: a question has no {name!r} here: {hint}")
    if not any(name in told for name in _PARTS):
        raise InputError(f"{where}: none of {', '.join(_PARTS)} is there: nothing is asked")
    relevant = told.get(_RELEVANT, [])
    if not isinstance(relevant, Sequence) or isinstance(relevant, str):
        raise InputError(f"{where}: {_RELEVANT!r} is {relevant!r}: a list of ids or URIs")
    right = frozenset(_item(where, one, now, ledger) for one in relevant)
    asked = {name: value for name, value in told.items() if name != _RELEVANT}
    for name in _MADE.keys() & asked.keys():
        asked[name] = _parts(where, name, asked[name])
    return _Question(where, asked, right)


def _parts(where: str, name: str, told: object) -> object:
    """Make parts of objects such as {"source": "a.jpg", "weight": 2}; others stay as they are."""
    if isinstance(told, list):
        return [_parts(where, name, one) for one in told]
    if not isinstance(told, Mapping):
        return told
    options = {key: tuple(value) if key == "box" else value for key, value in told.items()}
    try:
        return _MADE[name](options.pop(_SOURCE, None), **options)
    except (TypeError, ValueError) as error:
        raise InputError(f"{where}: {name!r}: {error}") from error


def _item(where: str, told: object, now: Generation, ledger: Ledger) -> str:
    """Give the item that an id, a URI or an absolute path means."""
    if isinstance(told, str) and told:
        if told in now.items:
            return told
        found = now.named([told])[0]
        if len(found):
            cells, row = now.locate(int(found[0]))
            name, item, *_ = cells.head(row)
            return str(item or name)
        if (place := _place(told, ledger)) is not None and (item := now.items.of_location(place)):
            return item
    raise InputError(f"{where}: {_RELEVANT!r} has {told!r}, which is no id and no file stored here")


def _place(told: str, ledger: Ledger) -> str | None:
    """Find a file that was taken in by its URI, or by a path from here."""
    named = unquote_to_bytes(told[7:]) if told.startswith("file:///") else os.fsencode(told)
    if b"\0" in named:
        return None
    found = place_of(os.path.abspath(named), ledger.roots)  # noqa: PTH100 - bytes
    return None if found is None else str(found)
