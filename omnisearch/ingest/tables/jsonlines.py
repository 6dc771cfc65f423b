"""JSON Lines as a table: an object a line; a line that is none costs itself."""

from __future__ import annotations

import json
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any

from omnisearch.errors import InputError
from omnisearch.ingest.jsonl import refuse_constant
from omnisearch.ingest.tables import packed
from omnisearch.ingest.tables.lines import Broken, Line

ENDS = (".jsonl", ".ndjson")
LONGEST = 96 << 20  # bytes of a line: 64 MiB as base64
_HEAD = 1_000  # lines that tell which columns there are
_BLOCK = 1 << 20
_BOM = b"\xef\xbb\xbf"


class JsonLines:
    """A file with an object on each line; one that is packed may have `most` bytes.

    Empty lines are no rows.
    """

    typed = True

    def __init__(self, path: Path, most: int | None = None) -> None:
        self.path, self.title, self._most = path, str(path), most
        self._blank = array("q")  # how many rows are before each line that is empty
        names: dict[str, None] = {}
        for line in islice(self.lines(None), _HEAD):
            names.update(dict.fromkeys(line.cells if isinstance(line, Line) else ()))
        self.names = tuple(names)
        self.count = None if packed.packed(path) else self._counted()
        first = None if names else next(self.lines(None), None)
        if first is not None:
            fault = first.reason if isinstance(first, Broken) else "has no keys"
            raise InputError(f"{path}: no line is an object with keys; {self.where(1)} {fault}")

    def lines(self, wanted: Sequence[str] | None) -> Iterator[Line | Broken]:
        """Read from the start."""
        with packed.opened(self.path, self._most) as file:
            number, self._blank = 0, array("q")
            for raw in _lines(file):
                if raw is not None and not raw.strip():
                    self._blank.append(number)
                    continue
                number += 1
                yield _line(number, raw)

    def where(self, number: int) -> str:
        """Name a row that was read by its line, as editors count them."""
        return f"line {self.line(number):,}"

    def line(self, number: int) -> int:
        """Count the lines to a row that was read, as editors do."""
        return number + bisect_left(self._blank, number)

    def _counted(self) -> int:
        with packed.opened(self.path, self._most) as file:
            return sum(raw is None or bool(raw.strip()) for raw in _lines(file))


def _lines(file: IO[bytes]) -> Iterator[bytes | None]:
    """Give lines; None for one that is too long, which is passed over."""
    first = True
    while raw := file.readline(LONGEST):
        if first and raw.startswith(_BOM):
            raw = raw.removeprefix(_BOM)
        first = False
        if len(raw) < LONGEST or raw.endswith(b"\n"):
            yield raw
            continue
        while raw and not raw.endswith(b"\n"):
            raw = file.readline(_BLOCK)
        yield None


def _line(number: int, raw: bytes | None) -> Line | Broken:
    if raw is None:
        return Broken(number, f"is longer than {LONGEST:,} bytes")
    try:
        found = json.loads(raw.decode("utf-8"), parse_constant=refuse_constant)
    except UnicodeDecodeError as error:
        return Broken(number, f"is not UTF-8: byte 0x{raw[error.start]:02x}")
    except (ValueError, RecursionError) as error:
        return Broken(number, f"is not JSON ({error})")
    if not isinstance(found, Mapping):
        return Broken(number, f"is a {_kind(found)}, not an object")
    return Line(number, found)


def _kind(value: Any) -> str:  # noqa: ANN401
    return {list: "list", str: "text", bool: "bool", type(None): "null"}.get(type(value), "number")
