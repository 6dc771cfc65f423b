"""The filter for each processor, run step by step as the kernel does."""

from __future__ import annotations

import errno
import struct

import pytest

from omnisearch.media.sandbox import kernel, seccomp
from omnisearch.media.sandbox.kernel import MACHINES, Machine

ALLOWED, KILLED, PROCESS = "allowed", "killed", 4321
PRIVATE, SHARED, ANONYMOUS, GROWS, CODE = 0x02, 0x01, 0x20, 0x100, 0x4
FORK, THREAD = 0x01200011, 0x3D0F00


def verdict(program: bytes, audit: int, number: int, arguments: tuple[int, ...] = ()) -> str:
    """Run a filter on a call."""
    words = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    seen = struct.pack("<IIQ6Q", number, audit, 0, *words)
    steps = list(struct.iter_unpack("<HBBI", program))
    place = value = 0
    while True:
        code, yes, no, constant = steps[place]
        place += 1
        if code == 0x20:
            (value,) = struct.unpack_from("<I", seen, constant)
        elif code == 0x54:
            value &= constant
        elif code == 0x15:
            place += yes if value == constant else no
        else:
            assert code == 0x06
            action, data = constant & 0xFFFF0000, constant & 0xFFFF
            names = {0x7FFF0000: ALLOWED, 0x80000000: KILLED}
            return names.get(action) or errno.errorcode[data]


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest) -> Machine:
    return MACHINES[request.param]


def told(machine: Machine, name: str, *arguments: int, zygote: bool = False) -> str:
    allowed = seccomp.for_zygote(machine) if zygote else seccomp.for_worker(machine, PROCESS)
    table = {one: number for rows in machine.numbers().values() for one, number in rows.items()}
    return verdict(seccomp.program(machine, allowed), machine.audit, table[name], arguments)


def test_a_worker_reads_and_keeps_memory_of_its_own(machine: Machine) -> None:
    for name in machine.numbers()["always"]:
        assert told(machine, name, 0xFFFFFFFF, 0xFFFFFFFF) == ALLOWED
    assert told(machine, "mmap", 0, 4096, 3, PRIVATE | ANONYMOUS) == ALLOWED
    assert told(machine, "mprotect", 0, 4096, 3) == ALLOWED
    assert told(machine, "sendto", 0) == told(machine, "recvmsg", 0) == ALLOWED
    assert told(machine, "tgkill", PROCESS) == ALLOWED
    assert told(machine, "prlimit64", 0, 7, 0, 0x7FFF00000000) == ALLOWED


def test_a_worker_gets_nothing_else(machine: Machine) -> None:
    assert told(machine, "mmap", 0, 4096, 3 | CODE, PRIVATE | ANONYMOUS) == "EPERM"
    assert told(machine, "mmap", 0, 4096, 3, SHARED | ANONYMOUS) == "EPERM"
    assert told(machine, "mmap", 0, 4096, 3, 3) == "EPERM"  # MAP_SHARED_VALIDATE
    assert told(machine, "mmap", 0, 4096, 3, PRIVATE | ANONYMOUS | GROWS) == "EPERM"
    assert told(machine, "mprotect", 0, 4096, CODE) == "EPERM"
    assert told(machine, "tgkill", PROCESS + 1) == "EPERM"
    assert told(machine, "prlimit64", 0, 7, 0x7FFF00000000) == "EPERM"
    assert told(machine, "prlimit64", 0, 7, 0x1000) == "EPERM"
    assert told(machine, "write", 3) == told(machine, "sendto", 3) == "EPERM"
    assert told(machine, "fcntl", 0, 4) == "EPERM"
    assert told(machine, "clone", FORK) == told(machine, "clone", THREAD) == "EPERM"
    assert told(machine, "clone3") == "ENOSYS"
    for name in (*machine.numbers()["breeding"], *machine.numbers()["locking"]):
        assert told(machine, name) == "EPERM"


def test_what_makes_workers_forks_and_starts_no_thread(machine: Machine) -> None:
    assert told(machine, "clone", FORK, zygote=True) == ALLOWED
    assert told(machine, "clone", THREAD, zygote=True) == "EPERM"
    assert told(machine, "clone", FORK | 0x10000000, zygote=True) == "EPERM"  # a new user space
    assert told(machine, "mmap", 0, 4096, 3, SHARED, zygote=True) == ALLOWED
    assert told(machine, "mmap", 0, 4096, CODE, PRIVATE, zygote=True) == "EPERM"


def test_whatever_a_worker_may_its_maker_may(machine: Machine) -> None:
    # filters add up: what the first refuses, the second cannot allow
    maker, worker = seccomp.for_zygote(machine), seccomp.for_worker(machine, PROCESS)
    assert worker.always <= maker.always
    assert set(worker.checked) <= set(maker.checked) | maker.always


def test_calls_by_another_convention_end_the_process(machine: Machine) -> None:
    program = seccomp.program(machine, seccomp.for_worker(machine, PROCESS))
    assert verdict(program, 0x40000003, machine.numbers()["always"]["read"]) == KILLED  # i386
    x32 = 0x40000000
    assert verdict(program, machine.audit, x32 | 1) == "EPERM"


def test_no_call_has_two_numbers(machine: Machine) -> None:
    numbers = [number for rows in machine.numbers().values() for number in rows.values()]
    assert len(set(numbers)) == len(numbers) > 60


def test_this_processor_is_known_or_nothing_is_filtered() -> None:
    assert seccomp.available() <= (kernel.machine() is not None)
