"""The kernel as seen from here: its calls by number, where nothing else gives them a name.

Calls are numbered differently on each processor; x86-64 and aarch64 are known, all of Linux.
"""

from __future__ import annotations

import ctypes
import os
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

_LIBRARY = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Machine:
    """A processor: how a filter knows it, and its column in the table of calls."""

    audit: int  # AUDIT_ARCH_… of linux/audit.h
    column: int

    def numbers(self) -> dict[str, dict[str, int]]:
        """Give the calls that this processor has, by section and name."""
        return {
            section: {name: row[self.column] for name, row in rows.items() if row[self.column] >= 0}
            for section, rows in _table().items()
        }


MACHINES = {"x86_64": Machine(0xC000003E, 0), "aarch64": Machine(0xC00000B7, 1)}


@cache
def machine() -> Machine | None:
    """Give this processor; None: its calls are not known, or this is no Linux."""
    found = os.uname()
    # a 32-bit Python on a 64-bit kernel makes other calls than the table lists
    if found.sysname != "Linux" or ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    return MACHINES.get(found.machine)


@cache
def _table() -> dict[str, dict[str, list[int]]]:
    text = resources.files(__package__).joinpath("syscalls.toml").read_text("utf-8")
    return tomllib.loads(text)


def call(number: int, *arguments: int) -> int:
    """Make a system call; a refusal is an OSError."""
    words = [ctypes.c_ulong(one) for one in arguments]
    return _checked(int(_LIBRARY.syscall(ctypes.c_long(number), *words)))


def prctl(option: int, *arguments: int) -> int:
    """Change what the calling process may do; all five arguments are given, as the kernel asks."""
    words = [ctypes.c_ulong(one) for one in (*arguments, 0, 0, 0, 0)[:4]]
    return _checked(int(_LIBRARY.prctl(ctypes.c_int(option), *words)))


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
