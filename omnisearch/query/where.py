"""A condition as text, like the part after WHERE in SQL, parsed by hand in one pass.

Parentheses and `not` are the only nesting, and their depth is counted, so the recursion is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from omnisearch.errors import QueryError
from omnisearch.query.condition import (
    MAX_DEPTH,
    TOO_DEEP,
    Budget,
    Comparison,
    Condition,
    Not,
    Op,
    Parameter,
    TextPlace,
    Value,
    joined,
)
from omnisearch.values import short

MAX_TEXT: Final = 1 << 18  # characters; a list of values that needs more goes into a parameter

_EMPTY: Final = "the condition is empty: write one such as price < 20, or leave it out"

_KEYWORDS: Final = frozenset("and or not in like is null has true false between".split())
_COMPARED: Final[Mapping[str, Op]] = {
    "=": "=",
    "!=": "!=",
    "<>": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
    "like": "like",
    "has": "has",
}
_WORDS: Final = ("like", "has")  # what `not` may stand before
_TOKEN: Final = re.compile(
    r"""\s*+(?:
      (?P<word> [^\W\d]\w*(?:\.\w+)* )
    | (?P<number> [-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)? )
    | (?P<string> '(?:[^']++|'')*+' )
    | (?P<name> "(?:[^"]++|"")*+" )
    | (?P<parameter> :[^\W\d]\w* )
    | (?P<symbol> <=|>=|<>|!=|==|[=<>(),] )
    | (?P<end> \Z )
    )""",
    re.VERBOSE,
)


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    word: str  # the keyword or symbol that this is, or nothing


@lru_cache(8)  # of the same question asked again; the longest take megabytes
def parse(text: str) -> Condition:
    """Read a condition; raises a QueryError that points at what is wrong."""
    if len(text) > MAX_TEXT:
        raise QueryError(f"a condition of {len(text)} characters; {MAX_TEXT} are allowed")
    return _Parser(text).whole()


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    while True:
        match = _TOKEN.match(text, at)
        if match is None:
            raise _unreadable(text, at)
        kind = match.lastgroup or ""
        found = match[kind]
        word = found.lower() if kind == "word" else found
        known = kind == "symbol" or (kind == "word" and word in _KEYWORDS)
        tokens.append(_Token(kind, found, match.start(kind), word if known else ""))
        if kind == "end":
            return tokens
        at = match.end()


def _unreadable(text: str, at: int) -> QueryError:
    at += len(text[at:]) - len(text[at:].lstrip())
    if text[at] in "'\"":
        return TextPlace(text, at, at + 1).fault(f"this quote is not closed by another {text[at]}")
    if text[at] == ":":
        return TextPlace(text, at, at + 1).fault("a parameter is a colon and a name, like :price")
    return TextPlace(text, at, at + 1).fault(f"unexpected {text[at]!r}")


class _Parser:
    """Reads tokens from left to right; one method per level of binding."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._at = 0
        self._budget = Budget()

    def whole(self) -> Condition:
        """Read everything."""
        if self._next.kind == "end":
            raise QueryError(_EMPTY)
        condition = self._chain("or", 0)
        if self._next.kind != "end":
            raise self._unexpected("'and', 'or' or the end")
        return condition

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at += token.kind != "end"
        return token

    def _accept(self, word: str) -> bool:
        found = self._next.word == word
        self._at += found
        return found

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise self._unexpected(repr(word))

    def _place(self, token: _Token) -> TextPlace:
        return TextPlace(self._text, token.start, token.start + len(token.text))

    def _unexpected(self, wanted: str) -> QueryError:
        token = self._next
        found = "the end" if token.kind == "end" else short(token.text)
        return self._place(token).fault(f"expected {wanted}, found {found}")

    def _chain(self, word: Literal["and", "or"], depth: int) -> Condition:
        parts = []
        while True:
            parts.append(self._chain("and", depth) if word == "or" else self._negation(depth))
            if not self._accept(word):
                return joined(word, parts)

    def _negation(self, depth: int) -> Condition:
        if depth > MAX_DEPTH:
            raise self._place(self._next).fault(TOO_DEEP)
        if self._accept("not"):
            return Not(self._negation(depth + 1))
        if self._accept("("):
            inner = self._chain("or", depth + 1)
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        token = self._next
        if token.word or token.kind not in ("word", "name"):
            hint = ", and the column comes first" if token.kind in ("string", "number") else ""
            raise self._unexpected(f"a column{hint}")
        self._take()
        place = self._place(token)
        self._budget.term(place)
        name = token.text if token.kind == "word" else token.text[1:-1].replace('""', '"')
        if self._accept("is"):
            negated = self._accept("not")
            self._expect("null")
            found = Comparison(name, "null", None, place)
        else:
            negated = self._accept("not")
            found = self._operation(name, place, negated)
        return Not(found) if negated else found

    def _operation(self, name: str, place: TextPlace, negated: bool) -> Comparison:
        word = self._next.word
        if word == "in":
            self._take()
            return Comparison(name, "in", self._list(), place)
        if word not in (_WORDS if negated else _COMPARED):
            hints = {"==": "'=' (one is enough)", "between": "x >= low and x <= high"}
            wanted = "in, like or has" if negated else "=, !=, <, <=, >, >=, in, like, has or is"
            raise self._unexpected(hints.get(word, wanted))
        self._take()
        return Comparison(name, _COMPARED[word], self._value(), place)

    def _list(self) -> Parameter | tuple[Value | Parameter, ...]:
        if self._next.kind == "parameter":
            token = self._take()
            return Parameter(token.text[1:], self._place(token))
        self._expect("(")
        values = []
        while True:
            self._budget.value(self._place(self._next))
            values.append(self._value())
            if not self._accept(","):
                self._expect(")")
                return tuple(values)

    def _value(self) -> Value | Parameter:
        token = self._next
        place = self._place(token)
        if token.kind == "parameter":
            self._take()
            return Parameter(token.text[1:], place)
        if token.kind == "name":
            raise place.fault("double quotes are for columns; text goes into single quotes")
        if token.word == "null":
            raise place.fault("nothing compares with null: write 'is null' or 'is not null'")
        if token.kind == "word" and not token.word:
            raise self._unexpected(
                f"a value (text goes into single quotes: '{short(token.text)[1:-1]}')"
            )
        value = _constant(token, place)
        if value is None:
            raise self._unexpected("a value")
        self._take()
        return Value(value, place)


def _constant(token: _Token, place: TextPlace) -> object:
    if token.kind == "string":
        return token.text[1:-1].replace("''", "'")
    if token.word in ("true", "false"):
        return token.word == "true"
    if token.kind != "number":
        return None
    if token.text.lstrip("+-").isdigit():
        if len(token.text) > 20:
            raise place.fault("a number beyond 64 bits")
        return int(token.text)
    value = float(token.text)
    if value in (float("inf"), float("-inf")):
        raise place.fault("a number too large for a float")
    return value
