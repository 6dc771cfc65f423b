"""What is hashed is what is decoded, whatever happens to the file meanwhile."""

import fcntl
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from blake3 import blake3

from omnisearch.errors import UnsupportedTypeError
from omnisearch.ingest import opening
from omnisearch.ingest.beneath import Beneath, kernel_stays_beneath
from omnisearch.ingest.entries import Entry, RefusedError, entry_of
from omnisearch.ingest.opening import Copy, opened
from omnisearch.locations import Root

KERNEL = pytest.mark.skipif(not kernel_stays_beneath(), reason="this kernel has no openat2")


def root_of(folder: Path) -> Root:
    return Root(5, os.fsencode(folder), folder.stat().st_dev, "folder")


def entry_at(folder: Path, name: str) -> Entry:
    return entry_of(5, name.encode(), (folder / name).lstat())


def read(copy: Copy) -> bytes:
    assert os.lseek(copy.fd, 0, os.SEEK_CUR) == 0
    return os.read(copy.fd, copy.size + 1)


def refusal(folder: Path, entry: Entry) -> tuple[str, str]:
    with Beneath(root_of(folder)) as handle, pytest.raises(RefusedError) as caught:
        opened(handle, entry)
    assert caught.value.refused.path == entry.path
    return caught.value.refused.outcome, caught.value.refused.reason


@pytest.mark.parametrize("size", [0, 1, 4_097, (1 << 20) + 3, 3 << 20])
def test_a_copy_is_sealed_and_its_digest_names_it(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)
    (tmp_path / "a").write_bytes(data)
    before = time.time_ns()
    with Beneath(root_of(tmp_path)) as handle, opened(handle, entry_at(tmp_path, "a")) as copy:
        assert copy.digest == blake3(data).hexdigest()[:32]
        assert read(copy) == data
        assert copy.sealed
        assert copy.entry == entry_at(tmp_path, "a")
        assert before <= copy.read_at_ns <= time.time_ns()
        with pytest.raises(PermissionError):
            os.write(copy.fd, b"x")
        with pytest.raises(PermissionError):
            os.ftruncate(copy.fd, size + 1)
        (tmp_path / "a").write_bytes(b"other")
        copy.check()
        os.lseek(copy.fd, 0, os.SEEK_SET)
        assert read(copy) == data


def test_a_large_file_stays_where_it_is_and_is_checked_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "COPIED_BYTES", 100)
    (tmp_path / "a").write_bytes(b"x" * 101)
    with Beneath(root_of(tmp_path)) as handle, opened(handle, entry_at(tmp_path, "a")) as copy:
        assert not copy.sealed
        assert copy.digest == blake3(b"x" * 101).hexdigest()[:32]
        assert read(copy) == b"x" * 101
        copy.check()
        assert fcntl.fcntl(copy.fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY
        with (tmp_path / "a").open("ab") as more:
            more.write(b"y")
        with pytest.raises(RefusedError, match="it changes while it is read"):
            copy.check()


def test_no_descriptor_is_left(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    os.mkfifo(tmp_path / "pipe")
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    with Beneath(root_of(tmp_path)) as handle:
        opened(handle, entry_at(tmp_path, "a")).close()
        for name in ("pipe", "a"):
            with pytest.raises((RefusedError, KeyError)):
                opened(handle, entry_at(tmp_path, name), _refuse)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def _refuse(_head: bytes, _size: int) -> None:
    raise KeyError


@pytest.mark.parametrize("changes", [0, 1, 2, 3])
def test_a_file_that_changes_is_read_again_twice(tmp_path: Path, changes: int) -> None:
    path, seen = tmp_path / "a", [b"0"]
    path.write_bytes(b"0")

    def change(_head: bytes, _size: int) -> None:  # called in the midst of reading
        if len(seen) <= changes:
            seen.append(b"0" * (len(seen) + 1))
            path.write_bytes(seen[-1])

    with Beneath(root_of(tmp_path)) as handle:
        if changes == 3:
            with pytest.raises(RefusedError, match="it changes while it is read"):
                opened(handle, entry_at(tmp_path, "a"), change)
        else:
            with opened(handle, entry_at(tmp_path, "a"), change) as copy:
                assert read(copy) == seen[-1]


def test_the_first_bytes_are_shown_before_the_rest_is_read(tmp_path: Path) -> None:
    with (tmp_path / "hole.iso").open("wb") as hole:
        hole.write(b"start")
        hole.truncate(1 << 40)
    shown: list[tuple[bytes, int]] = []

    def admit(head: bytes, size: int) -> None:
        shown.append((head[:6], size))
        raise UnsupportedTypeError("a disk")

    entry = entry_at(tmp_path, "hole.iso")  # whoever read it all would take an hour
    with Beneath(root_of(tmp_path)) as handle, pytest.raises(UnsupportedTypeError):
        opened(handle, entry, admit)
    assert shown == [(b"start\0", 1 << 40)]
    assert refusal(tmp_path, entry) == ("failed", "larger than 256 GiB")


def _remove(path: Path) -> None:
    path.unlink()


def _make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _make_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def _make_folder_a_link(path: Path) -> None:
    path.unlink()
    path.parent.rmdir()
    path.parent.symlink_to("/etc")


@pytest.mark.parametrize(
    ("change", "outcome", "reason"),
    [
        (_remove, "gone", "not there any more"),
        (_make_folder, "skipped", "special file"),
        (_make_pipe, "skipped", "special file"),
        (_make_link, "skipped", "symlink"),
        (_make_folder_a_link, "skipped", "symlink"),
    ],
)
def test_what_became_of_a_file_after_it_was_listed(
    tmp_path: Path, change: Callable[[Path], None], outcome: str, reason: str
) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "passwd").write_text("a")
    entry = entry_at(tmp_path, "b/passwd")
    change(tmp_path / "b" / "passwd")
    assert refusal(tmp_path, entry) == (outcome, reason)  # it would wait for ever for a pipe


@KERNEL
def test_a_link_that_leads_elsewhere_by_now_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a").write_text("a")
    (tmp_path / "secret").write_text("secret")
    link = tmp_path / "root" / "link"
    link.symlink_to("a")
    entry = entry_of(5, b"link", link.stat(), link=True)
    with Beneath(root_of(tmp_path / "root")) as handle, opened(handle, entry) as copy:
        assert read(copy) == b"a"
    link.unlink()
    link.symlink_to("../secret")
    assert refusal(tmp_path / "root", entry) == ("skipped", "symlink")


def test_a_file_that_grows_is_not_taken_half(tmp_path: Path) -> None:
    path, stop = tmp_path / "a", threading.Event()
    path.write_bytes(b"")

    def grow() -> None:
        with path.open("ab", buffering=0) as file:
            while not stop.is_set() and file.tell() < 8 << 20:
                file.write(b"x" * 65_536)

    growing = threading.Thread(target=grow)
    entry = entry_at(tmp_path, "a")
    growing.start()
    try:
        outcomes = _outcomes(tmp_path, entry, 3)
    finally:
        stop.set()
        growing.join()
    for outcome in outcomes:
        assert outcome == "it changes while it is read" or set(outcome) <= {"x"}


REWRITING = """
import os, sys, time
descriptor = os.open(sys.argv[1], os.O_WRONLY)
print("begun", flush=True)
for number in range(10**9):
    os.pwrite(descriptor, bytes([97 + number % 26]) * 1_000_000, 0)
    time.sleep(float(sys.argv[2]))
"""


@pytest.mark.parametrize("pause_s", [0.0, 0.001, 0.05])
def test_a_file_that_is_rewritten_is_read_as_it_was_at_one_moment(
    tmp_path: Path, pause_s: float
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"a" * 1_000_000)
    command = [sys.executable, "-c", REWRITING, str(path), str(pause_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as rewriting:
        assert rewriting.stdout is not None
        rewriting.stdout.readline()
        try:
            outcomes = _outcomes(tmp_path, entry_at(tmp_path, "a"), 10)
        finally:
            rewriting.kill()
    for outcome in outcomes:
        assert outcome == "it changes while it is read" or len(outcome) == 1_000_000


def _outcomes(folder: Path, entry: Entry, times: int) -> list[str]:
    """Read a file several times: its bytes, which are those that were hashed, or a reason."""
    outcomes = []
    with Beneath(root_of(folder)) as handle:
        for _ in range(times):
            try:
                with opened(handle, entry) as copy:
                    data = read(copy)
                    assert blake3(data).hexdigest()[:32] == copy.digest
                    assert len(data) == copy.size
                    outcomes.append(data.decode())
            except RefusedError as error:
                outcomes.append(error.refused.reason)
    return outcomes
