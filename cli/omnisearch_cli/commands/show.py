"""`omnisearch show`: everything about one answer."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import click

import omnisearch as om
from omnisearch_cli import discovery, output, settings
from omnisearch_cli.answers import chosen, moment, places, table
from omnisearch_cli.answers.excerpt import excerpt
from omnisearch_cli.thumbnails import drawing

EXAMPLES = """\b
Examples:
  omnisearch show 3
  omnisearch show 3 --json
  omnisearch show 3 --thumbnails auto
  omnisearch show 22a8f8269bd58a3888ea587c8035f29d
"""
_LEAST = 30  # columns for a text, however narrow the terminal is
_HERE = ">"
_SINCE = {
    "there": "",
    "changed": "  (it has changed since it was taken in)",
    "gone": "  (it is gone since it was taken in)",
}
_INSIDE = ("file.locations", "file.extractor")  # columns of no use to a person


@click.command("show", epilog=EXAMPLES)
@click.argument("name", metavar="N|ID")
@click.option("--id", "is_id", is_flag=True, help="N is an id, though it is a number.")
@drawing.option
@settings.index
@settings.json
def command(name: str, is_id: bool, thumbnails: str, index: Path | None, json: bool | None) -> None:
    """Show everything about an answer: where it is, what it says, what stands around it.

    N is the number of a hit of your last query here; an ID is one of a hit or of an item.
    """
    path = discovery.for_reading(index)
    with om.open(path, create=False, mode="r") as col:
        found = chosen.details(col, name, is_id=is_id)
    if output.wants_json(json):
        output.line(as_json(found))
        return
    room = max(shutil.get_terminal_size().columns, _LEAST)
    for line in told(found, room):
        output.result(line)
    with drawing.drawing(thumbnails, drawing.HIGH) as draw:
        if draw is not None and (picture := draw(found.hit, 0)) is not None:
            output.write(f"\n{picture}\n".encode())


def as_json(found: om.Details) -> dict[str, object]:
    """Give the hit as a query prints it, and what is known beyond."""
    more = {"words": found.words, "views": list(found.views), "segments": found.segments}
    around = {"before": found.before, "after": found.after}
    return {
        **found.hit.as_json(),
        **more,
        "file_states": om.file_states(found.hit),
        **{name: [_neighbour(one) for one in some] for name, some in around.items()},
    }


def _neighbour(one: om.Record) -> dict[str, object]:
    span = None if one.span is None else one.span.as_json()
    return {"id": one.id.removesuffix("~words"), "span": span, "words": one.words}


def told(found: om.Details, room: int) -> Iterator[str]:
    """Say it for a person."""
    hit = found.hit
    yield from _facts(_where(found), room)
    if found.words and not _is_named(found):
        yield ""
        yield from _said(found.words, room)
    if hit.metadata.keys() - set(_INSIDE):
        yield ""
        yield from _facts(
            {
                key: _value(key, value)
                for key, value in sorted(hit.metadata.items())
                if key not in _INSIDE
            },
            room,
        )
    if found.before or found.after:
        yield ""
        yield f"{found.segments:,} segments in this item; around this one:"
        yield from _around(found, room)


def _is_named(found: om.Details) -> bool:
    """Tell whether the words are those of the name or title: of a medium that says nothing."""
    return found.hit.modality in ("image", "audio", "video") and "words" not in found.views


def _good(hit: om.Hit) -> dict[str, str]:
    """Say how good an answer it was, where that is known."""
    if hit.score is None and hit.confidence is None:
        return {}
    parts = ", ".join(f"{name} {value:.2f}" for name, value in hit.parts.items())
    score = f"{table.scored(hit.score)}{f' ({parts})' if parts else ''}"
    known = {} if hit.confidence is None else {"sure": table.sure(hit.confidence)}
    return {**known, "score": score}


def _value(key: str, value: object) -> str:
    """Write a value of a column; a time to the minute, numbers in groups where they count bytes."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, int) and not isinstance(value, bool) and key != "file.bytes":
        return str(value)
    return output.short(value)


def _where(found: om.Details) -> dict[str, str]:
    hit = found.hit
    pairs = zip(hit.locations, om.file_states(hit), strict=True)
    files = {
        f"{'file' if not number else ''}{' ' * number}": f"{places.shown(uri)}{_SINCE[state]}"
        for number, (uri, state) in enumerate(pairs)
    }
    if (since := places.missing(hit)) is not None:
        name = hit.metadata.get("file.name") or places.shown(hit.uri or "")
        files[places.unit(hit)] = f"{name}  ({since}: bring it back as it was, and ingest again)"
    known = {
        "kind": hit.modality or "",
        "moment": moment.told_whole(hit.span, hit.metadata.get("file.type")),
        "named": " ".join((found.words or "").split()) if _is_named(found) else "",
        **_good(hit),
        "views": " and ".join(found.views),
        "id": hit.id,
        "item": hit.item,
    }
    return {**files, **{name: value for name, value in known.items() if value}}


def _said(words: str, room: int) -> Iterator[str]:
    """Give all that is said, line by line as it was written; of several empty lines one."""
    empty = False
    for line in words.strip().splitlines():
        if line.strip():
            yield from textwrap.wrap(output.escape(line.rstrip()), room, break_on_hyphens=False)
        elif not empty:
            yield ""
        empty = not line.strip()


def _facts(pairs: Mapping[str, str], room: int) -> Iterator[str]:
    """Give names and values below each other; a long value goes on below its beginning."""
    wide = min(max(map(len, pairs)), room // 2)
    for name, value in pairs.items():
        lines = textwrap.wrap(output.escape(value), max(room - wide - 2, 8)) or [""]
        yield f"{name.strip():<{wide}}  {lines[0]}".rstrip()
        yield from (f"{'':<{wide}}  {line}" for line in lines[1:])


def _short(span: moment.Span | None, kind: object) -> str:
    """Tell neighbours apart: a page, and what stands on it."""
    told = moment.told(span, kind)
    if isinstance(span, om.PageSpan) and span.box is not None:
        return f"{told}, part"
    return told or "the beginning"


def _around(found: om.Details, room: int) -> Iterator[str]:
    """Give the neighbours, a line each, and where among them the answer is."""
    own = (found.hit.span, found.words)
    rows = [
        *((" ", one.span, one.words) for one in found.before),
        (_HERE, *own),
        *((" ", one.span, one.words) for one in found.after),
    ]
    kind = found.hit.metadata.get("file.type")
    names = [_short(span, kind) for _, span, _ in rows]
    wide = max(map(len, names))
    for (mark, _, words), name in zip(rows, names, strict=True):
        left = max(room - wide - 4, 8)
        said = excerpt(words, (), left, 1, bold=False) if words else [""]
        yield f"{mark} {name:<{wide}}  {said[0]}".rstrip()
