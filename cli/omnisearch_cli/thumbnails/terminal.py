"""Whether a terminal shows pictures, and how large its letters are; in doubt it shows none.

A terminal that is asked answers through its keyboard, so nobody may be typing then.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import struct
import sys
import termios
import time
from collections.abc import Mapping
from typing import Literal

Protocol = Literal["kitty", "sixel"]
WANTED = ("auto", "kitty", "sixel", "none")

_KITTY_TERMS = ("xterm-kitty", "xterm-ghostty")
_OTHERS = ("TERM_PROGRAM", "VTE_VERSION", "KONSOLE_VERSION", "WT_SESSION")  # begun inside of kitty
_DOUBTFUL = ("CI", "TMUX", "STY", "SSH_CONNECTION", "SSH_TTY", "NO_COLOR")
_ASK = b"\x1b[c"  # primary device attributes
_TOLD = re.compile(rb"\x1b\[\?([\d;]*)c")
_SIXEL = b"4"
_SHORT_S, _MOST_BYTES = 0.5, 256  # what answers at all does so within a tenth of a second
_LETTER = (6, 12)  # pixels, where nobody tells: smaller than most, so that a picture has room
_LEAST, _MOST = 4, 128


def protocol(wanted: str, environment: Mapping[str, str]) -> Protocol | None:
    """Choose how pictures are drawn; None where none are. What a person names is believed."""
    if wanted == "none" or not sys.stdout.isatty():
        return None
    if wanted in ("kitty", "sixel"):
        return "kitty" if wanted == "kitty" else "sixel"
    term = environment.get("TERM", "")
    if any(map(environment.get, _DOUBTFUL)) or term in ("", "dumb", "linux"):
        return None
    if term.startswith(("screen", "tmux")):
        return None
    inside = environment.get("KITTY_WINDOW_ID") and not any(map(environment.get, _OTHERS))
    if term in _KITTY_TERMS or inside:
        return "kitty"
    return "sixel" if _SIXEL in _attributes() else None


def letter(descriptor: int) -> tuple[int, int]:
    """Give how wide and high a letter is, in pixels."""
    try:
        told = fcntl.ioctl(descriptor, termios.TIOCGWINSZ, bytes(8))
    except OSError:
        return _LETTER
    lines, columns, wide, high = struct.unpack("4H", told)
    if not all((lines, columns, wide, high)):
        return _LETTER
    found = wide // columns, high // lines
    return found if all(_LEAST <= side <= _MOST for side in found) else _LETTER


def _attributes() -> frozenset[bytes]:
    """Ask the terminal what it can do; nothing where it does not say so at once."""
    try:
        reading, writing = sys.stdin.fileno(), sys.stdout.fileno()
        if not os.path.samestat(os.fstat(reading), os.fstat(writing)) or not _is_ours(reading):
            return frozenset()
        before = termios.tcgetattr(reading)
        quiet = [*before[:3], before[3] & ~(termios.ECHO | termios.ICANON), *before[4:]]
        termios.tcsetattr(reading, termios.TCSANOW, quiet)
        try:
            return _asked(reading, writing)
        finally:
            termios.tcsetattr(reading, termios.TCSANOW, before)
    except (OSError, ValueError, termios.error):  # no terminal, or gone
        return frozenset()


def _is_ours(terminal: int) -> bool:
    """Tell whether what is typed is for this program, and not for others in front of it."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:  # the terminal of another session, whose client is in front of it
        return os.isatty(terminal)


def _asked(reading: int, writing: int) -> frozenset[bytes]:
    if select.select([reading], [], [], 0)[0]:
        return frozenset()  # somebody types already: that stays for whom it is meant
    os.write(writing, _ASK)
    told, end = b"", time.monotonic() + _SHORT_S
    while (left := end - time.monotonic()) > 0 and len(told) < _MOST_BYTES:
        if not select.select([reading], [], [], left)[0]:
            break
        told += os.read(reading, _MOST_BYTES)
        if match := _TOLD.search(told):
            return frozenset(match[1].split(b";")[1:])  # the first says which family it is of
    return frozenset()
