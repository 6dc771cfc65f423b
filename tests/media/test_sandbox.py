"""Nothing that a decoder could be made to do reaches beyond its own memory."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.pool import Pool
from omnisearch.media.sandbox import kernel, landlock, seccomp
from tests.media.deeds import DEEDS, SECRET
from tests.media.families import Family

ROOT = Path(__file__).parents[2]
# refused by a limit, or because there is nothing left, not by the filter
OTHERWISE = {
    "thread": "can't start new thread",
    "set a limit": "not allowed to raise maximum limit",
    "4 GiB of memory": "ENOMEM",
    "4 TiB of addresses": "ENOMEM",
    "an inherited descriptor": "EBADF",
    "the environment": "ENOENT",
}
# what only root may do anywhere, and what a kernel may be set not to do
RARE = {
    *("mount", "change the root", "become another user", "foreign namespaces", "new namespaces"),
    *("io_uring", "performance events", "page faults", "programs for the kernel"),
    *("trace the parent", "read the parent", "keys of others", "add a key"),
    *("limit the parent", "signal everybody"),
}
complete = pytest.mark.skipif(
    not (seccomp.available() and landlock.version()), reason="the kernel has no such locks"
)


@pytest.fixture
def family() -> Family:
    return Family()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        found.setblocking(False)
        yield found


@pytest.fixture
def victim() -> Iterator[int]:
    with subprocess.Popen(["sleep", "60"]) as found:
        yield found.pid
        found.kill()


def aimed(folder: Path, listener: socket.socket) -> str:
    (folder / "canary").write_bytes(b"alive")
    port = listener.getsockname()[1]
    return json.dumps({"folder": str(folder), "port": port, "victim": os.getpid()})


def fields_of(extractor: str, name: str) -> dict[str, Any]:
    with Pool(extractor, workers=1) as pool, Path(__file__).open("rb") as file:
        (piece,) = pool.decode(file.fileno(), Ask(name))
    return dict(piece.fields)


@complete
def test_every_forbidden_deed_is_refused(
    tmp_path: Path, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET, "1")
    outcomes = fields_of("tests.media.deeds:pieces", aimed(tmp_path, listener))["outcomes"]
    assert outcomes == {name: OTHERWISE.get(name, "EPERM") for name in DEEDS}
    assert [one.name for one in tmp_path.iterdir()] == ["canary"]
    assert (tmp_path / "canary").read_bytes() == b"alive"
    with pytest.raises(BlockingIOError):
        listener.accept()


@complete
def test_the_same_deeds_are_done_where_nothing_is_locked(
    tmp_path: Path, listener: socket.socket, victim: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET, "1")
    (tmp_path / "folder of deeds").mkdir()
    (tmp_path / "file").write_bytes(b"x")
    aim = json.loads(aimed(tmp_path / "folder of deeds", listener)) | {"victim": victim}
    command = [sys.executable, "-m", "tests.media.deeds", json.dumps(aim), str(tmp_path / "file")]
    with (tmp_path / "errors").open("w") as errors:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=dict(os.environ, PYTHONPATH=str(ROOT)),
            pass_fds=[listener.fileno()],
            stdout=subprocess.PIPE,
            stderr=errors,
            check=True,
        )
    outcomes = json.loads(done.stdout)
    refused = {name: one for name, one in outcomes.items() if one == OTHERWISE.get(name, "EPERM")}
    assert set(refused) <= RARE | {"4 GiB of memory"}
    assert len(DEEDS) - len(refused) >= 40
    listener.accept()[0].close()


@complete
def test_every_call_that_is_not_listed_is_refused() -> None:
    machine = kernel.machine()
    assert machine is not None
    table = machine.numbers()
    listed = {number for rows in table.values() for number in rows.values()}
    locking = set(table["locking"].values())
    # calls of the kernel's own probes pass every filter, and kill whoever makes them otherwise
    numbers = sorted(set(range(600)) - (listed - locking) - {335, 336})
    refusals = fields_of("tests.media.deeds:unlisted", json.dumps(numbers))["refusals"]
    assert refusals == {str(number): "EPERM" for number in numbers}


@complete
def test_what_makes_workers_is_locked_as_well(family: Family) -> None:
    with Pool("tests.media.deeds:pieces", workers=1) as pool:
        assert pool.layers().whole
        (zygote,) = family.children()
        status = Path(f"/proc/{zygote}/status").read_text().split("\n")
        told = dict(line.split(":\t", 1) for line in status if ":\t" in line)
        assert (told["Seccomp"], told["NoNewPrivs"], told["Threads"]) == ("2", "1", "1")
        assert set(told["CapEff"]) == set(told["CapPrm"]) == {"0"}
        assert len(list(Path(f"/proc/{zygote}/fd").iterdir())) <= 5
    assert family.children() == []
