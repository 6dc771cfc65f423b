"""A context: the parts that were chosen, as text, as messages of a chat, and as plain data."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from omnisearch.context import citing, quoting
from omnisearch.context.candidates import candidates
from omnisearch.context.choosing import Choice, Taken
from omnisearch.context.parts import Citation, ContextPart, Room
from omnisearch.context.pictures import Pictures
from omnisearch.errors import QueryError
from omnisearch.query.hits import Hits
from omnisearch.query.snippets import Snippets

Message = dict[str, Any]
_TOO_SMALL = "no source fits into {:,} tokens beside the rules of reading them: give more"


class Chosen(NamedTuple):
    """Parts in their order, the rules of reading them, and the tokens of both."""

    parts: tuple[ContextPart, ...]
    rules: str
    tokens: int
    budget_tokens: int


class Context:
    """What answers a question, best first, in so many tokens; `question` is that, in words."""

    def __init__(self, chosen: Chosen, question: str | None, found: Hits) -> None:
        self.parts, self.rules, self.question = chosen.parts, chosen.rules, question
        self.tokens, self.budget_tokens = chosen.tokens, chosen.budget_tokens
        self.generation = found.generation
        said = (_TOO_SMALL.format(self.budget_tokens),) if found and not self.parts else ()
        self.remarks = (*found.remarks, *said)
        self.route = found.route

    @property
    def citations(self) -> tuple[Citation, ...]:
        """What may be cited, by number from 1."""
        return tuple(part.citation for part in self.parts)

    def text(self) -> str:
        """Give all of it as one text, without pictures: the rules, then each source in quotes."""
        return whole(self.rules, self.parts)

    def messages(self, question: str | None = None) -> list[Message]:
        """Give it as messages of a chat, as OpenAI has them; pictures stand behind their source.

        Without pictures the content is a plain string, which servers of texts alone want.
        """
        asked = question or self.question
        if not asked:
            raise QueryError("nothing is asked in words: give messages(question)")
        content: list[Message] = [{"type": "text", "text": f"Question: {asked}\n\nSources:"}]
        for part in self.parts:
            content.append({"type": "text", "text": part.quoted})
            if (image := part.image) is not None:
                coded = base64.b64encode(image).decode()
                url = {"url": f"data:image/jpeg;base64,{coded}", "detail": "low"}
                content.append({"type": "image_url", "image_url": url})
        texts = [one["text"] for one in content if one["type"] == "text"]
        told = content if len(texts) < len(content) else "\n\n".join(texts)
        return [{"role": "system", "content": self.rules}, {"role": "user", "content": told}]

    def checker(self) -> citing.CitationChecker:
        """Check an answer piece by piece, as it comes."""
        return citing.CitationChecker(range(1, len(self.parts) + 1))

    def check(self, answer: str) -> citing.Checked:
        """Find the sources that an answer names, and strike those that there are not."""
        return citing.checked(answer, range(1, len(self.parts) + 1))

    def as_json(self) -> dict[str, Any]:
        """Give what is printed: all but the pictures."""
        names = ("question", "tokens", "budget_tokens", "generation", "remarks", "rules")
        told = {name: getattr(self, name) for name in names}
        told["route"] = [one.as_json() for one in self.route]
        return {**told, "parts": [part.as_json() for part in self.parts]}

    def __repr__(self) -> str:
        return f"Context({len(self.parts)} parts, {self.tokens:,} tokens)"


def made(hits: Hits, room: Room, question: str | None) -> Context:
    """Choose among hits what fits, and put it in order."""
    choice = Choice(room, Snippets(question))
    choice.take(candidates(hits))
    return Context(_numbered(choice.taken, room, choice.rules), question, hits)


def _numbered(taken: Sequence[Taken], room: Room, own: int) -> Chosen:
    """Give what was taken its numbers; where all of it is too long, the last ones are left."""
    heads = (quoting.head(number, one.hit) for number, one in enumerate(taken, 1))
    mark = quoting.mark([*(one.text for one in taken), *heads])
    pictures = Pictures({number: one.hit for number, one in enumerate(taken, 1) if one.pixels})
    parts = [_part(number, one, mark, pictures) for number, one in enumerate(taken, 1)]
    rules, drawn = quoting.rules(mark), [one.pixels for one in taken]
    tokens = own + sum(part.tokens for part in parts)
    joined = any(len(one.texts) > 1 for one in taken)  # what overlaps is said once
    if joined or room.counted:  # whether what users count is the sum of its parts, nobody knows
        tokens = room.count(whole(rules, parts)) + sum(drawn)
    while parts and tokens > room.tokens:
        parts.pop()
        drawn.pop()
        tokens = room.count(whole(rules, parts)) + sum(drawn)
    return Chosen(tuple(parts), rules, tokens if parts else 0, room.tokens)


def _part(number: int, one: Taken, mark: str, pictures: Pictures) -> ContextPart:
    quoted = quoting.block(number, replace(one.hit, span=one.span), one.text, mark)
    shown = bool(one.pixels)
    draw = partial(pictures.draw, number) if shown else None
    return ContextPart(_citation(number, one), one.text, one.tokens, shown, quoted, draw)


def whole(rules: str, parts: Sequence[ContextPart]) -> str:
    """Write rules and sources as one text."""
    return "\n\n".join([rules, *(part.quoted for part in parts)]) + "\n"


def _citation(number: int, one: Taken) -> Citation:
    hit = one.hit
    return Citation(number, hit.id, hit.item, hit.uri, one.span, hit.modality, hit.confidence)
