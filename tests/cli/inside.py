"""The command in the process of the tests: what a user gets, without the second a Python takes."""

from __future__ import annotations

import fcntl
import logging
import os
import pty
import signal
import struct
import sys
import tempfile
import termios
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

from omnisearch_cli.main import main

_STREAMS = ("stdin", "stdout", "stderr")
_LONG_S = 60.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Call:
    """A command line, and all that it is run with."""

    arguments: Sequence[str]
    cwd: Path
    environment: Mapping[str, str]

    def through_pipes(self, stdin: str) -> CompletedProcess[str]:
        """Run where nothing is a terminal."""
        with ExitStack() as kept:
            out, error = (kept.enter_context(tempfile.TemporaryFile()) for _ in range(2))
            reading, writing = os.pipe()
            feeding = _started(_feed, writing, stdin.encode())
            with _streams((reading, out.fileno(), error.fileno())):
                os.close(reading)  # so that what nobody reads is not waited for
                code = self._code()
            feeding.join(_LONG_S)
            for one in (out, error):
                one.seek(0)
            shown, said = (one.read().decode().replace("\r\n", "\n") for one in (out, error))
        return CompletedProcess(list(self.arguments), code, shown, said)

    def on_terminal(self, typed: str = "", columns: int = 0) -> tuple[int, str]:
        """Run where all is a terminal; gives the exit code and what appeared on it."""
        ours, theirs = pty.openpty()
        if columns:
            fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
        os.write(ours, typed.encode())
        parts: list[bytes] = []
        reading = _started(_read, ours, parts)
        with _streams((theirs, theirs, theirs)):
            os.close(theirs)
            code = self._code()
        reading.join(_LONG_S)
        os.close(ours)
        return code, b"".join(parts).decode().replace("\r\n", "\n")

    def _code(self) -> int:
        arguments, folder, environment = sys.argv, os.open(".", os.O_RDONLY), {**os.environ}
        handlers = {one: signal.getsignal(one) for one in _SIGNALS}
        log = logging.getLogger("omnisearch")
        heard = log.handlers[:]
        try:
            os.chdir(self.cwd)
            _become(self.environment)
            sys.argv = ["omnisearch", *self.arguments]
            return main()
        finally:
            sys.argv, log.handlers[:] = arguments, heard
            for one, handler in handlers.items():
                signal.signal(one, handler)
            _become(environment)
            os.fchdir(folder)
            os.close(folder)


def _become(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


@contextmanager
def _streams(descriptors: Sequence[int]) -> Iterator[None]:
    """Let these be the streams of the process, for Python and for what is written in C."""
    before = {name: getattr(sys, name) for one in _STREAMS for name in (one, f"__{one}__")}
    for name in ("stdout", "stderr"):
        before[name].flush()
    kept = [os.dup(number) for number in range(3)]
    try:
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
        opened = [open(number, "w" if number else "r", closefd=False) for number in range(3)]
        opened[2].reconfigure(errors="backslashreplace", line_buffering=True)
        for name, stream in zip(_STREAMS, opened, strict=True):
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)  # what the width of the terminal is asked of
        yield
        for stream in opened:
            with suppress(OSError):  # nobody reads it
                stream.close()
    finally:
        for name, stream in before.items():
            setattr(sys, name, stream)
        for number, descriptor in enumerate(kept):
            os.dup2(descriptor, number)
            os.close(descriptor)


def _started(work: object, *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
    thread.start()
    return thread


def _feed(pipe: int, text: bytes) -> None:
    with suppress(BrokenPipeError):
        while text:
            text = text[os.write(pipe, text) :]
    os.close(pipe)


def _read(terminal: int, parts: list[bytes]) -> None:
    with suppress(OSError):  # Linux says EIO when the other side is closed
        while part := os.read(terminal, 65_536):
            parts.append(part)
