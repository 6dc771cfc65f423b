"""Questions at a terminal, which Ctrl-C and SIGTERM end at once."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from omnisearch_cli import output

_YES, _NO = ("y", "yes"), ("n", "no", "")


def agreed(question: str) -> bool:
    """Ask until the answer is yes or no; a bare Enter is a no."""
    while True:
        answer = _answer(f"{output.escape(question)} [y/N]: ")
        if answer in (*_YES, *_NO):
            return answer in _YES
        output.say("answer y or n")


def _answer(prompt: str) -> str:
    try:
        sys.stderr.write(prompt)
        sys.stderr.flush()
        line = _line()
        if not line:
            raise click.Abort
    except BaseException:
        output.say("")  # what is said next begins a line of its own
        raise
    return line.decode("utf-8", "replace").strip().lower()


def _line() -> bytes:
    """Read a line; no input() here, since a signal that another thread gets would not wake it."""
    terminal = sys.stdin.fileno()
    with _woken() as woken:
        while terminal not in select.select([terminal, woken], [], [])[0]:
            os.read(woken, 1024)  # the handler itself runs before the next step of this loop
        return os.read(terminal, 4096)


@contextmanager
def _woken() -> Iterator[int]:
    """Give a descriptor that can be read once a signal has come."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    before = signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    try:
        yield woken
    finally:
        signal.set_wakeup_fd(before)
        os.close(wake)
        os.close(woken)
