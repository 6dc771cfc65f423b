"""One pattern of .gitignore as a regular expression over bytes.

A star takes the first place where what follows it fits, in an atomic group: the next star can take
up whatever is left, so no other place has to be tried, and no pattern is slow on any name.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import NamedTuple

_STAR, _SLASH, _DEEP, _REST = b"[^/]*?", b"/", b"(?:[^/]++/)*?", b".*"
_CLASSES = {
    b"alnum": b"a-zA-Z0-9",
    b"alpha": b"a-zA-Z",
    b"blank": rb" \t",
    b"cntrl": rb"\x00-\x1f\x7f",
    b"digit": b"0-9",
    b"graph": rb"\x21-\x7e",
    b"lower": b"a-z",
    b"print": rb"\x20-\x7e",
    b"punct": rb"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    b"space": rb"\x20\t-\r",
    b"upper": b"A-Z",
    b"xdigit": b"0-9a-fA-F",
}


class _Token(NamedTuple):
    expression: bytes
    end: int  # where the pattern goes on


def expression(pattern: bytes) -> bytes | None:
    """Write the expression that a whole path must match; None for a pattern that nothing fits."""
    parts, place = [], 0
    while place < len(pattern):
        token = _token(pattern, place)
        if token is None:
            return None
        parts.append(token.expression)
        place = token.end
    return _across_folders(parts)


def _token(pattern: bytes, at: int) -> _Token | None:
    sign = pattern[at : at + 1]
    if sign == b"*":
        return _stars(pattern, at)
    if sign == b"?":
        return _Token(b"[^/]", at + 1)
    if sign == b"[":
        return _bracket(pattern, at)
    if sign == b"\\":
        escaped = pattern[at + 1 : at + 2]
        return _Token(re.escape(escaped), at + 2) if escaped else None
    return _Token(re.escape(sign), at + 1)


def _stars(pattern: bytes, at: int) -> _Token:
    end = at
    while pattern[end : end + 1] == b"*":
        end += 1
    begins = at == 0 or pattern[at - 1 : at] == b"/"
    if end - at > 1 and begins:
        if end == len(pattern):
            return _Token(_REST, end)
        if pattern[end : end + 1] == b"/":
            return _Token(_DEEP, end + 1)
    return _Token(_STAR, end)


def _bracket(pattern: bytes, at: int) -> _Token | None:
    place = at + 1
    negated = pattern[place : place + 1] in (b"!", b"^")
    place = first = place + negated
    inside: list[bytes] = []
    while place == first or pattern[place : place + 1] != b"]":
        item = _item(pattern, place)
        if item is None:
            return None
        inside.append(item.expression)
        place = item.end
    chosen = b"".join(inside)
    if negated:
        return _Token(b"[^/" + chosen + b"]", place + 1)
    return _Token(b"(?!/)[" + chosen + b"]" if chosen else b"(?!)", place + 1)


def _item(pattern: bytes, at: int) -> _Token | None:
    """Read a class, a range or a single byte between brackets."""
    if pattern.startswith(b"[:", at):
        close = pattern.find(b"]", at + 2)
        if close < 0:
            return None
        if close > at + 2 and pattern[close - 1 : close] == b":":
            known = _CLASSES.get(pattern[at + 2 : close - 1])
            return None if known is None else _Token(known, close + 1)
    low, place = _byte(pattern, at)
    if low < 0:
        return None
    if pattern[place : place + 1] == b"-" and pattern[place + 1 : place + 2] not in (b"", b"]"):
        high, place = _byte(pattern, place + 1)
        if high < 0:
            return None
        return _Token(b"\\x%02x-\\x%02x" % (low, high) if low <= high else b"", place)
    return _Token(b"\\x%02x" % low, place)


def _byte(pattern: bytes, at: int) -> tuple[int, int]:
    at += pattern[at : at + 1] == b"\\"
    return (pattern[at], at + 1) if at < len(pattern) else (-1, at)


def _across_folders(parts: list[bytes]) -> bytes:
    """Join what stands between `**/`: all but the last take the first folders that fit."""
    runs = [list(run) for deep, run in groupby(parts, _DEEP.__eq__) if not deep]
    opened = [b""] * (parts[:1] != [_DEEP]) + [_DEEP] * len(runs)
    written = []
    for number, (start, run) in enumerate(zip(opened, runs, strict=False)):
        within = start + _within_names(run)
        last = number == len(runs) - 1
        written.append(within if last or not start else b"(?>" + within + b")")
    return b"".join(written)


def _within_names(parts: list[bytes]) -> bytes:
    """Close a group around each star and what follows it, up to a slash or the next star."""
    written, open_group = b"", False
    for part in parts:
        if part == _STAR:
            written += (b")" if open_group else b"") + b"(?>" + part
            open_group = True
        elif part == _SLASH and open_group:
            written, open_group = written + part + b")", False
        else:
            written += part
    if not open_group:
        return written
    start = written.rindex(b"(?>")
    return written[:start] + written[start + 3 :]  # the last star has to reach the end
