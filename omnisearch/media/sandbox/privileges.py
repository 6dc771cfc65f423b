"""What a process gives up about itself: more rights by running a program, and those it has."""

from __future__ import annotations

import ctypes
import os
import signal

from omnisearch.media.sandbox import kernel
from omnisearch.media.sandbox.kernel import Machine

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITY_VERSION_3 = 0x20080522


def renounce() -> None:
    """Never gain rights again; without this, no filter can be installed."""
    kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1)


def drop_capabilities(machine: Machine) -> None:
    """Give up what makes root more than a user: the files of others, devices, limits."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    none = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable, each in two halves
    number = machine.numbers()["locking"]["capset"]
    kernel.call(number, ctypes.addressof(header), ctypes.addressof(none))


def die_with(parent: int) -> None:
    """Be killed when the parent ends; where it has ended already, end now."""
    kernel.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def be_called(name: str) -> None:
    """Stand in lists of processes under a name of 15 letters at most."""
    text = ctypes.create_string_buffer(name.encode()[:15])
    kernel.prctl(_PR_SET_NAME, ctypes.addressof(text))
