"""The kernel as seen from here: its calls by number, where nothing else gives them a name.

Calls are numbered differently on each processor; x86-64 and aarch64 are known, all of Linux.
"""

from __future__ import annotations

import ctypes
import os
import tomllib
from functools import cache
from importlib import resources

MACHINES = {"x86_64": 0, "aarch64": 1}  # their columns in syscalls.toml
_LIBRARY = ctypes.CDLL(None, use_errno=True)


def column() -> int | None:
    """Give the column of this processor in the table of calls; None: not known, or no Linux."""
    found = os.uname()
    # a 32-bit Python on a 64-bit kernel makes other calls than the table lists
    if found.sysname != "Linux" or ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    return MACHINES.get(found.machine)


@cache
def numbers() -> dict[str, dict[str, int]]:
    """Give the calls that this processor has, by section and name."""
    here = column()
    if here is None:
        return {}
    text = resources.files(__package__).joinpath("syscalls.toml").read_text("utf-8")
    table: dict[str, dict[str, list[int]]] = tomllib.loads(text)
    return {
        section: {name: row[here] for name, row in rows.items() if row[here] >= 0}
        for section, rows in table.items()
    }


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
