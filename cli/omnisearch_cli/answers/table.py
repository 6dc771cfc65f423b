"""Answers on a terminal: a line for each item with its best moment, below it what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import omnisearch as om
from omnisearch_cli import output
from omnisearch_cli.answers import moment, places
from omnisearch_cli.answers.excerpt import excerpt
from omnisearch_cli.answers.screen import Screen

_WIDE = 110  # columns from which on there is room for what few look at
_NARROW = 56  # columns below which there is room for names alone
_LEAST = 12  # columns that the name of a file has
_BARE = 4  # columns that it has however narrow the terminal is
_YIELDING = {  # what stands behind a name, the least important first, and what it leaves the name
    **dict.fromkeys(("copies", "folded", "id"), _LEAST),
    **dict.fromkeys(("moment", "row"), 8),
}
_LINES = 2  # of what an answer says
_OURS = ("file.", "image.", "audio.", "video.", "doc.", "segment.")
_TEXTS = ("date", "kind")  # columns that begin on the left
Draw = Callable[["om.Hit", int], str | None]  # a picture of a hit, so many cells from the left
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class _Layout:
    """Which columns there are in front of the name, and how wide each is."""

    screen: Screen
    names: tuple[str, ...]
    widths: tuple[int, ...]

    @property
    def indent(self) -> int:
        """Count the cells in front of the name."""
        return sum(self.widths) + 2 * len(self.widths)

    @property
    def left(self) -> int:
        """Count the cells in front of what stands below the name."""
        return min(self.indent, self.screen.columns // 3)

    def front(self, cells: Sequence[str]) -> str:
        """Bring cells to their widths, numbers to the right."""
        padded = []
        for cell, wide, name in zip(cells, self.widths, self.names, strict=True):
            blanks = " " * (wide - output.width(cell))
            padded.append(cell + blanks if name in _TEXTS else blanks + cell)
        return "".join(f"{cell}  " for cell in padded)


def lines(
    hits: Sequence[om.Hit], screen: Screen, first: int = 1, draw: Draw | None = None
) -> Iterator[str]:
    """Give the lines of the table; nothing for no hits."""
    found = list(hits)
    if not found:
        return
    names = _names(found, screen)
    rows = [_cells(number, hit, names) for number, hit in enumerate(found, first)]
    columns = zip(names, *rows, strict=True)
    layout = _Layout(screen, names, tuple(max(map(output.width, column)) for column in columns))
    titles = layout.front(names) + ("where" if any(hit.uri for hit in found) else "id")
    yield f"{_BOLD}{titles}{_PLAIN}" if screen.bold else titles
    for cells, hit in zip(rows, found, strict=True):
        yield f"{layout.front(cells)}{_named_line(hit, layout)}".rstrip()
        yield from _said(hit, layout)
        if draw is not None and (picture := draw(hit, layout.left)) is not None:
            yield picture


def _names(hits: Sequence[om.Hit], screen: Screen) -> tuple[str, ...]:
    """Choose the columns: those that some hit has something to say in."""
    sure = any(hit.confidence is not None for hit in hits)
    scored = any(hit.score is not None for hit in hits)
    wide = screen.columns >= _WIDE
    names = {
        "#": True,
        "sure": sure,
        "rerank": any(hit.reranked is not None for hit in hits),
        "score": scored and (wide or not sure),
        "date": wide and any(_date(hit) for hit in hits),
        "kind": screen.columns >= _NARROW and any(hit.modality for hit in hits),
    }
    return tuple(name for name, there in names.items() if there)


def _cells(number: int, hit: om.Hit, names: Sequence[str]) -> list[str]:
    told = {
        "#": str(number),
        "sure": sure(hit.confidence),
        "rerank": scored(hit.reranked),
        "score": scored(hit.score),
        "date": _date(hit),
        "kind": hit.modality or "",
    }
    return [told[name] for name in names]


def sure(confidence: float | None) -> str:
    """Write how sure an answer is; never 100 %, nor 0."""
    if confidence is None:
        return "-"
    if confidence < 0.01:
        return "<1%"
    return f"{min(round(confidence * 100), 99)}%"


def scored(score: float | None) -> str:
    """Write a score; a cosine with four digits, others as large as they are."""
    if score is None:
        return "-"
    return f"{score:.4f}" if abs(score) < 10 else f"{score:.6g}"


def _date(hit: om.Hit) -> str:
    date = hit.metadata.get("file.date")
    return f"{date:%Y-%m-%d}" if isinstance(date, datetime) else ""


def _named_line(hit: om.Hit, layout: _Layout) -> str:
    """Give the name of an answer and what stands behind it: the name gives way first."""
    name = output.escape(hit.item if hit.uri is None else places.shown(hit.uri))
    room = layout.screen.columns - layout.indent
    behind = _behind(hit, room, output.width(name))
    room -= output.width(behind)
    name = output.cut_left(name, max(room, _BARE))
    if hit.uri is None and not hit.snippet:
        left = room - output.width(name) - 2
        told = _described(hit.metadata)
        behind += f"  {output.cut_right(told, left)}" if told and left >= _LEAST else ""
    if layout.screen.links and hit.uri is not None and places.linkable(hit.uri):
        name = f"\x1b]8;;{hit.uri}\x1b\\{name}\x1b]8;;\x1b\\"
    return f"{name}{behind}"


def _behind(hit: om.Hit, room: int, named: int) -> str:
    """Say what stands behind a name of so many cells: as much as leaves room for that."""
    row, told = hit.metadata.get("file.row"), moment.told(hit.span, hit.metadata.get("file.type"))
    parts = {
        "row": "" if row is None else f"  row {row:,}",
        "id": "" if row is None else f" ({output.escape(hit.item)})",
        "moment": f"  {told}" if told else "",
        "folded": f"  +{hit.folded:,} more" if hit.folded else "",
        "copies": f"  {len(hit.locations):,} copies" if len(hit.locations) > 1 else "",
    }
    for part, least in _YIELDING.items():
        if output.width("".join(parts.values())) + min(named, least) <= room:
            break
        parts[part] = ""
    return "".join(parts.values())


def _said(hit: om.Hit, layout: _Layout) -> Iterator[str]:
    """Give the lines below: what is said there, if that is more than the name of the file."""
    if not hit.snippet or (hit.uri is not None and _named(hit)):
        return
    screen = layout.screen
    blanks = " " * layout.left
    room = screen.columns - len(blanks)
    for line in excerpt(hit.snippet, hit.marks, room, _LINES, bold=screen.bold):
        yield f"{blanks}{line}"


def _named(hit: om.Hit) -> bool:
    """Tell whether all that is said are words of the name of the file."""
    name = str(hit.metadata.get("file.name") or places.shown(hit.uri or "")).casefold()
    return all(word in name for word in (hit.snippet or "").casefold().split())


def _described(metadata: Mapping[str, object]) -> str:
    """Tell the user's own columns."""
    own = {name: value for name, value in metadata.items() if not name.startswith(_OURS)}
    return "  ".join(output.escape(f"{name}={output.short(one)}") for name, one in own.items())
