"""One run at a time in a laboratory: locks of the kernel, which vanish with all who hold them.

Stages that make what every seed is made from have the laboratory to themselves; runs of other seeds
and variants stand beside each other.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any

from omnisearch.training.lab import Lab, LabBusyError, LabStorageError, refused

_BUSY = (errno.EAGAIN, errno.EACCES)


@contextmanager
def alone(lab: Lab, run: str | None) -> Iterator[None]:
    """Keep others out of the whole laboratory, or of what is of one run; once for each `Lab`."""
    if lab.held:
        yield
        return
    wanted = {".lock": fcntl.LOCK_EX}
    if run is not None:
        wanted = {".lock": fcntl.LOCK_SH, f".lock-{run}": fcntl.LOCK_EX}
    with ExitStack() as kept:
        held = []
        for name, kind in wanted.items():
            descriptor = _open(lab.root / name)
            kept.callback(os.close, descriptor)
            _lock(descriptor, kind, lab.root)
            held.append(descriptor)
        lab.held = tuple(held)
        try:
            yield
        finally:
            lab.held = ()


class Inherited:
    """Locks for a spawned process, which then holds them too, even if its parent is killed."""

    def __init__(self, held: tuple[int, ...]) -> None:
        self.held = held

    def __reduce__(self) -> tuple[object, ...]:
        return _received, ([DupFd(descriptor) for descriptor in self.held],)


def _received(sent: list[Any]) -> Inherited:
    return Inherited(tuple(one.detach() for one in sent))


def _open(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise refused(error, path) from error


def _lock(descriptor: int, kind: int, root: Path) -> None:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _BUSY:
            fault = f"another run works in this laboratory, {root}"
            raise LabBusyError(f"{fault}: wait for its end, or name another with --lab") from error
        fault = f"{root} is on a file system without locks ({error.strerror})"
        raise LabStorageError(f"{fault}: keep the laboratory on a local disk") from error
