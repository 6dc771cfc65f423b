"""Where in an item an answer is, in few words: a time, a page, a passage, a part of a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import omnisearch as om

if TYPE_CHECKING:  # records bring numpy along, which no help needs
    Span = om.TextSpan | om.TimeSpan | om.PageSpan | om.RegionSpan
Box = tuple[float, float, float, float]
_WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
_PAGES = {  # what a page is called in files of a type
    **dict.fromkeys(("pptx", "odp"), "slide"),
    **dict.fromkeys(("xlsx", "ods"), "sheet"),
    "epub": "chapter",
    "eml": "part",
}


def told(span: Span | None, kind: object = None) -> str:
    """Say where, as a person would; nothing where it is the whole or the beginning."""
    match span:
        case om.TimeSpan(start_s, end_s):
            hours, end_s = end_s >= 3600, max(round(end_s), int(start_s) + 1)
            return f"{clock(start_s, hours=hours)}-{clock(end_s, hours=hours)}"
        case om.PageSpan(page, _):
            return f"{_page(kind)} {page:,}"
        case om.TextSpan(start, end) if start:
            return f"characters {start:,}-{end:,}"
        case om.RegionSpan(box) if box != _WHOLE:
            return f"box {boxed(box)}"
    return ""


def told_whole(span: Span | None, kind: object = None) -> str:
    """Say where with everything that is known, boxes and tenths of seconds too."""
    match span:
        case om.TimeSpan(start_s, end_s):
            return f"{told(span)} ({start_s:.2f} to {end_s:.2f} s)"
        case om.PageSpan(page, box) if box is not None:
            return f"{_page(kind)} {page:,}, box {boxed(box)}"
        case om.TextSpan(start, end):
            return f"characters {start:,}-{end:,}"
        case om.RegionSpan(box):
            return "the whole picture" if box == _WHOLE else f"box {boxed(box)}"
    return told(span, kind)


def _page(kind: object) -> str:
    return _PAGES.get(str(kind), "page")


def boxed(box: Box) -> str:
    """Write a box as `--box` takes it."""
    return ",".join(f"{side:.3g}" for side in box)


def clock(seconds: float, *, hours: bool = False) -> str:
    """Write a time as players do."""
    whole = int(seconds)
    minutes, rest = divmod(whole, 60)
    if hours or minutes >= 60:
        return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
    return f"{minutes}:{rest:02}"
