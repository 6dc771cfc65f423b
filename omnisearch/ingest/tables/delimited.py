"""CSV and its kin, row by row: a row that is torn costs itself, and cells stay texts."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TextIO

from omnisearch.errors import InputError
from omnisearch.ingest.tables import packed
from omnisearch.ingest.tables.lines import Broken, Line

ENDS = (".csv", ".tsv", ".tab")
LONGEST = 96 << 20  # characters of a row: 64 MiB as base64
_SIGNS = ",;\t|"
_QUOTED = re.compile(r'"[^"]*"')
_HEAD = 1 << 16
_BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class DelimitedRows:
    """A table whose first row names the columns; one that is packed may have `most` bytes."""

    typed = False

    def __init__(self, path: Path, most: int | None = None) -> None:
        self.path, self.title, self._most = path, str(path), most
        with packed.opened(path, most) as file:
            head = file.read(_HEAD)
        self._encoding = _BOMS.get(head[:2], "utf-8-sig")
        text = head.decode(self._encoding, "replace")
        if not text.strip():
            raise InputError(f"{path} is empty: its first row has to name the columns")
        self._sign = "\t" if packed.ending(path, ENDS) != ".csv" else _sign(text)
        with self._text() as file:
            header = next(self._split(file), None)
        if not isinstance(header, list):
            raise InputError(f"{path}: its first row names no columns ({header})")
        self.names = tuple(name.strip() for name in header)
        for number, name in enumerate(self.names, 1):
            if fault := _undecoded(name):
                raise InputError(f"{path}: the name of column {number:,} {fault}")
        repeated = {name for name in self.names if name and self.names.count(name) > 1}
        if repeated:
            raise InputError(f"{path} has the column {min(repeated)!r} twice: rename one")
        self.count: int | None = None

    def lines(self, wanted: Sequence[str] | None) -> Iterator[Line | Broken]:
        """Read from the start, only some columns where they are named."""
        places = [
            (at, name)
            for at, name in enumerate(self.names)
            if name and (wanted is None or name in wanted)
        ]
        number = 0
        with self._text() as file:
            for row in islice(self._split(file), 1, None):
                if row == []:  # a blank line
                    continue
                number += 1
                yield self._line(number, row, places)

    def _line(
        self, number: int, row: list[str] | str, places: Sequence[tuple[int, str]]
    ) -> Line | Broken:
        if isinstance(row, str):
            return Broken(number, row)
        cells = {name: row[at] for at, name in places if at < len(row)}
        if len(row) != len(self.names):
            counts = f"{len(row):,} cells, the first row names {len(self.names):,} columns"
            return Broken(number, f"has {counts}", None, cells)
        for name, cell in cells.items():
            if not cell.isascii() and (fault := _undecoded(cell)):
                return Broken(number, fault, name, cells)
        return Line(number, cells)

    @contextmanager
    def _text(self) -> Iterator[TextIO]:
        # bytes that do not decode are halves of characters, which one cell is blamed for
        errors = "surrogateescape" if self._encoding == "utf-8-sig" else "replace"
        with (
            packed.opened(self.path, self._most) as file,
            io.TextIOWrapper(file, self._encoding, errors, newline="") as text,
        ):
            yield text

    def _split(self, text: TextIO) -> Iterator[list[str] | str]:
        """Give rows as cells, or what is wrong with one."""
        csv.field_size_limit(LONGEST)  # the library has one for all, and 128 KiB is none
        reader = csv.reader(self._bounded(text), delimiter=self._sign, strict=True)
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield _torn(error)
            else:
                yield row

    def _bounded(self, text: TextIO) -> Iterator[str]:
        while line := text.readline(LONGEST):
            if len(line) == LONGEST and not line.endswith("\n"):
                raise InputError(f"{self.path} has a row of more than {LONGEST:,} characters")
            yield line


def _sign(text: str) -> str:
    """Find what parts the cells of the first row."""
    first = _QUOTED.sub("", text.lstrip("\ufeff")).partition("\n")[0]
    return max(_SIGNS, key=first.count)


def _torn(error: csv.Error) -> str:
    if "unexpected end" in str(error):
        return "a quote is opened in it that nothing closes"
    return f"is no row of cells ({error})"


def _undecoded(cell: str) -> str:
    try:
        cell.encode()
    except UnicodeEncodeError as error:
        byte = ord(cell[error.start]) & 0xFF
        return f"is not UTF-8: byte 0x{byte:02x} at sign {error.start + 1:,}"
    return ""
