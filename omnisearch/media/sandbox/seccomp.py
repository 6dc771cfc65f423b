"""A filter on system calls: what is not listed fails with EPERM, whatever a decoder was made to do.

The filter is a program for the kernel's packet filter: it loads the number of a call, compares, and
loads arguments where they matter. https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

from __future__ import annotations

import ctypes
import errno
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from omnisearch.media.sandbox import kernel
from omnisearch.media.sandbox.kernel import Machine

_LOAD, _EQUAL, _AND, _RETURN = 0x20, 0x15, 0x54, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in what the filter sees
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_PR_GET_SECCOMP, _PR_SET_SECCOMP, _FILTER = 21, 22, 2
_ANY = 0xFFFFFFFF

# mmap: own memory (2) of no special kind; shared memory is counted by no limit, and a stack that
# grows down is not counted as data
_MAP_KIND, _MAP_GROWSDOWN, _MAP_HUGETLB = 0x0F, 0x0100, 0x40000
_PROT_EXEC, _PROT_GROWS = 0x4, 0x03000000
_FORK = 0x01200011  # what the C library's fork asks of clone: a copy, and a signal when it ends
_PLAIN_FORK = 0x11
CHANNEL = 0  # the one descriptor over which a locked process talks


@dataclass(frozen=True, slots=True)
class Check:
    """An argument (its low half, or its high one) that must be one of some values under a mask."""

    argument: int
    values: tuple[int, ...]
    mask: int = _ANY
    high: bool = False


@dataclass(frozen=True, slots=True)
class Allowed:
    """Calls by number: those allowed whatever the arguments, and those that must pass checks."""

    always: frozenset[int]
    checked: dict[int, tuple[Check, ...]]
    absent: frozenset[int]  # answered as if the kernel had none, so that an older call is tried


def available() -> bool:
    """Tell whether the kernel filters calls, and this processor's are known."""
    if kernel.machine() is None:
        return False
    try:
        kernel.prctl(_PR_GET_SECCOMP)
    except OSError:
        return False
    return True


def for_worker(machine: Machine, process: int) -> Allowed:
    """Give what decoding needs, with no way out: signals reach the process itself only."""
    always, checks = _shared(machine)
    checks["tgkill"] = (Check(0, (process,)),)
    # limits are read, never set: where no new ones are given, in both halves of the pointer
    checks["prlimit64"] = (Check(2, (0,)), Check(2, (0,), high=True))
    return _allowed(machine, always, checks)


def for_zygote(machine: Machine) -> Allowed:
    """Give what making and ending workers needs beside what they need; no thread, no program."""
    always, checks = _shared(machine)
    always |= {*machine.numbers()["breeding"], "fcntl", "prlimit64", "tgkill"}
    checks["mmap"] = (Check(2, (0,), _PROT_EXEC),)  # workers map what they share with the parent
    checks["clone"] = (Check(0, (_FORK, _PLAIN_FORK)),)
    return _allowed(machine, always, checks)


def install(machine: Machine, allowed: Allowed) -> None:
    """Let the calling process, and all that it makes, make only these calls from now on."""
    code = program(machine, allowed)
    text = ctypes.create_string_buffer(code, len(code))
    # struct sock_fprog: how many instructions of 8 bytes, and where they are
    head = struct.pack("@HxxxxxxQ", len(code) // 8, ctypes.addressof(text))
    found = ctypes.create_string_buffer(head, len(head))
    kernel.prctl(_PR_SET_SECCOMP, _FILTER, ctypes.addressof(found))


def program(machine: Machine, allowed: Allowed) -> bytes:
    """Give the filter as the kernel reads it."""
    parts = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_EQUAL, machine.audit, yes=1),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER),
    ]
    for number in sorted(allowed.always):
        parts += [_step(_EQUAL, number, no=1), _step(_RETURN, _ALLOW)]
    for number in sorted(allowed.absent):
        parts += [_step(_EQUAL, number, no=1), _step(_RETURN, _REFUSE | errno.ENOSYS)]
    for number, checks in sorted(allowed.checked.items()):
        body = [one for check in checks for one in _body(check)] + [_step(_RETURN, _ALLOW)]
        parts += [_step(_EQUAL, number, no=len(body)), *body]
    parts.append(_step(_RETURN, _REFUSE | errno.EPERM))
    return b"".join(parts)


def _body(check: Check) -> Iterable[bytes]:
    """Go on behind these steps where the check holds, and refuse the call where it does not."""
    place = _ARGUMENTS + 8 * check.argument + 4 * check.high
    yield _step(_LOAD, place)  # the low half comes first on both processors
    yield _step(_AND, check.mask)
    for left, value in zip(range(len(check.values), 0, -1), check.values, strict=True):
        yield _step(_EQUAL, value, yes=left)
    yield _step(_RETURN, _REFUSE | errno.EPERM)


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    """Give one instruction; `yes` and `no` are how many to leap over."""
    return struct.pack("<HBBI", code, yes, no, value)


def _shared(machine: Machine) -> tuple[set[str], dict[str, tuple[Check, ...]]]:
    private = Check(3, (2,), _MAP_KIND | _MAP_GROWSDOWN | _MAP_HUGETLB)
    return set(machine.numbers()["always"]), {
        "mmap": (Check(2, (0,), _PROT_EXEC), private),
        "mprotect": (Check(2, (0,), _PROT_EXEC | _PROT_GROWS),),
        "fcntl": (Check(1, (1, 3)),),  # F_GETFD, F_GETFL
        "write": (Check(0, (1, 2)),),  # /dev/null
        "sendto": (Check(0, (CHANNEL,)),),
        "recvfrom": (Check(0, (CHANNEL,)),),
        "recvmsg": (Check(0, (CHANNEL,)),),
    }


def _allowed(machine: Machine, always: set[str], checks: dict[str, tuple[Check, ...]]) -> Allowed:
    table = {name: number for rows in machine.numbers().values() for name, number in rows.items()}
    return Allowed(
        frozenset(table[name] for name in always if name in table),
        {table[name]: some for name, some in checks.items() if name not in always},
        frozenset({table["clone3"]}),
    )
