"""Texts, one in each line of a file or of stdin, with the errors of those that are none."""

from __future__ import annotations

import sys
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

import omnisearch as om

STDIN = "-"
CHARACTERS = 100_000  # of a text: more than any encoder reads for one vector
_MOST = 4 * CHARACTERS  # bytes of a line
_LONGEST = 10_000_000  # bytes of a line that means nothing unless it is whole: a vector has 100,000


def stdin() -> BinaryIO:
    """Give what comes in; a caller may have closed it."""
    if sys.stdin is None:
        raise click.UsageError("stdin is closed: give files, or --text")
    return sys.stdin.buffer


def named(file: str, number: int | None = None) -> str:
    """Name a file in a message, or a line of it, which are counted from 1."""
    name = "stdin" if file == STDIN else file
    return name if number is None else f"{name}, line {number:,}"


def lines(file: str) -> Iterator[str | om.errors.PartError]:
    """Give the words of each line, or what is wrong with it; no line at all is an error too."""
    number = 0
    for number, line in enumerate(_each(file, _MOST), 1):
        place = named(file, number)
        try:
            text = _decoded(line, first=number == 1, complete=len(line) < _MOST)[:CHARACTERS]
        except UnicodeDecodeError:
            yield _no_text(place)
        else:
            yield text if text.strip() else om.errors.PartError(f"{place} is empty: take it out")
    if not number:
        yield om.errors.PartError(f"{named(file)} has no line: give a text in each")


def whole(file: str, place_of: Callable[[str, int], str]) -> Iterator[str | om.errors.PartError]:
    """Give each line as it is, none cut short and empty ones too, or what is wrong with it."""
    for number, line in enumerate(_each(file, _LONGEST + 1), 1):
        place = place_of(file, number)
        if len(line) > _LONGEST and not line.endswith(b"\n"):
            remedy = "shorten it, or name a file that holds the words"
            yield om.errors.PartError(f"{place} has over {_LONGEST:,} bytes: {remedy}")
            continue
        try:
            yield _decoded(line, first=number == 1, complete=True)
        except UnicodeDecodeError:
            yield _no_text(place)


def _decoded(line: bytes, *, first: bool, complete: bool) -> str:
    decode = getincrementaldecoder("utf-8-sig" if first else "utf-8")().decode
    return decode(line, complete).rstrip("\r\n")


def _no_text(place: str) -> om.errors.PartError:
    remedy = "convert it, for example with `iconv -f WINDOWS-1252 -t UTF-8`"
    return om.errors.PartError(f"{place} is no UTF-8: {remedy}")


def _each(file: str, most: int) -> Iterator[bytes]:
    """Give each line, or as much of it as is looked at."""
    with _opened(file) as opened:
        while line := opened.readline(most):
            rest = line
            while len(rest) == most and not rest.endswith(b"\n"):
                rest = opened.readline(most)
            yield line


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == STDIN:
        yield stdin()
        return
    try:
        opened = Path(file).open("rb")
    except OSError as error:
        raise om.errors.MediaError(f"{file} does not open ({error.strerror}): check it") from error
    with opened:
        yield opened
