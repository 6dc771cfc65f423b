"""Lines of print in the order of reading: column after column, block after block, row after row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from omnisearch.media.lines import Box, Line

_APART = 1.0  # times the height of a line: so wide is what parts blocks and columns
_COLUMN = 0.15  # of the picture, the width of most lines of a column: cells of tables have less
_SAME = 0.5  # of the height of a line: what is shifted by less stands in one row

Placed = tuple[str, Box]


def in_order(lines: Sequence[Placed]) -> list[Line]:
    """Put lines, which may come in any order, into that of reading."""
    return [Line(words, box) for words, box in _ordered(list(lines))]


def _ordered(lines: list[Placed]) -> list[Placed]:
    """Part by the columns where there are some, else by the blocks, down to rows."""
    if len(lines) < 2:
        return lines
    for parts in (_columns(lines), _blocks(lines)):
        if len(parts) > 1:
            return [line for part in parts for line in _ordered(part)]
    return _rows(lines)


def _columns(lines: list[Placed]) -> list[list[Placed]]:
    wide = _parted(lines, lambda box: (box[0], box[0] + box[2]))
    if all(median(box[2] for _, box in part) >= _COLUMN for part in wide):
        return wide
    return [lines]


def _blocks(lines: list[Placed]) -> list[list[Placed]]:
    return _parted(lines, lambda box: (box[1], box[1] + box[3]))


def _parted(lines: list[Placed], reach: Callable[[Box], tuple[float, float]]) -> list[list[Placed]]:
    """Cut where no line is for as long as a line is high."""
    gap = _APART * median(box[3] for _, box in lines)
    parts: list[list[Placed]] = []
    furthest = -gap
    for line in sorted(lines, key=lambda line: reach(line[1])):
        start, end = reach(line[1])
        if not parts or start - furthest >= gap:
            parts.append([])
        parts[-1].append(line)
        furthest = max(furthest, end)
    return parts


def _rows(lines: list[Placed]) -> list[Placed]:
    """Read row by row."""
    rows: list[list[Placed]] = []
    for line in sorted(lines, key=lambda line: line[1][1]):
        first = rows[-1][0][1] if rows else None
        if first is not None and line[1][1] - first[1] < _SAME * min(first[3], line[1][3]):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [line for row in rows for line in sorted(row, key=lambda line: line[1][0])]
