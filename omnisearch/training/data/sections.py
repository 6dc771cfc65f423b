"""Plain text out of manual pages and READMEs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LONGEST, _SHORTEST, _BRIEF = 600, 60, 12
_ESCAPES = ((r"\-", "-"), (r"\&", ""), (r"\e", "\\"), (r"\(aq", "'"), (r"\|", ""), (r"\ ", " "))
_MARKUP = re.compile(r"(?ms)^```.*?^```|^~~~.*?^~~~|<[^>]+>|^\.\. .*?$|^ *:\w+:.*?$")
_HEADING = re.compile(
    r"(?m)^(?:#{2,3} +(?P<hash>[^\n#]+?) *#*|(?P<line>[^\n]{3,70})\n[=~^\"-]{3,})$"
)


@dataclass(frozen=True)
class Page:
    """What a manual page is for, and how its description begins."""

    summary: str
    text: str


def manual(source: str) -> Page | None:
    """Read a page written in troff; nothing where it has no summary."""
    named = re.search(r'(?ms)^\.SH "?NAME"?\n(.*?)^\.SH', source)
    if named is None:
        return None
    _, dash, summary = plain(named[1]).partition(" - ")
    if not dash or len(summary) < _BRIEF or summary.startswith("Functions for"):
        return None
    told = re.search(r'(?ms)^\.SH "?DESCRIPTION"?\n(.*?)(?=^\.SH|\Z)', source)
    return Page(first_words(summary), first_words(plain(told[1])) if told else "")


def plain(source: str) -> str:
    """Leave out what troff would act on."""
    source = re.sub(r"(?ms)^\.(?:nf|Vb).*?^\.(?:fi|Ve)", "", source)
    source = re.sub(r'(?m)^\.(?:B|I|BR|IR|RB|BI)\s+"?([^"\n]*)"?$', r"\1", source)
    source = re.sub(r"(?m)^[.'].*$", "", source)
    source = re.sub(r"\\f(?:\(..|.)|\\s[-+]?\d", "", source)
    for escape, letter in _ESCAPES:
        source = source.replace(escape, letter)
    return " ".join(re.sub(r"\\\*\(..|\\\*.|\\\(..", "", source).split())


def sections(readme: str) -> Iterator[tuple[str, str]]:
    """Give titles and beginnings of the sections that have running text."""
    readme = re.sub(_MARKUP, "", readme)
    met = list(_HEADING.finditer(readme))
    ends = [*(one.start() for one in met[1:]), len(readme)]
    for here, end in zip(met, ends, strict=False):
        text = first_words(_prose(readme[here.end() : end]))
        title = _prose(here["hash"] or here["line"] or "")
        if len(text) >= _SHORTEST and 3 <= len(title) <= 70:
            yield title, text


def _prose(text: str) -> str:
    """Leave out links, images, code and tables."""
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)|\[!\[.*?\]\(.*?\)\]\(.*?\)", "", text)
    text = re.sub(r"\[([^\]]+)\](?:\([^)]*\)|\[[^\]]*\])", r"\1", text)
    text = re.sub(r"(?m)^(?:    |\t|>>>|\||\$|\+-).*$", "", text)
    text = re.sub(r"`+([^`]*)`+_{0,2}|\*\*?([^*\n]+)\*\*?", r"\1\2", text)
    return re.sub(r"https?://\S+", "", " ".join(text.split())).strip()


def first_words(text: str) -> str:
    """Cut a text behind a sentence or a word, at most six hundred letters on."""
    text = " ".join(text.split())
    if len(text) <= _LONGEST:
        return text
    cut = text[:_LONGEST]
    return cut[: cut.rfind(". ") + 1] or cut.rsplit(" ", 1)[0]
