"""What kind of file system a path is on, and how much lies there.

Locks and syncs mean nothing on a network.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from omnisearch.errors import StorageError

MOUNTS = Path("/proc/self/mountinfo")
_NETWORK = frozenset(
    "9p afs beegfs ceph cifs coda fuse.glusterfs fuse.s3fs fuse.sshfs gfs2 glusterfs lustre ncpfs "
    "nfs nfs4 ocfs2 prl_fs smb3 smbfs vboxsf virtiofs".split()
)


def kind(path: Path) -> str:
    """Name the file system type that holds a path, by the longest mount point above it."""
    target, best, found = os.path.realpath(path), -1, "unknown"
    try:
        lines = MOUNTS.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return found
    for line in lines:
        left, _, right = line.partition(" - ")
        mount = left.split(" ")[4].encode("latin-1", "replace").decode("unicode_escape")
        inside = target == mount or target.startswith(mount.rstrip("/") + "/")
        if inside and len(mount) >= best:
            best, found = len(mount), right.split(" ")[0]
    return found


def refuse_network(path: Path) -> None:
    """Refuse to write where another machine could write at the same time."""
    found = kind(path)
    if found in _NETWORK:
        raise StorageError(
            f"{path} is on a network file system ({found}), where locks cannot be trusted: "
            "keep the collection on a local disk; reading with mode='r' works"
        )


def bytes_below(root: Path, leaving_out: Collection[str] = ()) -> int:
    """Add up the files of a folder and those in it, but for some folders directly in it."""
    total = 0
    for folder, inside, names in os.walk(root):
        if Path(folder) == root:
            inside[:] = [name for name in inside if name not in leaving_out]
        for name in names:
            with suppress(FileNotFoundError):  # what a writer removes meanwhile counts nothing
                total += (Path(folder) / name).stat().st_size
    return total
