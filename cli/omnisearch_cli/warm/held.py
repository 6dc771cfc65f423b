"""Streams that look like a client's terminal, and keep what is written until all of it is there."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MOST_BYTES = 2 << 20  # of an answer; a longer one is given without the helper
_LINE = 1024  # what Python buffers at a terminal


class TooLongError(Exception):
    """More was written than is kept."""


class Said:
    """What was written, in its order: the number of the stream, and the bytes."""

    def __init__(self) -> None:
        self.parts: list[tuple[int, bytes]] = []
        self.bytes = 0

    def keep(self, number: int, raw: bytes) -> None:
        """Keep one piece."""
        self.bytes += len(raw)
        if self.bytes > MOST_BYTES:
            raise TooLongError
        self.parts.append((number, raw))


class _Stream(io.RawIOBase):
    """One stream: asked about, it is the client's; written to, it is memory."""

    def __init__(self, said: Said, number: int, descriptor: int) -> None:
        self._said, self._number, self._descriptor = said, number, descriptor
        self.name = ("<stdin>", "<stdout>", "<stderr>")[number]
        self.mode = "w"

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def writable(self) -> bool:
        return True

    def write(self, raw: ReadableBuffer, /) -> int:
        kept = bytes(raw)
        self._said.keep(self._number, kept)
        return len(kept)


def take(descriptors: Sequence[int], forms: Sequence[Sequence[str]]) -> Said:
    """Let `sys` have the streams of a client: descriptors, and each one's encoding and errors."""
    said = Said()
    of_stdin, of_stdout, of_stderr = descriptors[:3]
    streams = {
        "stdin": _reading(of_stdin, *forms[0]),
        "stdout": _writing(_Stream(said, 1, of_stdout), *forms[1]),
        "stderr": _writing(_Stream(said, 2, of_stderr), *forms[2]),
    }
    for name, stream in streams.items():
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)  # what the width of the terminal is asked of
    return said


def _reading(descriptor: int, encoding: str, errors: str) -> io.TextIOWrapper:
    return open(descriptor, encoding=encoding, errors=errors, closefd=False)


def _writing(stream: _Stream, encoding: str, errors: str) -> io.TextIOWrapper:
    buffer = io.BufferedWriter(stream, _LINE)
    return io.TextIOWrapper(buffer, encoding=encoding, errors=errors, line_buffering=True)
