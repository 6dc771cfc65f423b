"""How a long run is shown while it goes on: one line on a terminal, few lines anywhere else."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import omnisearch as om
from omnisearch_cli import output

_OFTEN_S, _SELDOM_S, _LINES_S = 0.1, 30.0, 1.0
_BAR = 16
_MOST = 120  # columns; a longer line is harder to read
Show = Callable[[om.Progress], None]


@contextmanager
def shown(*, quiet: bool, lines: bool) -> Iterator[Show]:
    """Show progress on stderr, and as lines of JSON on stdout where that is asked for."""
    drawn = _Line() if sys.stderr.isatty() else _Remarks()
    told = _Records() if lines else None

    def show(progress: om.Progress) -> None:
        if told is not None:
            told.show(progress)
        if not quiet:
            drawn.show(progress)

    try:
        yield show
    finally:
        drawn.clear()


@contextmanager
def shown_and_kept(done: str, *, quiet: bool, lines: bool, always: bool = False) -> Iterator[Show]:
    """Show progress, and say that what is `done` is kept when a person or the system ends it early.

    `always` says so whatever the reason is. An empty `done` says nothing.
    """
    last: list[om.Progress] = []
    with _ending(done if not quiet else "", last, always), shown(quiet=quiet, lines=lines) as show:

        def seen(progress: om.Progress) -> None:
            last[:] = [progress]
            show(progress)

        yield seen


@contextmanager
def _ending(done: str, last: list[om.Progress], always: bool) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        if done and last and (always or isinstance(error, KeyboardInterrupt | SystemExit)):
            far = f"{last[0].files:,} of {last[0].of:,} {last[0].unit}s"
            output.say(f"{far} are {done}, and kept: start it again to go on")
        raise


class _Line:
    """A line that is written again and again, as wide as the terminal is just now."""

    def __init__(self) -> None:
        self._next, self._there = 0.0, False

    def show(self, progress: om.Progress) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next, self._there = now + _OFTEN_S, True
        room = min(shutil.get_terminal_size().columns - 1, _MOST)
        self._write(f"\r{drawn(progress, room)}\x1b[K")

    def clear(self) -> None:
        if self._there:
            self._write("\r\x1b[K")
            self._there = False

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):  # nobody looks any more
            sys.stderr.write(text)
            sys.stderr.flush()


class _Remarks:
    """A line now and then, for logs."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _SELDOM_S

    def show(self, progress: om.Progress) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _SELDOM_S
            output.say(", ".join(filter(None, _facts(progress))))

    def clear(self) -> None:
        """Nothing is there that could be taken away."""


class _Records:
    """A line of JSON each second."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _LINES_S

    def show(self, progress: om.Progress) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _LINES_S
        rate = progress.bytes / max(progress.seconds, 1e-9)
        output.line(
            {
                "files": progress.files,
                "of": progress.of,
                "items": progress.items,
                "segments": progress.segments,
                "bytes_per_s": round(rate),
                "failed": progress.failed,
                "seconds": round(progress.seconds, 1),
                "left_s": None if progress.left_s is None else round(progress.left_s),
            }
        )
        sys.stdout.flush()


def drawn(progress: om.Progress, room: int) -> str:
    """Give the line for so many columns: what matters least is left out first."""
    files, segments, rate, *rest = _facts(progress)
    share = progress.files / progress.of if progress.of and not progress.walking else None
    bar, short = ("", "") if share is None else (_bar(share, _BAR), _bar(share, _BAR // 2))
    reading = b"" if share == 1 else progress.now
    name = output.escape(reading.decode("utf-8", "backslashreplace"))
    for parts in (
        [bar + files, segments, rate, *rest],
        [short + files, segments, *rest],
        [short + files, *rest],
        [files, *rest[-1:]],
    ):
        line = "  ".join(filter(None, parts))
        left = room - output.width(line) - 2
        if left >= 0 or parts[0] == files:
            break
    return f"{line}  {output.cut_left(name, left)}" if name and left >= 12 else line[:room]


def _facts(progress: om.Progress) -> list[str]:
    """Give files, segments and rate, and what else there is to tell; the rate may be empty."""
    known = f"{progress.of:,}{'+' if progress.walking else ''}"
    rate = progress.bytes / max(progress.seconds, 1e-9)
    noun = progress.unit if known == "1" else f"{progress.unit}s"
    found = [f"{progress.files:,} of {known} {noun}", f"{progress.segments:,} segments"]
    found.append(f"{size(rate)}/s" if progress.bytes else "")  # none until something is stored
    if progress.failed:
        found.append(f"{progress.failed:,} failed")
    if progress.left_s is not None and not progress.walking:
        found.append(f"{span(progress.left_s)} left")
    return found


def _bar(share: float, cells: int) -> str:
    full = round(cells * share)
    return f"{'━' * full}{'─' * (cells - full)} {100 * share:3.0f} %  "


def span(seconds: float) -> str:
    """Write a time for a person: two units at most."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole < 600 else f"{round(whole / 60)} min"
    if whole < 48 * 3600:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600} h"


def size(amount: float) -> str:
    """Write a number of bytes for a person."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if abs(amount) < 1000 or unit == "TB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
