"""What a disk refuses is one line with the file and what to do."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from omnisearch.training.lab import Lab, LabStorageError, Options, refused, write_json
from omnisearch.training.stages import run
from tests.cli.place import Place


@contextmanager
def files_up_to(count: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, "no room left on the disk of x: free some"),
        (errno.EDQUOT, "no room left on the disk of x: free some"),
        (errno.EFBIG, "x is larger than a file may be here: raise the limit"),
        (errno.EROFS, r"x cannot be used \(Read-only file system\): .* name another place"),
        (errno.EACCES, r"x cannot be used \(Permission denied\): .* name another place"),
    ],
)
def test_each_refusal_has_a_remedy(number: int, told: str) -> None:
    with pytest.raises(LabStorageError, match=told):
        raise refused(OSError(number, os.strerror(number)), Path("x"))


def test_a_file_that_is_too_large_is_named(tmp_path: Path) -> None:
    with (
        files_up_to(20_000),
        pytest.raises(LabStorageError, match=r"pictures-tiny.arrow is larger .* \(ulimit -f\)"),
    ):
        run("data", Lab(tmp_path), Options(tiny=True))
    assert list((tmp_path / "data").iterdir()) == []


def test_a_checkpoint_that_is_too_large_is_named(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from omnisearch.training import checkpoints

    with (
        files_up_to(20_000),
        pytest.raises(LabStorageError, match=r"a\.safetensors is larger than a file may be"),
    ):
        checkpoints.save(tmp_path / "a.safetensors", {"w": torch.zeros(10_000)})
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LabStorageError, match=r"file/a\.json cannot be used"):
        write_json(tmp_path / "file" / "a.json", {})


def test_what_the_content_cannot_read_is_no_refusal_of_the_disk(tmp_path: Path) -> None:
    from omnisearch.training.lab import whole

    with pytest.raises(FileNotFoundError, match="absent"), whole(tmp_path / "a"):
        (tmp_path / "absent").read_bytes()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc, where nothing is written")
def test_a_fused_file_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from omnisearch.training import checkpoints

    for name in ("a", "b"):
        checkpoints.save(tmp_path / f"{name}.safetensors", {"w": torch.ones(2)})
    told = ("--base", "a.safetensors", "--specialist", "b=b.safetensors")
    done = Place(tmp_path).run("train", "fuse", *told, "--out", "/proc/x.safetensors")
    assert done.returncode == 4
    assert done.stderr.startswith("omnisearch: /proc/x.safetensors cannot be used (")
    assert len(done.stderr.splitlines()) == 1
