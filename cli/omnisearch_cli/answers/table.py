"""Answers on a terminal: a line for each item with its best moment, below it what it says."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import omnisearch as om
from omnisearch_cli import output
from omnisearch_cli.answers import moment, places
from omnisearch_cli.answers.excerpt import excerpt
from omnisearch_cli.answers.screen import Screen

_WIDE = 110  # columns from which on there is room for what few look at
_LEAST = 12  # columns that the name of a file has, however narrow the terminal is
_LINES = 2  # of what an answer says
_OURS = ("file.", "image.", "audio.", "video.", "doc.", "segment.")
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class _Row:
    """One answer, cut into what stands in columns, what follows, and what is said below."""

    cells: tuple[str, ...]
    hit: om.Hit
    where: str
    behind: str


def lines(hits: Sequence[om.Hit], screen: Screen, first: int = 1) -> Iterator[str]:
    """Give the lines of the table; nothing for no hits."""
    found = list(hits)
    if not found:
        return
    header = _header(found, screen)
    rows = [_row(number, hit, header) for number, hit in enumerate(found, first)]
    widths = [
        max(output.width(cell) for cell in column)
        for column in zip(header, *(row.cells for row in rows), strict=True)
    ]
    last = "where" if any(hit.uri for hit in found) else "id"
    titles = "  ".join([*_padded(header, widths), last])
    yield f"{_BOLD}{titles}{_PLAIN}" if screen.bold else titles
    indent = sum(widths) + 2 * len(widths)
    for row in rows:
        yield _line(row, widths, screen, indent)
        yield from _said(row.hit, screen, indent)


def _header(hits: Sequence[om.Hit], screen: Screen) -> tuple[str, ...]:
    """Choose the columns: those that some hit has something to say in."""
    sure = any(hit.confidence is not None for hit in hits)
    scored = any(hit.score is not None for hit in hits)
    wide = screen.columns >= _WIDE
    names = {
        "#": True,
        "sure": sure,
        "score": scored and (wide or not sure),
        "date": wide and any(isinstance(hit.metadata.get("file.date"), datetime) for hit in hits),
        "kind": any(hit.modality for hit in hits),
    }
    return tuple(name for name, there in names.items() if there)


def _row(number: int, hit: om.Hit, header: Sequence[str]) -> _Row:
    date = hit.metadata.get("file.date")
    cells = {
        "#": str(number),
        "sure": sure(hit.confidence),
        "score": "-"
        if hit.score is None
        else f"{hit.score:.4g}"
        if abs(hit.score) >= 10
        else f"{hit.score:.4f}",
        "date": f"{date:%Y-%m-%d}" if isinstance(date, datetime) else "",
        "kind": hit.modality or "",
    }
    where = hit.item if hit.uri is None else places.shown(hit.uri)
    return _Row(tuple(cells[name] for name in header), hit, output.escape(where), _behind(hit))


def sure(confidence: float | None) -> str:
    """Write how sure an answer is; never 100 %, nor 0."""
    if confidence is None:
        return "-"
    if confidence < 0.005:
        return "<1%"
    return f"{min(round(confidence * 100), 99)}%"


def _behind(hit: om.Hit) -> str:
    """Say what stands behind the name: the moment, other moments, other copies."""
    parts = [moment.told(hit.span)]
    if hit.folded:
        parts.append(f"+{hit.folded:,}")
    if len(hit.locations) > 1:
        parts.append(f"{len(hit.locations):,} copies")
    return "  ".join(part for part in parts if part)


def _padded(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    """Bring cells to their widths; the last is text, those before it are numbers."""
    for number, (cell, wide) in enumerate(zip(cells, widths, strict=True)):
        blanks = " " * (wide - output.width(cell))
        yield cell + blanks if number and cell[:1].isalpha() else blanks + cell


def _line(row: _Row, widths: Sequence[int], screen: Screen, indent: int) -> str:
    """Give the line of an answer: the name gives way before the moment does."""
    behind = f"  {row.behind}" if row.behind else ""
    room = max(screen.columns - indent - output.width(behind), _LEAST)
    name = output.cut_left(row.where, room)
    if screen.links and row.hit.uri is not None and places.linkable(row.hit.uri):
        name = f"\x1b]8;;{row.hit.uri}\x1b\\{name}\x1b]8;;\x1b\\"
    more = ""
    if row.hit.uri is None and not row.hit.snippet:
        left = screen.columns - indent - output.width(row.where) - output.width(behind) - 2
        told = _described(row.hit.metadata)
        more = f"  {output.cut_right(told, left)}" if told and left >= _LEAST else ""
    return "  ".join([*_padded(row.cells, widths), f"{name}{behind}{more}"]).rstrip()


def _said(hit: om.Hit, screen: Screen, indent: int) -> Iterator[str]:
    """Give the lines below: what is said there, if that is more than the name of the file."""
    if not hit.snippet or (hit.uri is not None and not hit.marks and _named(hit)):
        return
    blanks = " " * min(indent, screen.columns // 3)
    room = screen.columns - len(blanks)
    for line in excerpt(hit.snippet, hit.marks, room, _LINES, bold=screen.bold):
        yield f"{blanks}{line}"


def _named(hit: om.Hit) -> bool:
    """Tell whether all that is said are words of the name of the file."""
    assert hit.uri is not None and hit.snippet is not None
    name = Path(os.fsdecode(places.raw(hit.uri))).name.casefold()
    return all(word in name for word in hit.snippet.casefold().split())


def _described(metadata: Mapping[str, object]) -> str:
    """Tell the user's own columns."""
    own = {name: value for name, value in metadata.items() if not name.startswith(_OURS)}
    return "  ".join(output.escape(f"{name}={output.short(one)}") for name, one in own.items())
