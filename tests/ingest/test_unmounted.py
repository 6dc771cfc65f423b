"""A root that is a mount: nothing of it is gone while it is away, or changed when it is back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ingest.folder import write_texts

RUN = """
import subprocess, sys
import omnisearch as om
home, kind = sys.argv[1:]
disk = home + "/disk"
mount = lambda *flags: subprocess.run(["mount", *flags, disk], check=True)
ledge = ["--bind", home + "/files"] if kind == "bind" else ["-t", "tmpfs", "none"]
mount(*ledge)
if kind == "tmpfs":
    subprocess.run(["cp", "-r", home + "/files/.", disk], check=True)
with om.open(home + "/c", encoder=om.Encoder.load()) as col:
    print(col.ingest(disk).stored)
    subprocess.run(["umount", disk], check=True)
    if kind == "tmpfs":  # another device; of the same one only an empty folder tells
        open(disk + "/below.txt", "w").write("This lies on the disk below the mount.")
    away = col.ingest()
    print(away.stored, away.missing, away.withheld, col.count("file.name like 'note-%'"))
    print(*away.warnings, sep="|")
    mount(*ledge)
    if kind == "tmpfs":
        subprocess.run(["cp", "-rp", home + "/files/.", disk], check=True)
    back = col.ingest()
    print(back.stored, back.unchanged, back.withheld, col.count("file.name like 'note-%'"))
subprocess.run(["umount", disk], check=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bind", "tmpfs"])
def test_a_mount_that_is_away_deletes_nothing(tmp_path: Path, cache: Path, kind: str) -> None:
    write_texts(tmp_path / "files", 6)
    (tmp_path / "disk").mkdir()
    if shutil.which("unshare") is None:
        pytest.skip("no unshare")
    command = ["unshare", "--mount", "--propagation", "private", sys.executable, "-c", RUN]
    ran = subprocess.run(
        [*command, str(tmp_path), kind], capture_output=True, text=True, env={**os.environ}
    )
    if ran.returncode and not ran.stdout:
        if "unshare" in ran.stderr or "mount" in ran.stderr:
            pytest.skip("no right to mount")
    assert ran.returncode == 0, ran.stderr
    first, away, warnings, back = ran.stdout.splitlines()
    assert first == "6"
    assert away == ("1 0 True 6" if kind == "tmpfs" else "0 0 True 6")
    assert "6 files kept as they were; --force insists that they are gone" in warnings
    stored, unchanged, _, notes = back.split()
    assert (stored, int(unchanged), notes) == ("0", 6, "6")
