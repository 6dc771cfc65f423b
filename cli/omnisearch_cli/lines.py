"""Texts, one in each line of a file or of stdin, with the errors of those that are none."""

from __future__ import annotations

import sys
from codecs import getincrementaldecoder
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

import omnisearch as om

STDIN = "-"
CHARACTERS = 100_000  # of a text: more than any encoder reads for one vector
_MOST = 4 * CHARACTERS  # bytes of a line


def stdin() -> BinaryIO:
    """Give what comes in; a caller may have closed it."""
    if sys.stdin is None:
        raise click.UsageError("stdin is closed: give files, or --text")
    return sys.stdin.buffer


def lines(file: str, *, blank: bool = False) -> Iterator[str | om.errors.PartError]:
    """Give the words of each line, or what is wrong with it; no line at all is an error too.

    A line without words is wrong, unless `blank` ones are taken.
    """
    name, number = "stdin" if file == STDIN else file, 0
    with _opened(file) as opened:
        for number, line in enumerate(_each(opened), 1):
            place = f"{name}, line {number:,}"
            decode = getincrementaldecoder("utf-8-sig" if number == 1 else "utf-8")().decode
            try:
                text = decode(line, len(line) < _MOST).rstrip("\r\n")[:CHARACTERS]
            except UnicodeDecodeError:
                remedy = "convert it, for example with `iconv -f WINDOWS-1252 -t UTF-8`"
                yield om.errors.PartError(f"{place} is no UTF-8: {remedy}")
            else:
                yield (
                    text
                    if blank or text.strip()
                    else om.errors.PartError(f"{place} is empty: take it out")
                )
    if not number:
        yield om.errors.PartError(f"{name} has no line: give a text in each")


def _each(opened: BinaryIO) -> Iterator[bytes]:
    """Give each line, or as much of it as is looked at."""
    while line := opened.readline(_MOST):
        rest = line
        while len(rest) == _MOST and not rest.endswith(b"\n"):
            rest = opened.readline(_MOST)
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
