"""What a decoder that was taken over would do next: each deed raises, or it was done.

Run in a worker by `pieces`, and as a program of its own to show that the deeds are real.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import json
import mmap
import os
import resource
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.piece import Piece
from omnisearch.media.sandbox import kernel

LIBRARY = ctypes.CDLL(None, use_errno=True)
MAP_GROWSDOWN, MAP_NORESERVE = 0x100, 0x4000
GIB = 1 << 30
SECRET = "OMNISEARCH_TEST_SECRET"
OWN = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS


@dataclass(frozen=True)
class Target:
    """What a deed is aimed at: a folder with the file `canary`, a listening port, a process."""

    folder: str
    port: int
    victim: int
    file: int = -1  # the descriptor of the file that is decoded

    @property
    def canary(self) -> Path:
        return Path(self.folder, "canary")


def call(name: str, *arguments: int) -> int:
    """Make a system call, by the numbers of x86-64 and aarch64."""
    number = NUMBERS[name][("x86_64", "aarch64").index(os.uname().machine)]
    return kernel.call(number, *arguments)


NUMBERS = {
    "add_key": (248, 217),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "inotify_init1": (294, 26),
    "io_uring_setup": (425, 425),
    "keyctl": (250, 219),
    "mount": (165, 40),
    "perf_event_open": (298, 241),
    "process_vm_readv": (310, 270),
    "ptrace": (101, 117),
    "setns": (308, 268),
    "shmctl": (31, 195),
    "shmget": (29, 194),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}
PTRACE_ATTACH, CLONE_NEWUSER, PR_SET_PDEATHSIG, FIONREAD = 16, 0x10000000, 1, 0x541B


def map_memory(size: int, protection: int, flags: int) -> None:
    """Map memory of no file, and give it back."""
    LIBRARY.mmap.restype = ctypes.c_void_p
    words = [ctypes.c_size_t(one) for one in (0, size)]
    kinds = [ctypes.c_int(one) for one in (protection, flags, -1)]
    found = LIBRARY.mmap(*words, *kinds, ctypes.c_long(0))
    if found == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), "mmap")
    LIBRARY.munmap(ctypes.c_void_p(found), ctypes.c_size_t(size))


def _connect(target: Target) -> None:
    with socket.socket() as one:
        one.connect(("127.0.0.1", target.port))


def _bind(target: Target) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()


def _fork(target: Target) -> None:
    process = os.fork()
    if process == 0:
        os._exit(0)
    os.waitpid(process, 0)


def _thread(target: Target) -> None:
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


def _pass_on(target: Target) -> None:
    # to the parent, which would hold what is passed until it runs out
    ours, theirs = socket.socketpair()
    with ours, theirs:
        socket.send_fds(ours, [b"x"], [0])


def _inherited(target: Target) -> None:
    for one in range(3, 4096):
        if one != target.file:
            try:
                os.read(one, 0)
            except OSError as error:
                if error.errno == errno.EBADF:
                    continue
            return
    raise OSError(errno.EBADF, "nothing is open")


def _secret(target: Target) -> None:
    LIBRARY.getenv.restype = ctypes.c_char_p
    if SECRET not in os.environ and not LIBRARY.getenv(SECRET.encode()):
        raise OSError(errno.ENOENT, "no secret")


def _borrow_signal(target: Target) -> None:
    # a socket that is written to would send a signal to whoever is named its owner
    fcntl.fcntl(0, fcntl.F_SETOWN, target.victim)


def _pair(target: Target) -> None:
    for one in socket.socketpair():
        one.close()


def _pipe(target: Target) -> None:
    for one in os.pipe():
        os.close(one)


def _share_file(target: Target) -> None:
    mmap.mmap(target.file, 1, mmap.MAP_SHARED, mmap.PROT_READ).close()


def _raise_limit(target: Target) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _limit_other(target: Target) -> None:
    resource.prlimit(target.victim, resource.RLIMIT_CORE, (0, 0))


def _unnamed_file(target: Target) -> None:
    os.close(os.open(target.folder, os.O_TMPFILE | os.O_RDWR))


Deed = Callable[[Target], object]
DEEDS: dict[str, Deed] = {
    "open /etc/passwd": lambda target: Path("/etc/passwd").read_bytes(),
    "open without reading": lambda target: os.close(os.open("/etc/passwd", os.O_PATH)),
    "list a folder": lambda target: next(Path("/").iterdir()),
    "look at a file": lambda target: Path("/etc/passwd").stat(),
    "read /proc": lambda target: Path("/proc/self/maps").read_bytes(),
    "write a new file": lambda target: Path(target.folder, "new").write_bytes(b"x"),
    "write to a file": lambda target: target.canary.write_bytes(b"x"),
    "make an unnamed file": _unnamed_file,
    "cut a file short": lambda target: os.truncate(target.canary, 0),
    "make a folder": lambda target: Path(target.folder, "folder").mkdir(),
    "make a symlink": lambda target: Path(target.folder, "symlink").symlink_to("/"),
    "make a link": lambda target: Path(target.folder, "link").hardlink_to(target.canary),
    "make a named pipe": lambda target: os.mkfifo(Path(target.folder, "fifo")),
    "change rights": lambda target: target.canary.chmod(0o777),
    "change times": lambda target: os.utime(target.canary, (0, 0)),
    "rename a file": lambda target: target.canary.rename(Path(target.folder, "renamed")),
    "unlink a file": lambda target: Path(target.folder, "renamed").unlink(),
    "change the folder": lambda target: os.chdir("/"),
    "connect": _connect,
    "bind and listen": _bind,
    "socket pair": _pair,
    "run a program": lambda target: subprocess.run(["/bin/true"], check=True),
    "become a program": lambda target: os.execv("/nowhere", ["nowhere"]),
    "fork": _fork,
    "thread": _thread,
    "signal the parent": lambda target: os.kill(target.victim, 0),
    "signal everybody": lambda target: os.kill(-1, 0),
    "signal by handle": lambda target: os.close(os.pidfd_open(target.victim)),
    "trace the parent": lambda target: call("ptrace", PTRACE_ATTACH, target.victim, 0, 0),
    "read the parent": lambda target: call("process_vm_readv", target.victim, 0, 0, 0, 0, 0),
    "borrow a signal": _borrow_signal,
    "mount": lambda target: call("mount", 0, 0, 0, 0, 0),
    "change the root": lambda target: call("chroot", 0),
    "become another user": lambda target: os.setuid(0),
    "new namespaces": lambda target: call("unshare", CLONE_NEWUSER),
    "foreign namespaces": lambda target: call("setns", -1, 0),
    "outlive the parent": lambda target: kernel.prctl(PR_SET_PDEATHSIG, 0),
    "set a limit": _raise_limit,
    "limit the parent": _limit_other,
    "nice": lambda target: os.nice(1),
    "io_uring": lambda target: call("io_uring_setup", 1, 0),
    "keys of others": lambda target: call("keyctl", 0, -3, 0),
    "add a key": lambda target: call("add_key", 0, 0, 0, 0, -3),
    "programs for the kernel": lambda target: call("bpf", 0, 0, 0),
    "performance events": lambda target: call("perf_event_open", 0, 0, -1, -1, 0),
    "page faults": lambda target: os.close(call("userfaultfd", 0)),
    "watch files": lambda target: os.close(call("inotify_init1", 0)),
    "memory file": lambda target: os.close(os.memfd_create("hoard")),
    "System V memory": lambda target: call("shmctl", call("shmget", 0, 1 << 20, 0o1600), 0, 0),
    "shared memory": lambda target: map_memory(1 << 20, 3, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS),
    "a stack that grows": lambda target: map_memory(1 << 20, 3, OWN | MAP_GROWSDOWN),
    "memory with code": lambda target: map_memory(4096, 7, OWN),
    "4 GiB of memory": lambda target: map_memory(4 * GIB, 3, OWN),
    "4 TiB of addresses": lambda target: map_memory(4096 * GIB, 0, OWN | MAP_NORESERVE),
    "pipe": _pipe,
    "copy a descriptor": lambda target: os.close(os.dup(0)),
    "copy it otherwise": lambda target: os.close(fcntl.fcntl(0, fcntl.F_DUPFD, 3)),
    "pass a descriptor on": _pass_on,
    "an inherited descriptor": _inherited,
    "the environment": _secret,
    "write to the file": lambda target: os.write(target.file, b"x"),
    "cut the file short": lambda target: os.ftruncate(target.file, 0),
    "rights of the file": lambda target: os.fchmod(target.file, 0o777),
    "lock the file": lambda target: fcntl.flock(target.file, fcntl.LOCK_SH),
    "share the file": _share_file,
    "ask a device": lambda target: fcntl.ioctl(0, FIONREAD, b"\0\0\0\0"),
}


def done(target: Target) -> dict[str, str]:
    """Try every deed, and give what came of it: "done", or the name of the refusal."""
    outcomes = {}
    for name, deed in DEEDS.items():
        try:
            deed(target)
        except OSError as error:
            outcomes[name] = errno.errorcode.get(error.errno or 0, str(error))
        except (RuntimeError, ValueError) as error:  # of threads, of limits
            outcomes[name] = str(error)
        else:
            outcomes[name] = "done"
    return outcomes


def pieces(file: BinaryIO, ask: Ask) -> Iterator[Piece]:
    """Try every deed where files are decoded."""
    yield Piece({"outcomes": done(Target(**json.loads(ask.name), file=file.fileno()))})


def unlisted(file: BinaryIO, ask: Ask) -> Iterator[Piece]:
    """Make every call of a list, with arguments that no call likes, and give each refusal."""
    refusals = {}
    for number in json.loads(ask.name):
        try:
            kernel.call(number, *[-1] * 6)
        except OSError as error:
            refusals[str(number)] = errno.errorcode[error.errno or 0]
        else:
            refusals[str(number)] = "done"
    yield Piece({"refusals": refusals})


if __name__ == "__main__":
    aim = Target(**json.loads(sys.argv[1]), file=os.open(sys.argv[2], os.O_RDWR))
    sys.stdout.write(json.dumps(done(aim)))
