"""An answer as it is printed: word by word, without sources that there are not, then the sources.

What a server sends is escaped before it reaches a terminal.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

import omnisearch as om
from omnisearch_cli import output
from omnisearch_cli.answers import moment, places


def stream(pieces: Iterable[str], found: om.Context) -> om.CitationChecker:
    """Print an answer while it comes; gives what it cites."""
    checker, ended = found.checker(), True
    try:
        for piece in pieces:
            ended = _print(checker.feed(piece), ended)
        ended = _print(checker.end(), ended)
    finally:
        if not ended:
            output.write(b"\n")
    return checker


def whole(pieces: Iterable[str], found: om.Context) -> tuple[str, om.CitationChecker]:
    """Give an answer once it is complete."""
    checker = found.checker()
    text = "".join(checker.feed(piece) for piece in pieces) + checker.end()
    return text, checker


def as_json(
    text: str, checker: om.CitationChecker, found: om.Context, chat: om.Chat
) -> dict[str, object]:
    """Give an answer with the sources that it names."""
    cited = set(checker.cited)
    return {
        "question": found.question,
        "answer": text,
        "citations": [one.as_json() for one in found.citations if one.number in cited],
        "struck": list(checker.struck),
        "endpoint": chat.address,
        "model": chat.model,
        "tokens": found.tokens,
        "generation": found.generation,
    }


def sources(found: om.Context, numbers: Iterable[int]) -> None:
    """Print where the sources are that an answer names."""
    named = {one.number: one for one in found.citations}
    cited = [named[number] for number in sorted(numbers)]
    if cited:
        output.result("")
    for one in cited:
        where = moment.told(one.span)
        name = one.item if one.uri is None else places.shown(one.uri)
        output.result(f"[{one.number}] {name}{f'  {where}' if where else ''}")


def remarks(checker: om.CitationChecker) -> None:
    """Say what of an answer is not to be relied on."""
    if checker.struck:
        named = ", ".join(f"[{number}]" for number in checker.struck)
        output.say(f"struck from the answer, since there are no such sources: {named}")
    if not checker.cited:
        output.say("the answer names no source: nothing shows that it is from your files")


def _print(text: str, ended: bool) -> bool:
    """Print some words at once; tells whether a line is ended."""
    if text:
        plain = text.replace("\r", "").expandtabs()
        output.write("\n".join(map(output.escape, plain.split("\n"))).encode())
        sys.stdout.flush()
        return plain.endswith("\n")
    return ended
