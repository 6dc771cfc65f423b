"""What is shown of what a segment says: a short line, cut around the words of the question.

Words are marked that BM25 would find in any form of their stem. The small words of a language are
left out, unless they are quoted or the question has no others.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from omnisearch.query.spoken import Said
from omnisearch.storage.words import tokens
from omnisearch.storage.words.asking import Wanted, ask
from omnisearch.storage.words.stems import stem

Mark = tuple[int, int]  # the first character and the one behind the last
ROOM = 240  # characters
_LOOKED_AT = 30_000  # characters, in 5 ms: a page has 5,000
_MOST_MARKS = 2_000  # that are weighed against each other
_BEFORE = 0.6  # of what is free stands before the marked words, where a sentence begins there
_MORE = "…"
_SENTENCE = re.compile(r"[.!?…。！？]['\"”’)]*\s+|(?<=[。！？])")  # noqa: RUF001


@dataclass(frozen=True, slots=True)
class Snippet:
    """A line of what a segment says, and where in it words of the question stand."""

    text: str
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """A word of the question in a text."""

    first: int
    behind: int
    word: str


class Snippets:
    """Cuts what segments say for one question; without words it gives their beginnings."""

    def __init__(self, question: str | None = None) -> None:
        wanted = _wanted(question) if question else []
        self._stems = {one.term for one in wanted if one.how != "start"}
        self._starts = {one.term for one in wanted if one.how == "start"}

    def cut(self, words: str, room: int = ROOM) -> Snippet:
        """Cut a text to a line around the place that has most of the words."""
        line = " ".join(words[:_LOOKED_AT].split())
        found = list(self._found(line))
        if len(line) <= room:
            return Snippet(line, _marks(found, 0, len(line), 0))
        start, end = _window(line, found, room - 4)  # the signs that there is more
        text = line[start:end].rstrip()
        before = f"{_MORE} " if start else ""
        behind = f" {_MORE}" if end < len(line) else ""
        return Snippet(f"{before}{text}{behind}", _marks(found, start, end, len(before) - start))

    def spoken(self, said: Said, room: int = ROOM) -> Snippet:
        """Cut a transcript: all of what is said here where it fits, then what is around it."""
        before, here, behind = (" ".join(part.split()) for part in said)
        free = room - 4 - len(here)
        if free <= 0:
            return self.cut(here, room)
        start = _word_begin(before, len(before) - max(free // 2, free - len(behind)))
        left = free - (len(before) - start)
        end = _word_end(behind, left - 2) if left > 2 else 0
        kept = " ".join(part for part in (before[start:], here, behind[:end].rstrip()) if part)
        line = f"{f'{_MORE} ' if start else ''}{kept}{f' {_MORE}' if end < len(behind) else ''}"
        return Snippet(line, _marks(self._found(line), 0, len(line), 0))

    def _found(self, line: str) -> Iterator[_Found]:
        if not (self._stems or self._starts):
            return
        for term, first, behind in tokens.places(line):
            word = stem(term)
            if word in self._stems:
                yield _Found(first, behind, word)
            elif term[0] in self._starts and tokens.is_unspaced(term):
                yield _Found(first, first + 1, term[0])


def _wanted(question: str) -> list[Wanted]:
    """List the words that are looked for."""
    asked = ask(question, stems=True)
    quoted = [word for phrase in asked.phrases for word in phrase]
    small = small_in(tokens.terms(question))
    telling = [word for word in asked.words if word.term not in small]
    return [*telling, *quoted] or list(asked.words)


def small_in(terms: list[str]) -> frozenset[str]:
    """Give the stems of the small words of the language that has most of a question's words."""
    lists = _small_words()
    best = max(lists, key=lambda name: sum(map(lists[name].__contains__, terms)))
    letters = {term for term in terms if len(term) == 1 and term.isascii() and term.isalpha()}
    return _small_stems(best) | letters


@cache
def _small_stems(language: str) -> frozenset[str]:
    return frozenset(map(stem, _small_words()[language]))


@cache
def _small_words() -> dict[str, frozenset[str]]:
    """Read the small words of each language; of English also those that questions begin with."""
    found: dict[str, frozenset[str]] = {}
    for package, name in (("ingest", "languages.json"), ("query", "small.json")):
        source = resources.files(f"omnisearch.{package}").joinpath(name)
        lists: dict[str, str] = json.loads(source.read_text("utf-8"))
        for language, words in lists.items():
            found[language] = found.get(language, frozenset()) | frozenset(words.split())
    return found


def _marks(found: Iterable[_Found], start: int, end: int, shift: int) -> tuple[Mark, ...]:
    """Give what is marked between two places, touching marks as one."""
    marks: list[Mark] = []
    for one in found:
        if one.first < start or one.behind > end:
            continue
        if marks and one.first + shift <= marks[-1][1]:
            marks[-1] = (marks[-1][0], max(marks[-1][1], one.behind + shift))
        else:
            marks.append((one.first + shift, one.behind + shift))
    return tuple(marks)


def _window(line: str, found: list[_Found], room: int) -> Mark:
    """Choose what is shown: a sentence with most of the words, or the beginning."""
    if not found:
        return 0, _word_end(line, room)
    first, behind = _densest(found[:_MOST_MARKS], room)
    start = _begin(line, first, int((room - (behind - first)) * _BEFORE))
    start = min(start, first, max(0, len(line) - room))
    if start and start < first and line[start - 1] != " ":
        space = line.find(" ", start, first)
        start = space + 1 if space >= 0 else start
    return start, max(_word_end(line, start + room), min(behind, start + room))


def _densest(found: list[_Found], room: int) -> Mark:
    """Find where most different words stand, then most words at all; the first such place."""
    best, value = (found[0].first, found[0].behind), (0, 0)
    inside, last = Counter[str](), 0
    for one in found:
        while last < len(found) and found[last].behind - one.first <= room:
            inside[found[last].word] += 1
            last += 1
        if (now := (len(inside), inside.total())) > value:
            best, value = (one.first, found[last - 1].behind), now
        inside[one.word] -= 1
        inside += Counter()  # forgets what is there no more
    return best


def _begin(line: str, first: int, free: int) -> int:
    """Begin with the sentence of the first word where it is near, else with a word before it."""
    if first <= free:
        return 0
    ends = [one.end() for one in _SENTENCE.finditer(line, first - free, first)]
    return ends[-1] if ends else first - free // 2


def _word_begin(line: str, start: int) -> int:
    """Go on to where a word begins."""
    if start <= 0 or line[start - 1] == " ":
        return max(start, 0)
    space = line.find(" ", start)
    return space + 1 if space >= 0 else len(line)


def _word_end(line: str, end: int) -> int:
    """Go back to where a word ends; a script without spaces is cut anywhere."""
    if end >= len(line) or line[end] == " ":
        return min(end, len(line))
    space = line.rfind(" ", 0, end)
    return space if space > 0.7 * end else end
