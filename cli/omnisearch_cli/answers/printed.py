"""Hits in the form that was asked for, as bytes ready to be written."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

import omnisearch as om
from omnisearch_cli import output
from omnisearch_cli.answers import places, table
from omnisearch_cli.answers.screen import Screen

Form = Literal["table", "json", "paths", "paths0"]


def printed(
    hits: om.Hits | Sequence[om.Hit],
    form: Form,
    screen: Screen,
    first: int = 1,
    draw: table.Draw | None = None,
) -> Iterator[bytes]:
    """Give the lines of an answer; `first` is the number of its first hit."""
    if form == "json":
        beside = noted(hits) if isinstance(hits, om.Hits) else {}
        yield from (output.json_line({**hit.as_json(), **beside}) for hit in hits)
    elif form == "table":
        lines = table.lines(hits, screen, first, draw)
        yield from (f"{line}\n".encode(screen.encoding, "backslashreplace") for line in lines)
    else:
        end = b"\n" if form == "paths" else b"\0"
        yield from (_harmless(path, screen) + end for path in paths(hits))


def noted(hits: om.Hits) -> dict[str, Any]:
    """Give what each line of JSON says of the whole answer: of its words, and what is withheld."""
    route = [one.as_json() for one in hits.route]
    told = {"route": route, "spelling": hits.spelling, "withheld": hits.withheld}
    return {name: value for name, value in told.items() if value}


def paths(hits: Iterable[om.Hit]) -> Iterator[bytes]:
    """Give the file of each hit as its bytes are, once; what belongs to no file has none."""
    found = (places.path_of(hit.uri) for hit in hits)
    return iter(dict.fromkeys(path for path in found if path is not None))


def without_file(hits: Iterable[om.Hit]) -> int:
    """Count the hits that have no path to be printed."""
    return sum(places.path_of(hit.uri) is None for hit in hits)


def _harmless(path: bytes, screen: Screen) -> bytes:
    """Give the bytes of a path as they are; on a terminal without what it would obey."""
    if not screen.terminal:
        return path
    return output.escape(os.fsdecode(path)).encode(screen.encoding, "backslashreplace")
