"""What a walk finds: every regular file below its root, and nothing that lies elsewhere."""

import os
import resource
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omnisearch.ingest.beneath import FILE, Beneath, kernel_stays_beneath
from omnisearch.ingest.entries import Entry, Refused
from omnisearch.ingest.ignore import IGNORE_FILE
from omnisearch.ingest.listing import MAGIC
from omnisearch.ingest.opening import opened
from omnisearch.ingest.walk import Rules, walk
from omnisearch.locations import Root

KERNEL = pytest.mark.skipif(not kernel_stays_beneath(), reason="this kernel has no openat2")


def root_of(folder: Path) -> Root:
    return Root(3, os.fsencode(folder), folder.stat().st_dev, "folder")


def walked(
    folder: Path, rules: Rules | None = None, beneath: bytes = b"", *, kernel: bool | None = None
) -> list[Entry | Refused]:
    with Beneath(root_of(folder), kernel=kernel) as handle:
        return list(walk(handle, rules or Rules(), beneath))


def paths(found: list[Entry | Refused]) -> list[bytes]:
    return sorted(one.path for one in found if isinstance(one, Entry))


def refused(found: list[Entry | Refused]) -> dict[bytes, tuple[str, str]]:
    return {one.path: (one.outcome, one.reason) for one in found if isinstance(one, Refused)}


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one, for many names."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(dir="/dev/shm"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(params=[pytest.param(True, marks=KERNEL), False], ids=["openat2", "by component"])
def kernel(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_finds_every_file_with_what_stat_says(tmp_path: Path, kernel: bool) -> None:
    write(tmp_path, "a.txt", "b/c.txt", "b/d/e.txt")
    (tmp_path / "empty").mkdir()
    found = walked(tmp_path, kernel=kernel)
    assert paths(found) == [b"a.txt", b"b/c.txt", b"b/d/e.txt"]
    (one,) = [entry for entry in found if entry.path == b"b/c.txt"]
    status = (tmp_path / "b/c.txt").stat()
    times = status.st_mtime_ns, status.st_ctime_ns
    assert one == Entry(3, b"b/c.txt", len("b/c.txt"), *times, status.st_ino)


def test_leaves_out_hidden_and_usual_names(tmp_path: Path) -> None:
    kept = ["a.txt", "gitless/x"]
    write(tmp_path, *kept, ".hidden", ".git/config", "b/node_modules/x", "b/__pycache__/y.pyc")
    assert paths(walked(tmp_path)) == [name.encode() for name in kept]
    assert paths(walked(tmp_path, Rules(hidden=True))) == [b".hidden", b"a.txt", b"gitless/x"]
    everything = Rules(hidden=True, ignore_files=False)
    assert len(paths(walked(tmp_path, everything))) == 6


def test_ignore_files_hold_below_their_folder(tmp_path: Path) -> None:
    write(tmp_path, "a.log", "b/a.log", "b/keep.log", "b/c/a.log", "b/c/x.tmp", "x.tmp")
    (tmp_path / ".omnisearchignore").write_text("*.log\n")
    (tmp_path / "b" / ".omnisearchignore").write_text("!keep.log\n/c/*.tmp\n")
    assert paths(walked(tmp_path)) == [b"b/keep.log", b"x.tmp"]
    assert paths(walked(tmp_path, Rules(excludes=("!b/a.log", "x.tmp")))) == [
        b"b/a.log",
        b"b/keep.log",
    ]


def test_a_part_of_a_root_obeys_the_ignore_files_above_it(tmp_path: Path) -> None:
    write(tmp_path, "b/c/a.log", "b/c/a.txt", "b/c/d/a.log", "other.txt")
    (tmp_path / ".omnisearchignore").write_text("*.log\n")
    (tmp_path / "b" / ".omnisearchignore").write_text("!d/*.log\n")
    assert paths(walked(tmp_path, beneath=b"b/c")) == [b"b/c/a.txt"]
    (tmp_path / "b" / ".omnisearchignore").write_text("!c/d/*.log\n")
    assert paths(walked(tmp_path, beneath=b"b/c")) == [b"b/c/a.txt", b"b/c/d/a.log"]


def test_what_was_named_is_walked_even_if_a_walk_would_leave_it_out(tmp_path: Path) -> None:
    write(tmp_path, ".notes/a.txt", "node_modules/b.txt")
    assert paths(walked(tmp_path, beneath=b".notes")) == [b".notes/a.txt"]
    assert paths(walked(tmp_path, beneath=b"node_modules")) == [b"node_modules/b.txt"]
    assert paths(walked(tmp_path, beneath=b".notes/a.txt")) == [b".notes/a.txt"]


def test_a_file_can_be_a_root(tmp_path: Path, kernel: bool) -> None:
    write(tmp_path, "a.txt", "b.txt")
    root = Root(1, os.fsencode(tmp_path / "a.txt"), 0, "file")
    with Beneath(root, kernel=kernel) as handle:
        (entry,) = walk(handle, Rules())
        assert (entry.root, entry.path) == (1, b"")
        assert isinstance(entry, Entry)
        with opened(handle, entry) as copy:
            assert os.read(copy.fd, 99) == b"a.txt"
        assert handle.state(b"") == "there"
        assert handle.state(b"b.txt") == "gone"
        (tmp_path / "a.txt").unlink()
        assert handle.state(b"") == "gone"
        assert refused(list(walk(handle, Rules()))) == {b"": ("gone", "not there any more")}


def test_a_folder_whose_ignore_file_cannot_be_read_stays_out(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "private/secret.txt", "large/b.txt")
    (tmp_path / "private" / ".omnisearchignore").symlink_to(tmp_path / "a.txt")
    (tmp_path / "large" / ".omnisearchignore").write_bytes(b"#" * 300_000)
    found = walked(tmp_path)
    assert paths(found) == [b"a.txt"]
    assert {path: outcome for path, (outcome, _) in refused(found).items()} == {
        b"private": "failed",
        b"large": "failed",
    }


def test_special_files_and_symlinks_are_skipped(tmp_path: Path, kernel: bool) -> None:
    write(tmp_path, "a.txt", "b/c.txt")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        where = Path.cwd()
        os.chdir(tmp_path)  # the path of a socket is short
        try:
            listening.bind("door")
        finally:
            os.chdir(where)
    with suppress(PermissionError):
        os.mknod(tmp_path / "null", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    (tmp_path / "link").symlink_to("a.txt")
    (tmp_path / "b" / "up").symlink_to("..")
    (tmp_path / "out").symlink_to("/etc")
    found = walked(tmp_path, kernel=kernel)
    assert paths(found) == [b"a.txt", b"b/c.txt"]
    known = refused(found)
    assert known.pop(b"null", None) in (None, ("skipped", "special file"))
    assert known == {
        b"pipe": ("skipped", "special file"),
        b"door": ("skipped", "special file"),
        b"link": ("skipped", "symlink"),
        b"b/up": ("skipped", "symlink"),
        b"out": ("skipped", "symlink"),
    }


@KERNEL
def test_symlinks_are_followed_only_beneath_the_root(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    write(outside, "secret.txt")
    write(inside, "a.txt", ".store/data.txt", "sub/c.txt")
    shapes = {
        "file": "a.txt",
        "stored": ".store",
        "chain": "file",
        "sub/up_file": "../a.txt",
        "sub/loop": "..",
        "self": "self",
        "dangling": "nothing",
        "absolute": str(inside / "a.txt"),
        "escape": "../outside/secret.txt",
        "escape_folder": "../outside",
        "root": "/",
        "magic": "/proc/self/root",
    }
    for name, target in shapes.items():
        (inside / name).symlink_to(target)
    found = walked(inside, Rules(follow_symlinks=True))
    assert paths(found) == [
        b"a.txt",
        b"chain",
        b"file",
        b"stored/data.txt",
        b"sub/c.txt",
        b"sub/up_file",
    ]
    assert {entry.path for entry in found if isinstance(entry, Entry) and entry.link} == {
        b"chain",
        b"file",
        b"stored/data.txt",
        b"sub/up_file",
    }
    assert set(refused(found)) == {
        os.fsencode(name)
        for name in shapes
        if name not in ("file", "stored", "chain", "sub/up_file")
    }


@KERNEL
def test_a_followed_folder_does_not_multiply(tmp_path: Path) -> None:
    for number in range(12):
        write(tmp_path, f"{number}/a.txt")
        for other in range(12):
            (tmp_path / str(number) / f"to{other}").symlink_to(f"../{other}")
    found = walked(tmp_path, Rules(follow_symlinks=True))
    assert len(paths(found)) == 12 + 12 * 11


def test_folders_of_omnisearch_are_not_entered(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "index/rows.arrow", "format/b.txt")
    (tmp_path / "index" / "FORMAT").write_text("omnisearch 1 00000000 link\n")
    (tmp_path / "format" / "FORMAT").write_text("of another program\n")
    assert paths(walked(tmp_path)) == [b"a.txt", b"format/FORMAT", b"format/b.txt"]


def test_roots_inside_a_root_are_apart(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "b/c.txt", "b/d.txt")
    assert paths(walked(tmp_path, Rules(apart=frozenset([b"b/c.txt"])))) == [b"a.txt", b"b/d.txt"]
    assert paths(walked(tmp_path, Rules(apart=frozenset([b"b"])))) == [b"a.txt"]


LOCKED = """
import sys
from pathlib import Path
from omnisearch.ingest.beneath import Beneath
from omnisearch.ingest.entries import RefusedError
from omnisearch.ingest.ignore import IGNORE_FILE
from omnisearch.ingest.listing import MAGIC
from omnisearch.ingest.opening import opened
from omnisearch.ingest.entries import Refused
from omnisearch.ingest.walk import Rules, walk
from omnisearch.locations import Root
with Beneath(Root(0, sys.argv[1].encode(), 0, "folder")) as handle:
    for one in sorted(walk(handle, Rules())):
        if isinstance(one, Refused):
            print(one.path.decode(), one.outcome, one.reason, one.folder, sep="|")
            continue
        try:
            opened(handle, one).close()
            print(one.path.decode(), "read", sep="|")
        except RefusedError as error:
            print(one.path.decode(), error.refused.outcome, error.refused.reason, sep="|")
    print(handle.state(b"locked/b.txt"), handle.state(b"shut.txt"), handle.state(b"none"))
"""


def test_what_cannot_be_read_is_told_and_not_taken_for_gone(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "locked/b.txt", "shut.txt")
    command = [sys.executable, "-c", LOCKED, str(tmp_path)]
    if os.geteuid() == 0:  # root reads everything, unless that is taken from it
        if shutil.which("setpriv") is None:
            pytest.skip("root may read everything")
        command = ["setpriv", "--inh-caps=-all", "--bounding-set=-all", *command]
    for name in ("locked", "shut.txt"):
        (tmp_path / name).chmod(0)
    try:
        ran = subprocess.run(command, check=True, capture_output=True, text=True)
    finally:
        (tmp_path / "locked").chmod(0o700)
    assert ran.stdout.splitlines() == [
        "a.txt|read",
        "locked|failed|unreadable folder: permission denied|True",
        "shut.txt|failed|unreadable: permission denied",
        "unknown there gone",
    ]


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
    opened_it, refused_it, deadline = 0, 0, time.monotonic() + 120
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
def test_memory_is_flat_and_a_large_folder_is_quick(quick: Path) -> None:
    folder = os.open(quick, os.O_RDONLY)
    for number in range(200_000):
        os.close(os.open(f"{number}.txt", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)
    program = """
import resource, sys, time
from omnisearch.ingest.beneath import Beneath
from omnisearch.ingest.walk import Rules, walk
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
    assert count == 200_000
    assert rate >= 50_000
    assert grown_kib <= 4_096


MOUNTED = """
import sys
from omnisearch.ingest.beneath import Beneath
from omnisearch.ingest.walk import Rules, walk
from omnisearch.locations import Root
root = Root(0, sys.argv[1].encode(), 0, "folder")
for kernel in (None, False):
    with Beneath(root, kernel=kernel) as handle:
        for rules in (Rules(), Rules(one_file_system=False)):
            print(sorted((one.path, getattr(one, "reason", "")) for one in walk(handle, rules)))
        print(sorted(one.path for one in walk(handle, Rules(), b"disk")))
"""
MOUNTING = (
    'mount -t tmpfs none "$1/disk" && touch "$1/disk/b" && mount --bind "$1/a" "$1/same" || exit 9'
)


@KERNEL
def test_mounts_are_crossed_only_when_asked_for(tmp_path: Path) -> None:
    write(tmp_path, "a/x", "disk/hidden")
    (tmp_path / "same").mkdir()
    script = f'{MOUNTING}; exec "$2" -c "$3" "$1"'
    command = ["sh", "-c", script, "sh", str(tmp_path), sys.executable, MOUNTED]
    if shutil.which("unshare") is None:
        pytest.skip("no unshare")
    ran = subprocess.run(["unshare", "--mount", *command], capture_output=True, text=True)
    if ran.returncode in (1, 9) and not ran.stdout:
        pytest.skip("no right to mount")
    everything = [(b"a/x", ""), (b"disk/b", ""), (b"same/x", "")]
    other = "on another file system"
    assert ran.stdout.splitlines() == [
        str([(b"a/x", ""), (b"disk", other), (b"same", other)]),
        str(everything),
        str([b"disk/b"]),
        # without the kernel's help a mount of the same file system cannot be told
        str([(b"a/x", ""), (b"disk", other), (b"same/x", "")]),
        str(everything),
        str([b"disk/b"]),
    ]
