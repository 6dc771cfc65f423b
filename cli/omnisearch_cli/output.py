"""What reaches the user: JSON Lines or a table on stdout, remarks on stderr.

Text from files and metadata is escaped before it reaches a terminal, in JSON as well.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TextIO

import click

from omnisearch import moments

# Controls (C0, DEL, C1), marks that change the direction of text, line ends, lone surrogates.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)

NAME = "the output"  # what an error of writing to stdout names as its file


def escape(text: str) -> str:
    r"""Write what a terminal would obey as `\u001b`."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def wants_json(flag: bool | None) -> bool:
    """Decide between JSON Lines and a table."""
    return not sys.stdout.isatty() if flag is None else flag


def line(record: object) -> None:
    """Print one record as a line of JSON, in UTF-8 whatever the locale."""
    write(json_line(record))


def json_line(record: object) -> bytes:
    """Write one record as a line of JSON."""
    text = json.dumps(record, ensure_ascii=False, allow_nan=False, default=_plain)
    return f"{escape(text)}\n".encode()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return moments.written(value)
    if isinstance(value, Mapping):
        return dict(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Sequence | frozenset):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: int = 0) -> None:
    """Print columns; the first `right` of them are numbers, the last is cut to the terminal."""
    cells = [[escape(cell) for cell in row] for row in rows]
    widths = [max(width(cell) for cell in column) for column in zip(header, *cells, strict=True)]
    room = shutil.get_terminal_size().columns
    for number, row in enumerate((header, *cells)):
        parts = [
            _pad(cell, wide, left=column < right)
            for column, (cell, wide) in enumerate(zip(row, widths, strict=True))
        ]
        text = _cut("  ".join(parts).rstrip(), room)
        _print(click.style(text, bold=True) if number == 0 and _coloured() else text)


def facts(pairs: Mapping[str, object]) -> None:
    """Print names and values below each other."""
    longest = max(len(name) for name in pairs)
    for name, value in pairs.items():
        _print(f"{name:<{longest}}  {escape(short(value))}")


def short(value: object) -> str:
    """Write a value for a person."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "-"}[value]
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, datetime):
        return moments.written(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=_plain)


def result(text: str) -> None:
    """Print a sentence that is the result."""
    _print(escape(text))


@contextmanager
def progress(total: int, unit: str, quiet: bool) -> Iterator[Any]:
    """Show a bar on stderr while something long runs, on a terminal only."""
    from tqdm import tqdm  # 20 ms that most commands do not need

    hidden = quiet or not sys.stderr.isatty()
    with tqdm(total=total, unit=unit, unit_scale=True, disable=hidden, leave=False) as bar:
        yield bar


def say(remark: str) -> None:
    """Tell the user something beside the result; it may take several lines."""
    text = "\n".join(escape(part) for part in remark.split("\n"))
    try:
        sys.stderr.write(f"{text}\n")
    except OSError:  # nobody listens; the work goes on
        discard(sys.stderr)


def discard(stream: TextIO) -> None:
    """Point a stream nowhere, so that the interpreter's own flush at exit stays quiet."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def complain(fault: str) -> None:
    """Tell the user what went wrong; a caret below the place takes lines of its own."""
    say(f"omnisearch: {fault}")


def _print(text: str) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    write(f"{text}\n".encode(encoding, "backslashreplace"))


def write(data: bytes) -> None:
    """Write bytes to stdout."""
    try:
        sys.stdout.buffer.write(data)
    except OSError as error:
        error.filename = NAME
        raise


def _coloured() -> bool:
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not plain


def width(text: str) -> int:
    """Count terminal cells: wide characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1
        for one in text
    )


def _pad(text: str, wide: int, *, left: bool) -> str:
    blanks = " " * (wide - width(text))
    return blanks + text if left else text + blanks


def cut_left(text: str, room: int) -> str:
    """Keep the end of a text that is too wide: of a path that is the name."""
    if width(text) <= room:
        return text
    text = text[-room:]
    while width(text) >= room:
        text = text[1:]
    return "…" + text


def cut_right(text: str, room: int) -> str:
    """Keep the beginning of a text that is too wide."""
    if width(text) <= room:
        return text
    text = text[:room]
    while text and width(text) >= room:
        text = text[:-1]
    return text + "…"


def _cut(text: str, room: int) -> str:
    return cut_right(text, room) if sys.stdout.isatty() else text
