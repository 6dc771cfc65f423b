"""A file of a library that trusts it: sealed with a hash when it is closed, copied when it is not.

After a kill, a power cut or a flipped bit the hash does not match. What can be read is then copied
to a new file in a child process, which may die of it, and the old file is never opened here.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import xxhash

_FORMAT = "omnisearch cache 1\n"  # a walk leaves out folders that say so
DATA, SEAL = "data.mdb", "SEAL"
_BLOCK = 1 << 20
_CHILD = """
import json, resource, sys
from importlib import import_module
from pathlib import Path
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
places, module, name, old, new = json.loads(sys.argv[1])
sys.path[:] = places
getattr(import_module(module), name)(Path(old), Path(new))
"""
_LEAST_S, _BYTES_PER_S = 30, 4 << 20

Copier = Callable[[Path, Path], None]  # a function of a module, found again there by its name


class Custody:
    """The file of one folder, held by one process; `file` is sound or absent."""

    def __init__(self, folder: Path, copier: Copier) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_private(folder)
        self.file, self._seal = folder / DATA, folder / SEAL
        self._lock = os.open(folder / "LOCK", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not (folder / "FORMAT").exists():
                (folder / "FORMAT").write_text(_FORMAT)
            if self.file.exists() and self._closed_as() != _digest(self.file):
                self._salvage(copier)
        except BaseException:
            os.close(self._lock)
            raise

    def close(self, *, sound: bool) -> None:
        """Let go of the file, sealed if it was closed in order and removed if not."""
        try:
            if not sound:
                self.file.unlink(missing_ok=True)
            elif (digest := _digest(self.file)) != self._closed_as():
                _replace(self._seal, digest)
        finally:
            os.close(self._lock)

    def _closed_as(self) -> str:
        with suppress(OSError):
            return self._seal.read_text(errors="replace")
        return ""

    def _salvage(self, copier: Copier) -> None:
        made = self.file.with_suffix(".new")
        made.unlink(missing_ok=True)
        if _in_a_child(copier, self.file, made):
            made.replace(self.file)
        else:
            made.unlink(missing_ok=True)
            self.file.unlink()


def _check_private(folder: Path) -> None:
    """Refuse a folder in which another user could leave a file for us to trust."""
    found = folder.stat()
    if found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise PermissionError(errno.EPERM, f"{folder} is not this user's alone")


def _in_a_child(copier: Copier, old: Path, new: Path) -> bool:
    named = [sys.path, copier.__module__, copier.__qualname__, str(old), str(new)]
    command = [sys.executable, "-P", "-c", _CHILD, json.dumps(named)]
    limit_s = _LEAST_S + old.stat().st_size / _BYTES_PER_S
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=limit_s,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _digest(file: Path) -> str:
    digest, size = xxhash.xxh3_128(), 0
    with file.open("rb", buffering=0) as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return f"{size} {digest.hexdigest()}\n"


def _replace(path: Path, text: str) -> None:
    made = path.with_suffix(".new")
    made.write_text(text)
    made.replace(path)
