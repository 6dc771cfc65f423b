"""Subtitles (SubRip, WebVTT): what is said, by the times at which it is said."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from omnisearch.ingest.extraction.passages import ROOM, tokens

_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_CUE = re.compile(rf"^[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}[^\n]*\n", re.MULTILINE)
_MARKS = re.compile(r"</?[a-zA-Z][^<>\n]{0,200}>|<\d[\d:.]{0,20}>|\{\\[^{}\n]{0,100}\}")
_PAUSE_S = 10.0  # a longer one parts what is said
_LONGEST_CUE = 5_000
_OVERLAP = 1  # lines


@dataclass(frozen=True, slots=True)
class Said:
    """What is said from one second to another."""

    start_s: float
    end_s: float
    words: str


def subtitles(text: str) -> Iterator[Said]:
    """Join lines to passages of about 200 tokens, parted where nobody speaks."""
    held: list[Said] = []
    fresh = size = 0
    for line in _lines(text):
        count = tokens(line.words)
        pause = bool(held) and line.start_s - held[-1].end_s > _PAUSE_S
        if fresh and (pause or size + count > ROOM):
            yield _joined(held)
            held = [] if pause else held[-_OVERLAP:]
            size, fresh = sum(tokens(one.words) for one in held), 0
        held.append(line)
        size, fresh = size + count, fresh + 1
    if fresh:
        yield _joined(held)


def _joined(lines: list[Said]) -> Said:
    end_s = max(line.end_s for line in lines)
    start_s = min(line.start_s for line in lines)
    return Said(start_s, end_s, "\n".join(line.words for line in lines))


def _lines(text: str) -> Iterator[Said]:
    found = list(_CUE.finditer(text))
    last = ""
    for number, cue in enumerate(found):
        end = found[number + 1].start() if number + 1 < len(found) else len(text)
        said = text[cue.end() : min(end, cue.end() + _LONGEST_CUE)].strip()
        said = re.split(r"\n[^\S\n]*\n", said)[0]  # the number of the next one stands behind
        words = " ".join(html.unescape(_MARKS.sub("", said)).split())
        if not words or words == last:  # rolling captions tell a line twice
            continue
        last = words
        start_s, end_s = _seconds(cue.groups()[:4]), _seconds(cue.groups()[4:])
        yield Said(start_s, max(start_s, end_s), words)


def _seconds(time: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, parts = (one or "0" for one in time)
    whole = 3600 * int(hours) + 60 * int(minutes) + int(seconds)
    return whole + int(parts.ljust(3, "0")) / 1000
