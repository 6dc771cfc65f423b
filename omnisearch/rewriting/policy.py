"""Policy files: rules as TOML, which an owner of a collection writes once for all questions."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from difflib import get_close_matches
from os import PathLike
from pathlib import Path
from typing import Any

from omnisearch.encoder.parts import Audio, Document, Image, Part, Text, Video
from omnisearch.errors import QueryError
from omnisearch.rewriting.rules import AT, EFFECTS, Effect, Rule
from omnisearch.values import short

_MOST = 1 << 20  # bytes: more is no policy
_MEDIA: Mapping[str, Callable[[Path], Part]] = {
    "image": Image,
    "audio": Audio,
    "video": Video,
    "document": Document,
}
_KNOWN = ("text", *_MEDIA, "at", "reason")
_EXAMPLE = '[[deny]] and below it text = "passports"'


def read_policy(path: str | PathLike[str]) -> list[Rule]:
    """Read the rules of a file; paths in it begin where it lies, and have to be there."""
    place = Path(path)
    text = _text(place)
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise QueryError(f"the policy {place} is no TOML: {error}") from error
    found: list[Rule] = []
    for name, tables in told.items():
        where = _Where(place, text, name)
        if name not in EFFECTS:
            raise where.fault(0, None, f"there is no {name!r}", f"rules are {_EXAMPLE}")
        if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
            raise where.fault(0, None, f"{name} is one of several", f"write [[{name}]]")
        for number, table in enumerate(tables):
            found += _rules(where, name, number, table)
    if not found:
        raise QueryError(f"the policy {place} has no rule: write {_EXAMPLE}")
    return found


def _text(place: Path) -> str:
    try:
        with place.open("rb") as file:
            raw = file.read(_MOST + 1)
        if len(raw) > _MOST:
            raise QueryError(f"the policy {place} has over {_MOST:,} bytes: give a file of rules")
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise QueryError(f"the policy {place} is no UTF-8 ({error.reason}): convert it") from error
    except OSError as error:
        fault = f"the policy {place} cannot be read ({error.strerror})"
        raise QueryError(f"{fault}: give a file of rules") from error


class _Where:
    """Places in a file, for messages."""

    def __init__(self, place: Path, text: str, name: str) -> None:
        self.place, self._lines, self._name = place, text.splitlines(), name

    def fault(self, number: int, key: str | None, fault: str, remedy: str) -> QueryError:
        """Say what is wrong, in which line and with which key."""
        told = self._name if key is None else f"{self._name}.{key}"
        line = self._line(number, key)
        at = f"{self.place}, line {line}" if line else str(self.place)
        return QueryError(f"the policy {at}, {told}: {fault}; {remedy}")

    def _line(self, number: int, key: str | None) -> int | None:
        """Find the line of a table, or of a key in it, as they are usually written."""
        name = re.escape(self._name)
        head = re.compile(rf"\s*\[\[?\s*[\"']?{name}[\"']?\s*\]|\s*[\"']?{name}[\"']?\s*=")
        begins = [at for at, line in enumerate(self._lines, 1) if head.match(line)]
        if number >= len(begins):
            return None
        if key is None:
            return begins[number]
        wanted = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]")
        for at, line in enumerate(self._lines[begins[number] :], begins[number] + 1):
            if line.lstrip().startswith("["):
                break
            if wanted.match(line):
                return at
        return begins[number]


def _rules(where: _Where, effect: Effect, number: int, table: dict[str, Any]) -> Iterator[Rule]:
    """Make a rule of each part of a table."""
    for key in table:
        if key not in _KNOWN:
            near = get_close_matches(key, _KNOWN, 1)
            remedy = f"did you mean {near[0]}?" if near else f"there are {', '.join(_KNOWN)}"
            raise where.fault(number, key, "nothing is known by that name", remedy)
    reason = table.get("reason", "")
    if not isinstance(reason, str):
        raise where.fault(number, "reason", f"{short(reason)} is no text", "put it in quotes")
    parts = [(key, one) for key in _KNOWN[:-2] if key in table for one in _listed(table[key])]
    if not parts:
        raise where.fault(number, None, "nothing is named", f"give one of {', '.join(_KNOWN[:-2])}")
    for key, one in parts:
        if not isinstance(one, str) or not one.strip():
            raise where.fault(number, key, f"{short(one)} is no text", "give words or a path")
        part = _part(where, number, key, one)
        try:
            rule = Rule(effect, part, at=table.get("at", AT), reason=reason)
        except (TypeError, ValueError) as error:
            raise where.fault(number, "at", str(error), f"leave it out for {AT}") from error
        yield rule


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _part(where: _Where, number: int, key: str, value: str) -> Part:
    """Make a part of words, or of a file, which is opened with a question and not before."""
    if key == "text":
        return Text(value)
    path = where.place.parent / value
    with suppress(OSError, RuntimeError, ValueError):  # too long, nobody's home, a NUL
        path = where.place.parent / Path(value).expanduser()
        if path.is_file():
            return _MEDIA[key](path)
    remedy = "a path begins where the policy lies: mend it, or leave it out"
    raise where.fault(number, key, f"there is no file {str(path)!r}", remedy)
