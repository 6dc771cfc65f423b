"""Passages of a page: its lines joined where they stand together, each passage with its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from omnisearch.ingest.extraction.passages import Block, passages
from omnisearch.media.lines import Box, Line

_GAP = 0.7  # times the height of a line: more of it parts paragraphs
_ASIDE = 0.5  # of a page, as far as a line begins beside the one before: another column


def placed(lines: Sequence[Line]) -> Iterator[tuple[str, Box]]:
    """Cut the lines of a page into passages, each with the box around its lines."""
    text, places, blocks = "", list[int](), list[Block]()
    start, last = 0, None
    for line in lines:
        if last is not None and _parted(last, line):
            blocks.append(Block(start, len(text)))
            start = len(text)
        places.append(len(text))
        text += f"{line.words}\n"
        last = line
    blocks.append(Block(start, len(text)))
    for passage in passages(text, blocks):
        ends = [*places[1:], len(text)]
        among = [
            line.box
            for line, begin, end in zip(lines, places, ends, strict=True)
            if begin < passage.end and end > passage.start
        ]
        yield passage.words, _around([box for box in among if box is not None])


def _parted(above: Line, below: Line) -> bool:
    """Tell whether a paragraph ends between two lines: by a gap, a step up or a step aside."""
    if above.box is None or below.box is None:
        return False
    bottom, height = above.box[1] + above.box[3], max(above.box[3], below.box[3])
    gap = below.box[1] - bottom
    return gap > _GAP * height or gap < -2 * height or below.box[0] - above.box[0] > _ASIDE


def _around(boxes: Sequence[Box]) -> Box:
    if not boxes:  # beside the page, or of no size
        return 0.0, 0.0, 1.0, 1.0
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right = max(box[0] + box[2] for box in boxes)
    bottom = max(box[1] + box[3] for box in boxes)
    return left, top, round(right - left, 4), round(bottom - top, 4)
