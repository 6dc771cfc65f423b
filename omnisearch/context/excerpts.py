"""A part of a text that has the words of a question, from the beginning of a sentence to an end."""

from __future__ import annotations

import re

from omnisearch.query.snippets import Snippets

_CORE = 0.6  # of the room is chosen by its words, the rest goes to where sentences begin and end
_SENTENCE = re.compile("[.!?\u2026]['\"\u2019\u201d)]*(?:\\s+|$)|[\u3002\uff01\uff1f]\\s*")
_MORE = "\u2026"


def excerpt(snippets: Snippets, text: str, room: int) -> str:
    """Cut a text to so many characters; signs tell where it goes on."""
    line = " ".join(text.split())
    if len(line) <= room:
        return line
    core = snippets.cut(line, int(_CORE * room)).text.strip(f"{_MORE} ")
    start = max(line.find(core), 0)
    end = start + len(core)
    free = room - len(core) - 2 * len(f"{_MORE} ")
    ends = [one.end() for one in _SENTENCE.finditer(line, end, min(end + free, len(line)))]
    if ends and not _is_end(line, end):
        free -= ends[0] - end
        end = ends[0]
    begins = [one.end() for one in _SENTENCE.finditer(line, max(0, start - free), start)]
    if start <= free:
        start = 0
    elif begins and not _is_end(line, start):
        start = begins[-1]
    before, behind = (f"{_MORE} " if start else ""), (f" {_MORE}" if end < len(line) else "")
    return f"{before}{line[start:end].strip()}{behind}"


def _is_end(line: str, place: int) -> bool:
    """Tell whether a sentence ends just before a place."""
    return place == 0 or line[:place].rstrip()[-1:] in ".!?"
