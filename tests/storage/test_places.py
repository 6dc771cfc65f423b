"""Where a collection may be written, and what is said where it may not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import omnisearch as om
from omnisearch.storage import filesystem

ONE = np.ones((1, 8), np.float32)


def test_a_network_file_system_is_read_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with om.open(tmp_path / "c") as col:
        col.add_vectors(["a"], ONE)
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "22 1 8:1 / / rw - ext4 /dev/root rw\n"
        f"23 22 0:40 / {tmp_path} rw,relatime shared:1 - nfs4 server:/export rw\n"
    )
    monkeypatch.setattr(filesystem, "MOUNTS", mounts)
    with om.open(tmp_path / "c") as col:
        assert col.count() == 1
        with pytest.raises(om.errors.StorageError, match="nfs4"):
            col.add_vectors(["b"], ONE)
    with pytest.raises(om.errors.StorageError, match="network"):
        om.open(tmp_path / "new").add_vectors(["b"], ONE)
    assert not (tmp_path / "new").exists()


def test_names_of_mounts_are_unescaped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "with space"
    folder.mkdir()
    mounts = tmp_path / "mountinfo"
    escaped = str(folder).replace(" ", "\\040")
    mounts.write_text(f"22 1 8:1 / / rw - ext4 a rw\n23 22 0:40 / {escaped} rw - cifs b rw\n")
    monkeypatch.setattr(filesystem, "MOUNTS", mounts)
    assert filesystem.kind(folder / "c") == "cifs"
    assert filesystem.kind(tmp_path) == "ext4"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "none", str(folder)], check=False)
    if made.returncode:
        pytest.skip("mounting needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_read_only_file_system_can_be_read(disk: Path) -> None:
    with om.open(disk / "c") as col:
        col.add_vectors(["a"], ONE, metadata=[{"n": 1}])
        col.compact()
        col.add_vectors(["b"], -ONE)
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    for mode in ("r", "a"):
        with om.open(disk / "c", mode=mode) as col:
            assert col.search(ONE[0], k=2).ids == ["a", "b"]
            assert col.verify().ok
            with pytest.raises(om.errors.ReadOnlyError, match="mode='"):
                col.add_vectors(["c"], ONE)
    with pytest.raises(om.errors.OmnisearchError, match="disk"):
        om.open(disk / "new").add_vectors(["b"], ONE)


def test_a_second_process_is_told_who_writes(tmp_path: Path) -> None:
    call = (
        "import sys, numpy as np, omnisearch as om\n"
        "col = om.open(sys.argv[1])\n"
        "print(col.count())\n"
        "try: col.add_vectors(['b'], np.ones((1, 8)))\n"
        "except om.errors.CollectionLockedError as error: print(error)\n"
    )
    with om.open(tmp_path / "c") as col:
        col.add_vectors(["a"], ONE)
        arguments = [sys.executable, "-c", call, str(tmp_path / "c")]
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=300, check=True)
    count, message = done.stdout.splitlines()
    assert (count, f"process {os.getpid()} " in message) == ("1", True)
