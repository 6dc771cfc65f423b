"""Words to tokens: what fits one vector, and where long texts are cut into passages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from omnisearch.errors import PartError

if TYPE_CHECKING:
    from omnisearch.encoder.model import ModelFiles

_ENDS = 2  # [CLS] and [SEP]
_LONGEST_WORD = 100  # characters; a longer one is a single unknown token
_LOOKED_AT = 200_000  # characters for one vector: what is one word so far says nothing anyway
# where a sentence or a line ends, with the blanks behind
_END = re.compile("[.!?]+\\s+|[\u3002\uff01\uff1f]+\\s*|\n\\s*")
_CAPITALS = re.compile("[A-Z]{2,}")
_KNOWN_WORD = 20  # letters: what is longer is no token of a vocabulary
_LONGEST_PIECE = 2_000  # characters; what goes on without an end is cut at a blank


class Words:
    """The vocabulary of an encoder, loaded at first use."""

    def __init__(self, files: ModelFiles) -> None:
        self._files = files
        text = files.model["text"]
        self.longest = int(text["longest"])
        self.none: list[int] = [text["cls"], text["sep"]]

    def ids(self, text: str) -> list[int]:
        """Give the tokens of a text; what does not fit is cut, a text that says nothing refused."""
        check(text)
        found = self._cut(text)
        if len(found) <= _ENDS:
            raise PartError("the text is empty: give words, or leave the part out")
        if set(found[1:-1]) == {self._unknown}:
            raise PartError(
                f"the text {text[:20]!r} has only signs that the encoder does not know: "
                "say it in words"
            )
        return found

    def ids_or_none(self, text: str) -> list[int]:
        """Give the tokens of words that stand beside media and may be absent."""
        check(text)
        return self._cut(text)

    def passages(self, text: str) -> list[tuple[int, int]]:
        """Cut a text into spans that fit a vector each."""
        check(text)
        return passages(text, self._offsets, self.longest - _ENDS)

    def tokens(self, text: str) -> int:
        """Count tokens so that other vocabularies hardly have more."""
        return counted(text, self._offsets(text.encode("utf-8", "ignore").decode()))

    def _offsets(self, text: str) -> list[tuple[int, int]]:
        found: list[tuple[int, int]]
        found = self._tokens.encode(text, add_special_tokens=False).offsets
        return found

    def _cut(self, text: str) -> list[int]:
        """Tokenise no more of a text than fits."""
        text, taken = text.lstrip(), 16 * self.longest
        while True:
            found: list[int] = self._tokens.encode(text[:taken]).ids
            # the last word may be cut in two, so as many tokens as it can have are left over
            if len(found) > self.longest + _LONGEST_WORD or taken >= min(len(text), _LOOKED_AT):
                break
            taken *= 4
        if len(found) > self.longest:
            found = [*found[: self.longest - 1], found[-1]]
        return found

    @cached_property
    def _unknown(self) -> int | None:
        found: int | None = self._tokens.token_to_id("[UNK]")
        return found

    @cached_property
    def _tokens(self) -> Any:  # noqa: ANN401 - a class of tokenizers, which has no types
        from tokenizers import Tokenizer

        name = self._files.model["text"]["tokenizer"]
        found = Tokenizer.from_str(self._files.read(name).decode())
        found.no_truncation()
        found.no_padding()
        return found


def check(text: str) -> None:
    """Refuse halves of characters, which stand for no text."""
    try:
        text.isascii() or text.encode()
    except UnicodeEncodeError as error:
        raise PartError(
            f"the text has half a character (a lone surrogate) at {error.start:,}: "
            "decode it again with errors='replace'"
        ) from error


def counted(text: str, offsets: Sequence[tuple[int, int]]) -> int:
    """Count tokens from above: what vocabularies differ in is counted by its bytes.

    That is letters outside ASCII and what stands for an unknown word; case and line ends, which
    some vocabularies do not see, are counted too.
    """
    plain = text.encode("ascii", "ignore")
    others = len(text.encode("utf-8", "surrogatepass")) - len(plain)
    shouted = sum(len(run[0]) for run in _CAPITALS.finditer(text)) // 2
    unknown = sum(end - start for start, end in offsets if end - start > _KNOWN_WORD)
    return len(offsets) + unknown + others + shouted + text.count("\n")


def passages(
    text: str, offsets: Callable[[str], Sequence[tuple[int, int]]], room: int
) -> list[tuple[int, int]]:
    """Cut a text where sentences or lines end, into spans of code points with `room` tokens.

    `offsets` gives the span of each token of a text.
    """
    spans, begin, end, used = list[tuple[int, int]](), 0, 0, 0
    for start, stop, tokens in _pieces(text, offsets, room):
        if used and used + tokens > room:
            spans.append((begin, end))
            begin, used = start, 0
        end, used = stop, used + tokens
    if used:
        spans.append((begin, end))
    trimmed = (_trimmed(text, *span) for span in spans)
    return [span for span in trimmed if span[0] < span[1]]


def _pieces(
    text: str, offsets: Callable[[str], Sequence[tuple[int, int]]], room: int
) -> Iterator[tuple[int, int, int]]:
    """Give start, end and number of tokens of each sentence; long ones are cut to fit."""
    for start, end in _sentences(text):
        tokens = offsets(text[start:end])
        first = start
        for at in range(0, len(tokens), room):
            last = at + room >= len(tokens)
            stop = end if last else start + tokens[at + room][0]
            yield first, stop, min(room, len(tokens) - at)
            first = stop


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Give start and end of each sentence or line, one behind the other."""
    start = 0
    for end in [*(found.end() for found in _END.finditer(text)), len(text)]:
        while end - start > _LONGEST_PIECE:
            blank = text.rfind(" ", start, start + _LONGEST_PIECE) + 1
            cut = blank or start + _LONGEST_PIECE
            yield start, cut
            start = cut
        if start < end:
            yield start, end
        start = end


def _trimmed(text: str, start: int, stop: int) -> tuple[int, int]:
    """Leave blanks at both ends out of a span."""
    inner = text[start:stop]
    return start + len(inner) - len(inner.lstrip()), stop - (len(inner) - len(inner.rstrip()))
