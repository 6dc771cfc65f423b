"""Each layer of the sandbox by itself: where a kernel lacks the others, it still holds."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from omnisearch.media.sandbox import kernel, landlock, seccomp

ROOT = Path(__file__).parents[2]
TRY = """
import errno, json, mmap, os, resource, socket, sys
from pathlib import Path
from omnisearch.media.sandbox import kernel, landlock, lockdown, privileges, rlimits, seccomp
from omnisearch.media.sandbox.rlimits import Allowance
folder, port, outcomes = Path(sys.argv[1]), int(sys.argv[2]), {}
machine = kernel.machine()

def attempt(name, deed):
    try:
        deed()
    except OSError as error:
        outcomes[name] = errno.errorcode[error.errno]
    except (MemoryError, ValueError) as error:
        outcomes[name] = type(error).__name__
    else:
        outcomes[name] = "done"
"""
linux = pytest.mark.skipif(kernel.machine() is None, reason="its calls are not known")


def outcomes(folder: Path, port: int, script: str) -> dict[str, Any]:
    command = [sys.executable, "-c", f"{TRY}{script}\nprint(json.dumps(outcomes))"]
    done = subprocess.run(
        [*command, str(folder), str(port)], cwd=ROOT, check=True, capture_output=True, text=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.skipif(not landlock.version(), reason="the kernel has no Landlock")
def test_landlock_alone_shuts_files_and_the_network(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = outcomes(
            tmp_path,
            listener.getsockname()[1],
            """
privileges.renounce()
outcomes["version"] = landlock.deny_all()
attempt("read", (folder / "file").read_bytes)
attempt("write", lambda: (folder / "file").write_bytes(b"y"))
attempt("make", (folder / "new").mkdir)
attempt("list", lambda: list(folder.iterdir()))
attempt("unlink", (folder / "file").unlink)
attempt("run", lambda: os.execv(sys.executable, [sys.executable, "-c", ""]))
attempt("connect", lambda: socket.create_connection(("127.0.0.1", port)))
attempt("signal", lambda: os.kill(os.getppid(), 0))
""",
        )
    version = found.pop("version")
    assert version == landlock.version()
    newer = {"connect": 4, "signal": 6}
    since = {"connect": "EACCES", "signal": "EPERM"}
    for name in found:
        known = version >= newer.get(name, 1)
        assert found[name] == (since.get(name, "EACCES") if known else "done"), name
    assert (tmp_path / "file").read_bytes() == b"x"


def test_limits_alone_bound_memory_files_and_processes(tmp_path: Path) -> None:
    found = outcomes(
        tmp_path,
        0,
        """
if os.getuid() == 0:
    privileges.drop_capabilities(machine)
rlimits.hold(Allowance(1 << 30, 1 << 31, 60, 16, 0))
attempt("little", lambda: bytearray(1 << 20))
attempt("memory", lambda: bytearray(1 << 30))
attempt("addresses", lambda: mmap.mmap(-1, 1 << 31, prot=mmap.PROT_READ))
attempt("write", lambda: (folder / "new").write_bytes(b"x"))
attempt("copies", lambda: [os.dup(0) for _ in range(16)])
attempt("more", lambda: resource.setrlimit(resource.RLIMIT_DATA, (1 << 31, 1 << 31)))
outcomes["processor"] = resource.getrlimit(resource.RLIMIT_CPU)
outcomes["core"] = resource.getrlimit(resource.RLIMIT_CORE)
""",
    )
    assert found == {
        "little": "done",
        "memory": "MemoryError",
        "addresses": "ENOMEM",
        "write": "EFBIG",
        "copies": "EMFILE",
        "more": "ValueError",
        "processor": [60, 61],
        "core": [0, 0],
    }


def test_limits_only_fall(tmp_path: Path) -> None:
    found = outcomes(
        tmp_path,
        0,
        """
rlimits.hold(Allowance(files=32))
rlimits.hold(Allowance(files=64))
outcomes["files"] = resource.getrlimit(resource.RLIMIT_NOFILE)
""",
    )
    assert found == {"files": [32, 32]}


@linux
@pytest.mark.skipif(os.getuid() != 0, reason="only root has what is dropped here")
def test_root_without_capabilities_is_a_user(tmp_path: Path) -> None:
    found = outcomes(
        tmp_path,
        0,
        """
(folder / "file").write_bytes(b"x")
os.chown(folder / "file", 12345, 12345)
(folder / "file").chmod(0o600)
privileges.drop_capabilities(machine)
attempt("read", (folder / "file").read_bytes)
attempt("own", lambda: os.chown(folder / "file", 0, 0))
attempt("root", lambda: os.chroot(folder))
""",
    )
    assert found == {"read": "EACCES", "own": "EPERM", "root": "EPERM"}


@linux
@pytest.mark.skipif(not seccomp.available(), reason="the kernel filters no calls")
def test_a_filter_needs_no_other_layer_but_the_bar_to_new_rights(tmp_path: Path) -> None:
    found = outcomes(
        tmp_path,
        0,
        """
privileges.renounce()
seccomp.install(machine, seccomp.for_worker(machine, os.getpid()))
attempt("open", lambda: os.open("/dev/null", os.O_RDONLY))
attempt("install another", lambda: seccomp.install(machine, seccomp.for_zygote(machine)))
attempt("renounce", privileges.renounce)
""",
    )
    assert found == {"open": "EPERM", "install another": "EPERM", "renounce": "EPERM"}


@linux
def test_a_process_whose_parent_is_gone_ends_at_once(tmp_path: Path) -> None:
    found = outcomes(
        tmp_path,
        0,
        """
child = os.fork()
if child == 0:
    privileges.die_with(1 << 22)  # nobody's number
    os._exit(1)
outcomes["status"] = os.waitpid(child, 0)[1]
privileges.be_called("a name that is long")
outcomes["name"] = Path("/proc/self/comm").read_text()
""",
    )
    assert found == {"status": 0, "name": "a name that is \n"}
