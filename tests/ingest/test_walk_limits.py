"""Walks of what is odd, deep, large or changing: every name, few handles, little memory."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omnisearch.ingest.beneath import FILE, Beneath
from omnisearch.ingest.ignore import IGNORE_FILE
from omnisearch.ingest.listing import MAGIC
from omnisearch.ingest.rules import Rules
from omnisearch.ingest.walk import walk
from tests.ingest.trees import KERNEL, paths, refused, root_of, walked, write


@pytest.fixture(params=[pytest.param(True, marks=KERNEL), False], ids=["openat2", "by component"])
def kernel(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one, for many names."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(dir="/dev/shm"))
    yield folder
    shutil.rmtree(folder)


NAMES = st.binary(min_size=1, max_size=40).filter(
    lambda name: not set(name) & {0, ord("/")} and name[:1] != b"."
)
UGLY = [
    b"-rf",
    b"~",
    b"new\nline",
    b"\x1b[31mred",
    "\u202etxt.exe".encode(),
    "e\u0301".encode(),
    "\u00e9".encode(),
    b"\xff\xfe\x80",
    b"n" * 255,
    b" ",
    b"a\\b",
    b"$(id)",
    b"%41",
]


def test_names_are_bytes(tmp_path: Path, kernel: bool) -> None:
    folder = os.fsencode(tmp_path)
    for name in UGLY:
        os.mkdir(os.path.join(folder, name))  # noqa: PTH102, PTH118
        with open(os.path.join(folder, name, name), "wb"):  # noqa: PTH118, PTH123
            pass
    assert paths(walked(tmp_path, kernel=kernel)) == sorted(name + b"/" + name for name in UGLY)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sets(NAMES, min_size=1, max_size=12))
def test_every_name_that_a_disk_takes_is_found(
    tmp_path_factory: pytest.TempPathFactory, names: set[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("names")
    for name in names:
        with open(os.path.join(os.fsencode(folder), name), "wb"):  # noqa: PTH118, PTH123
            pass
    with Beneath(root_of(folder)) as handle:
        found = list(walk(handle, Rules(ignore_files=False)))
        assert {one.path for one in found} == names
        for one in found:
            os.close(handle.open(one.path, FILE))


def test_a_tree_is_walked_deeper_than_a_path_may_be_long(quick: Path, kernel: bool) -> None:
    depth, name = 1_000, b"d" * 60
    folder = os.open(quick, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=folder)
        below = os.open(name, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    os.close(os.open("bottom.txt", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208
    try:
        found = walked(quick, kernel=kernel)
        (path,) = paths(found)
        assert path == (name + b"/") * depth + b"bottom.txt"
        with Beneath(root_of(quick), kernel=kernel) as handle:
            assert handle.state(path) == "there"
            os.close(handle.open(path, FILE))
    finally:
        (quick / name.decode()).rename(quick / "top")
        for _ in range(depth - 1):  # what removes folders from the top goes too deep
            (quick / "top" / name.decode()).rename(quick / "below")
            (quick / "top").rmdir()
            (quick / "below").rename(quick / "top")
    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_no_handle_stays_open_when_a_walk_is_left(tmp_path: Path) -> None:
    write(tmp_path, *(f"a/b/c/{number}.txt" for number in range(5)))
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    with Beneath(root_of(tmp_path)) as handle:
        walking = walk(handle, Rules())
        next(walking)
        walking.close()  # type: ignore[attr-defined]
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


@pytest.mark.parametrize("free", range(4, 12))
def test_few_descriptors_are_enough(tmp_path: Path, free: int) -> None:
    for depth in range(1, 11):
        folder = "/".join("abcdefghij"[:depth])
        write(tmp_path, f"{folder}/{depth}.txt", f"{folder}/{IGNORE_FILE.decode()}")
        write(tmp_path, f"{folder}/ours/table.txt", f"{folder}/ours/FORMAT")
        (tmp_path / folder / "ours/FORMAT").write_bytes(MAGIC)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    last = os.dup(0)  # the lowest number that is free
    taken = [last]
    while last < max(int(name) for name in os.listdir("/proc/self/fd")) - 1:  # noqa: PTH208
        taken.append(last := os.dup(0))  # none is free between
    resource.setrlimit(resource.RLIMIT_NOFILE, (last + 1 + free, limits[1]))
    try:
        found = walked(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for descriptor in taken:
            os.close(descriptor)
    assert len(paths(found)) == 10
    assert not refused(found)


SWAPPING = """
import os, sys
os.chdir(sys.argv[1])
print("begun", flush=True)
while True:
    for old, new in (("sub", "away"), ("link", "sub"), ("sub", "link"), ("away", "sub")):
        os.rename(old, new)
"""


@pytest.fixture
def swapped(tmp_path: Path) -> Iterator[Path]:
    """A root in which a folder is a symlink to somewhere else from moment to moment."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    write(root, "sub/deep/a.txt", "sub/a.txt")
    write(outside, "deep/secret.txt", "secret.txt", "deep/a.txt", "a.txt")
    (root / "link").symlink_to(outside)
    command = [sys.executable, "-c", SWAPPING, str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as racing:
        assert racing.stdout is not None
        racing.stdout.readline()
        yield root
        racing.kill()


@pytest.mark.parametrize("least", [2_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_a_racing_rename_leads_nowhere_else(swapped: Path, kernel: bool, least: int) -> None:
    outside = {path.stat().st_ino for path in (swapped.parent / "outside").rglob("*")}
    names = (b"sub/deep/a.txt", b"sub/a.txt", b"link/a.txt")
    opened_it, refused_it, deadline = 0, 0, time.monotonic() + 300
    with Beneath(root_of(swapped), kernel=kernel) as handle:
        while opened_it + refused_it < least or min(opened_it, refused_it) < 20:
            assert time.monotonic() < deadline, "there was no race"
            try:
                descriptor = handle.open(names[(opened_it + refused_it) % 3], FILE)
            except OSError:
                refused_it += 1
                continue
            opened_it += 1
            assert os.fstat(descriptor).st_ino not in outside
            os.close(descriptor)
            if opened_it % 20 == 0:
                assert not any(
                    b"secret" in one.path or getattr(one, "inode", 0) in outside
                    for one in walk(handle, Rules(follow_symlinks=True))
                )


@pytest.mark.slow
@pytest.mark.alone
def test_memory_is_flat_and_a_large_folder_is_quick(quick: Path) -> None:
    folder = os.open(quick, os.O_RDONLY)
    for number in range(60_000):
        os.close(os.open(f"{number}.txt", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)
    program = """
import resource, sys, time
from omnisearch.ingest.beneath import Beneath
from omnisearch.ingest.rules import Rules
from omnisearch.ingest.walk import walk
from omnisearch.locations import Root
root = Root(0, sys.argv[1].encode(), 0, "folder")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with Beneath(root) as handle:
    started, count = time.process_time(), sum(1 for _ in walk(handle, Rules()))
    seconds = time.process_time() - started
print(count, count / seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    ran = subprocess.run(
        [sys.executable, "-c", program, str(quick)], check=True, capture_output=True, text=True
    )
    count, rate, grown_kib = map(float, ran.stdout.split())
    assert count == 60_000
    assert rate >= 8_000
    assert grown_kib <= 4_096
