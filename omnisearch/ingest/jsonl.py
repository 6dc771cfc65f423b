"""JSON Lines as a stream of chunks: one object a line, or one string where only ids are wanted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from omnisearch.errors import InputError

_LONGEST_LINE = 16 << 20  # a vector of 65,536 numbers takes about 1.5 MB


@dataclass(frozen=True, slots=True)
class JsonChunk:
    """Consecutive lines of a JSON Lines file."""

    path: Path
    first: int
    lines: list[object]
    numbers: list[int]  # of the lines in the file, from 1, empty ones counted

    def texts(self, column: str) -> list[str]:
        """Read ids: the lines themselves where they are strings, else a key of theirs."""
        found = [
            line if isinstance(line, str) else self._value(row, column)
            for row, line in enumerate(self.lines)
        ]
        for row, value in enumerate(found):
            if isinstance(value, bool) or not isinstance(value, str | int):
                raise InputError(f"{self._where(row)}: {column!r} is {_shown(value)}, not an id")
        return [str(value) for value in found]

    def vectors(self, column: str) -> npt.NDArray[np.float32]:
        """Read a key whose values are lists of numbers as (n, d)."""
        found = [self._numbers(row, column) for row in range(len(self.lines))]
        for row, numbers in enumerate(found):
            if len(numbers) != len(found[0]):
                raise InputError(
                    f"{self._where(row)}: the vector has {len(numbers)} dimensions, "
                    f"that of line {self.numbers[0]:,} has {len(found[0])}"
                )
        try:
            with np.errstate(over="ignore"):
                return np.array(found, dtype=np.float64).astype(np.float32)
        except OverflowError as error:
            raise InputError(
                f"{self.path}: lines {self.numbers[0]:,} to {self.numbers[-1]:,} hold a number "
                "that is too large for a vector"
            ) from error

    def metadata(self, without: tuple[str, ...]) -> list[dict[str, Any]] | None:
        """Give the other keys; None where no line has any."""
        rows = [
            {key: value for key, value in self._object(row).items() if key not in without}
            for row in range(len(self.lines))
        ]
        return rows if any(rows) else None

    def _object(self, row: int) -> dict[str, Any]:
        line = self.lines[row]
        if not isinstance(line, dict):
            raise InputError(f"{self._where(row)} is {_shown(line)}, not an object")
        return line

    def _value(self, row: int, key: str) -> object:
        line = self._object(row)
        if key not in line:
            raise InputError(f"{self._where(row)} has no {key!r}, only {', '.join(line)}")
        return line[key]

    def _numbers(self, row: int, key: str) -> list[float]:
        value = self._value(row, key)
        if not isinstance(value, list) or not {type(item) for item in value} <= {int, float}:
            raise InputError(f"{self._where(row)}: {key!r} is {_shown(value)}, not a vector")
        return value

    def _where(self, row: int) -> str:
        return f"{self.path}: line {self.numbers[row]:,}"


class JsonRows:
    """A JSON Lines file that is read once, in chunks of one size; empty lines are no rows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            self.rows = sum(1 for line in file if line.strip())
        _, head = next(self._lines(), (0, None))
        self.names: tuple[str, ...] = tuple(head) if isinstance(head, dict) else ()

    def chunks(self, size: int) -> Iterator[JsonChunk]:
        """Read chunks of exactly that many rows, but for the last one."""
        first, lines = 0, self._lines()
        while chunk := list(islice(lines, size)):
            numbers = [number for number, _ in chunk]
            yield JsonChunk(self.path, first, [line for _, line in chunk], numbers)
            first += len(chunk)

    def _lines(self) -> Iterator[tuple[int, object]]:
        with self.path.open("rb") as file:
            number = 0
            while raw := file.readline(_LONGEST_LINE):
                number += 1
                if raw.strip():
                    yield number, self._parse(raw, number)

    def _parse(self, raw: bytes, number: int) -> object:
        if len(raw) == _LONGEST_LINE and not raw.endswith(b"\n"):
            raise InputError(f"{self.path}: line {number:,} is longer than {_LONGEST_LINE:,} bytes")
        try:
            return json.loads(raw.decode("utf-8"), parse_constant=refuse_constant)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{self.path}: line {number:,} is not JSON ({error})") from error


def refuse_constant(name: str) -> NoReturn:
    """Refuse what Python reads and JSON does not have: NaN and infinity."""
    raise ValueError(f"{name} is not a number")


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:40] + "…"
