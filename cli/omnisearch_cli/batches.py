"""Many questions, one a line: words as a JSON string, or parts and options as a JSON object."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import omnisearch as om
from omnisearch_cli import fields, lines, output, reranking
from omnisearch_cli.answers import printed
from omnisearch_cli.answers.screen import Screen

_PARTS: Mapping[str, Callable[..., Any]] = {
    "text": om.Text,
    "image": om.Image,
    "audio": om.Audio,
    "video": om.Video,
    "document": om.Document,
}
_CHECKED: Mapping[str, Callable[[object], object]] = {
    "vector": fields.vector,
    "params": fields.params,
}
_KNOWN = (
    *_PARTS,
    *"like more less vector k modality where params path after before mode combine fuse".split(),
    *"min_confidence min_score group_by collapse diverse follow route today expand".split(),
    *"spelling deny allow offset recall".split(),
    *reranking.NAMES,
)
_SHORT = 60  # characters of a question that are shown above its answer


def named(file: str, number: int | None = None) -> str:
    """Name a file in a message, or a question in it: by its line, and as answers number it."""
    return lines.named(file) if number is None else _place(file, number + 1)


def _place(file: str, line: int) -> str:
    return f"{lines.named(file, line)} (query {line - 1})"


def questions(file: str) -> Iterator[tuple[int, dict[str, Any] | Exception]]:
    """Give each question with its number, from 0, or what is wrong with its line."""
    for number, line in enumerate(lines.whole(file, _place)):
        if isinstance(line, str) and not line.strip():
            continue
        if isinstance(line, Exception):
            yield number, line
            continue
        try:
            yield number, _question(_parsed(line))
        except (ValueError, TypeError, RecursionError) as error:
            yield number, om.errors.QueryError(f"{named(file, number)}: {error}")


class _TwiceError(ValueError):
    """A key that stands twice in an object; JSON takes the last, and nobody hears of the first."""


def _parsed(line: str) -> object:
    try:
        return json.loads(line, object_pairs_hook=_object)
    except _TwiceError:
        raise
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f'this is no JSON ({error}): write "words" in double quotes, or {{"image": "a.jpg"}}'
        ) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object, each key of which stands in it once."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            told = " and ".join(fields.shown(one) for one in (found[name], value))
            raise _TwiceError(f"{name} has {told}: give it once")
        found[name] = value
    return found


def _question(told: object) -> dict[str, Any]:
    if isinstance(told, str):
        return {"parts": [om.Text(told)]}
    if not isinstance(told, dict):
        raise ValueError('a question is a JSON string, or an object such as {"text": "a dog"}')
    found: dict[str, Any] = {"parts": []}
    for name, value in told.items():
        if name in _PARTS:
            listed = value if isinstance(value, list) else [value]
            found["parts"] += [_part(name, one) for one in listed]
        elif name in ("deny", "allow"):
            found[name] = fields.strings(name, value)
        elif name in _CHECKED:
            found[name] = _CHECKED[name](value)
        elif name in _KNOWN:
            found[name] = value
        else:
            near = get_close_matches(str(name), _KNOWN, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(_KNOWN)}"
            raise ValueError(f"a question has no {name!r}: {hint}")
    return found


def _part(name: str, value: object) -> Any:  # noqa: ANN401
    """Make a part of words or a path, perhaps with its weight and the piece that is meant."""
    if isinstance(value, str):
        return _PARTS[name](value)
    if not isinstance(value, dict) or not isinstance(value.get(fields.SOURCE), str):
        raise ValueError(
            f'{name} is a string, or an object such as {{"{fields.SOURCE}": …, "weight": 2}}'
        )
    return _PARTS[name](value[fields.SOURCE], **fields.of_part(name, value))


def show(
    number: int,
    question: Mapping[str, Any],
    hits: om.Hits,
    form: printed.Form,
    screen: Screen,
) -> None:
    """Print an answer: each line of JSON with the number of its question, from 0, in front."""
    if form == "json":
        for hit in hits:
            output.line({"query": number, **hit.as_json(), **printed.noted(hits)})
        return
    if form == "table":
        output.result(f"{number}: {_told(question)}")
    for line in printed.printed(hits, form, screen):
        output.write(line)


def _told(question: Mapping[str, Any]) -> str:
    """Tell what was asked, in few words."""
    named = [str(one.text if isinstance(one, om.Text) else one.source) for one in question["parts"]]
    told = " + ".join(
        [*named, *(f"{key}={question[key]}" for key in ("like", "more") if key in question)]
    )
    return output.cut_right(told, _SHORT)
