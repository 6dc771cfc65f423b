"""Landlock: files, sockets and signals out of reach, for this process and all that it makes.

https://docs.kernel.org/userspace-api/landlock.html: a ruleset without rules denies all it handles.
"""

from __future__ import annotations

import ctypes
import os

from omnisearch.media.sandbox import kernel

_VERSION_ONLY = 1
# by version of the interface: how many rights over files it knows, and how long its ruleset is
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_NETWORK = 0b11  # to bind and to connect TCP, since 4
_SCOPES = 0b11  # abstract sockets and signals of others, since 6


def version() -> int:
    """Give the version of the interface that the kernel has; 0: none, or switched off."""
    machine = kernel.machine()
    if machine is None:
        return 0
    create = machine.numbers()["locking"]["landlock_create_ruleset"]
    try:
        return kernel.call(create, 0, 0, _VERSION_ONLY)
    except OSError:
        return 0


def deny_all() -> int:
    """Put every file, TCP and foreign processes out of reach; give the version that did it."""
    machine, found = kernel.machine(), version()
    if machine is None or not found:
        return 0
    words = [(1 << _FILE_RIGHTS[min(found, 5)]) - 1]
    if found >= 4:
        words.append(_NETWORK)
    if found >= 6:
        words.append(_SCOPES)
    ruleset = (ctypes.c_uint64 * len(words))(*words)
    calls = machine.numbers()["locking"]
    made = kernel.call(
        calls["landlock_create_ruleset"], ctypes.addressof(ruleset), ctypes.sizeof(ruleset), 0
    )
    try:
        kernel.call(calls["landlock_restrict_self"], made, 0)
    finally:
        os.close(made)
    return found
