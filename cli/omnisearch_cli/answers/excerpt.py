"""What an answer says, cut to some lines of a terminal around the words that were asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from omnisearch_cli import output

Mark = tuple[int, int]  # the first character and the one behind the last
_MORE = "…"
_BEFORE = 0.3  # of what is free stands before the marked words
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"
_WORD = re.compile(r"\S+")


def excerpt(text: str, marks: Sequence[Mark], columns: int, lines: int, *, bold: bool) -> list[str]:
    """Give at most so many lines, harmless to a terminal, with the marked words in bold."""
    columns = max(columns, 8)
    start, end = _window(text, marks, _room(text, columns * lines))
    words = [
        (output.escape(text[first:last]), _marked(text, first, last, marks if bold else ()))
        for first, last in _parts(text, start, end, columns)
    ]
    if end < len(text.rstrip()):
        words.append((_MORE, _MORE))
    if start > 0:
        words.insert(0, (_MORE, _MORE))
    return list(_wrapped(words, columns, lines))


def _room(text: str, cells: int) -> int:
    """Give how many characters fill so many cells: of some scripts each takes two."""
    return cells * len(text) // max(output.width(text), len(text), 1)


def _window(text: str, marks: Sequence[Mark], room: int) -> Mark:
    """Choose the characters that are shown: all, or those with most marks, whole words."""
    if len(text) <= room:
        return 0, len(text)
    room = max(room - 4, 4)  # the signs that there is more
    if not marks:
        return 0, _word_end(text, room)
    first, last = _densest(marks, room)
    start = max(0, first - int((room - (last - first)) * _BEFORE))
    start = max(0, min(start, len(text) - room))
    if start:
        behind = text.find(" ", start, first + 1)
        start = behind + 1 if behind >= 0 else first
    return start, _word_end(text, start + room)


def _word_end(text: str, end: int) -> int:
    """Go back to where a word ends."""
    if end >= len(text) or text[end] == " ":
        return min(end, len(text))
    before = text.rfind(" ", 0, end)
    return before if before > end // 2 else end


def _densest(marks: Sequence[Mark], room: int) -> Mark:
    """Find where most marks fit into so many characters; the first of several such places."""
    best, count = (marks[0][0], min(marks[0][1], marks[0][0] + room)), 0
    for number, (first, _) in enumerate(marks):
        inside = [end for _, end in marks[number:] if end - first <= room]
        if len(inside) > count:
            best, count = (first, inside[-1]), len(inside)
    return best


def _parts(text: str, start: int, end: int, columns: int) -> Iterator[Mark]:
    """Give where each word stands; one that is wider than a line is cut where the line ends."""
    for found in _WORD.finditer(text, start, end):
        first, used = found.start(), 0
        for at in range(*found.span()):
            wide = output.width(output.escape(text[at]))
            if used + wide > columns and at > first:
                yield first, at
                first, used = at, 0
            used += wide
        yield first, found.end()


def _marked(text: str, first: int, last: int, marks: Sequence[Mark]) -> str:
    """Write a word with what is marked of it in bold."""
    parts, at = [], first
    for begin, behind in marks:
        begin, behind = max(begin, at), min(behind, last)
        if begin < behind:
            parts += [output.escape(text[at:begin]), _BOLD]
            parts += [output.escape(text[begin:behind]), _PLAIN]
            at = behind
    return "".join([*parts, output.escape(text[at:last])])


def _wrapped(words: Sequence[tuple[str, str]], columns: int, lines: int) -> Iterator[str]:
    """Fill lines with words, each as it is seen and as it is written."""
    line, used, given = list[tuple[str, str]](), 0, 0
    for word in words:
        wide = output.width(word[0])
        if line and used + 1 + wide > columns:
            given += 1
            if given == lines:
                line = _closed(line, used, columns)
                break
            yield _written(line)
            line, used = [], 0
        used += wide + (1 if line else 0)
        line.append(word)
    if line:
        yield _written(line)


def _written(line: Sequence[tuple[str, str]]) -> str:
    return " ".join(marked for _, marked in line)


def _closed(line: list[tuple[str, str]], used: int, columns: int) -> list[tuple[str, str]]:
    """End the last line with a sign that there is more; a word that is cut for it is not bold."""
    more = _MORE, _MORE
    if line[-1] == more:
        return line
    if used + 2 <= columns:
        return [*line, more]
    if len(line) > 1:
        return [*line[:-1], more]
    cut = output.cut_right(f"{line[0][0]}{_MORE}", columns)
    return [(cut, cut)]
