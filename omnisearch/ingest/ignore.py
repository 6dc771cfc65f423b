"""What a walk leaves out, in the language of .gitignore, on names as bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from omnisearch.errors import InputError
from omnisearch.globs import expression

IGNORE_FILE = b".omnisearchignore"
IGNORE_FILE_BYTES = 1 << 18
MOST_WILDCARDS = 1_000  # lines with wildcards or slashes that hold in one folder: each costs time
DEFAULTS = (
    b".git",
    b"node_modules",
    b".venv",
    b"__pycache__",
    b"@eaDir",
    b"$RECYCLE.BIN",
    b"System Volume Information",
    b"lost+found",  # of root and unreadable on every ext4: else a failure in each run
    IGNORE_FILE,
)
_SPECIAL = re.compile(rb"[\\*?\[]")


class IgnoreFileError(InputError):
    """An ignore file that cannot be read; what it would leave out must not come in."""


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    pattern: bytes
    negated: bool
    folders_only: bool
    anchored: bool  # matched against the path below the folder of the file, not the name alone

    @property
    def plain(self) -> bool:
        """Tell whether the line is a name and nothing else."""
        return not self.anchored and not _SPECIAL.search(self.pattern)


class _Choice:
    """Some lines as one expression, whose group tells the last line that matches."""

    def __init__(self, lines: Iterable[_Line]) -> None:
        self._numbers, groups = [-1], []
        for line in reversed(list(lines)):
            found = expression(line.pattern)
            if found is not None:
                groups.append(b"(" + found + b")")
                self._numbers.append(line.number)
        self._match = re.compile(b"|".join(groups), re.DOTALL).fullmatch if groups else None

    def last(self, text: bytes) -> int:
        found = self._match(text) if self._match is not None else None
        return self._numbers[found.lastindex or 0] if found is not None else -1


class _Lines:
    """The lines that hold for folders, or those that hold for files."""

    def __init__(self, lines: Iterable[_Line]) -> None:
        kept = list(lines)
        self._plain = {line.pattern: line.number for line in kept if line.plain}
        self._names = _Choice(line for line in kept if not line.anchored and not line.plain)
        self._paths = _Choice(line for line in kept if line.anchored)

    def last(self, name: bytes, path: bytes) -> int:
        return max(self._plain.get(name, -1), self._names.last(name), self._paths.last(path))


class Patterns:
    """The lines of one ignore file; the last that matches decides."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        read: list[_Line] = []
        self.wildcards = 0
        for line in filter(None, map(_read, range(1 << 30), lines)):
            self.wildcards += not line.plain
            _check(self.wildcards)  # before anything is compiled, and the rest is read
            read.append(line)
        self._excluding = {line.number: not line.negated for line in read}
        self._folders = _Lines(read)
        self._files = _Lines(line for line in read if not line.folders_only)

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read a whole ignore file."""
        lines = raw.removeprefix(b"\xef\xbb\xbf").split(b"\n")
        return cls(line.removesuffix(b"\r") for line in lines)

    def __bool__(self) -> bool:
        return bool(self._excluding)

    def excluded(self, name: bytes, path: bytes, *, folder: bool) -> bool | None:
        """Tell whether a path below the folder of these lines is left out; None: no line says."""
        return self._excluding.get((self._folders if folder else self._files).last(name, path))


class Chain:
    """Patterns of a folder and those above it; the deepest that says something decides."""

    def __init__(self, *links: tuple[Patterns, int]) -> None:
        self._links = tuple(link for link in links if link[0])  # (lines, length of their folder)

    def below(self, patterns: Patterns, start: int) -> Chain:
        """Add the lines of a folder further down, whose path has that length with its slash."""
        if not patterns:
            return self
        _check(patterns.wildcards + sum(link.wildcards for link, _ in self._links))
        return Chain((patterns, start), *self._links)

    def excluded(self, name: bytes, path: bytes, *, folder: bool) -> bool:
        """Tell whether a path below the root is left out."""
        for patterns, start in self._links:
            found = patterns.excluded(name, path[start:], folder=folder)
            if found is not None:
                return found
        return False


def _check(wildcards: int) -> None:
    if wildcards > MOST_WILDCARDS:
        raise IgnoreFileError(f"more than {MOST_WILDCARDS:,} lines with wildcards or slashes")


def _read(number: int, line: bytes) -> _Line | None:
    line = _without_trailing_spaces(line)
    if not line or line.startswith(b"#"):
        return None
    negated = line.startswith(b"!")
    pattern = line.removeprefix(b"!")
    folders_only = pattern.endswith(b"/")
    pattern = pattern.removesuffix(b"/")
    anchored = b"/" in pattern
    pattern = pattern.removeprefix(b"/")
    return _Line(number, pattern, negated, folders_only, anchored) if pattern else None


def _without_trailing_spaces(line: bytes) -> bytes:
    kept = line.rstrip(b" ")
    slashes = len(kept) - len(kept.rstrip(b"\\"))
    return kept + b" " if slashes % 2 and len(kept) < len(line) else kept
