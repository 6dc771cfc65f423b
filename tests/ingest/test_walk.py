"""What a walk finds: every regular file below its root, and nothing that lies elsewhere."""

import os
import shutil
import socket
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from omnisearch.ingest.beneath import Beneath
from omnisearch.ingest.entries import Entry
from omnisearch.ingest.opening import opened
from omnisearch.ingest.rules import Rules
from omnisearch.ingest.walk import walk
from omnisearch.locations import Root
from tests.ingest.trees import KERNEL, paths, refused, walked, write


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
from omnisearch.ingest.rules import Rules
from omnisearch.ingest.walk import walk
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


MOUNTED = """
import sys
from omnisearch.ingest.beneath import Beneath
from omnisearch.ingest.rules import Rules
from omnisearch.ingest.walk import walk
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
