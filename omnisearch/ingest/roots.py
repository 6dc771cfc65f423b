"""Which roots a run visits: a path in a known root is a part of it, so a file has one location."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from omnisearch.errors import InputError
from omnisearch.ingest.beneath import LOOK
from omnisearch.ingest.entries import SPECIAL
from omnisearch.ingest.listing import is_ours
from omnisearch.locations import Root, given, shown
from omnisearch.storage import filesystem

_SYSTEM = frozenset(
    b"/ /bin /boot /dev /etc /lib /lib32 /lib64 /libx32 /opt /proc /run /sbin /sys /tmp /usr /var "
    b"/Applications /Library /System /private".split()
)
_NO_FILES = frozenset(  # what such a file system shows is made up when it is read
    "binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fusectl mqueue nsfs "
    "proc pstore rpc_pipefs securityfs selinuxfs sysfs tracefs".split()
)


@dataclass(frozen=True, slots=True)
class Visit:
    """A root to walk, whole or at one path of it."""

    root: Root
    beneath: bytes = b""


@dataclass(frozen=True, slots=True)
class Named:
    """A folder or a file that a user named, by its real path."""

    path: bytes
    device: int
    kind: Literal["folder", "file"]


@dataclass(frozen=True, slots=True)
class Unusable:
    """A path of a list that is no folder and no file to be read, and why."""

    path: bytes
    outcome: Literal["skipped", "failed"]
    reason: str


class _UnusableError(InputError):
    """A path that was named and cannot be visited."""

    def __init__(
        self, message: str, reason: str, outcome: Literal["skipped", "failed"] = "skipped"
    ) -> None:
        super().__init__(message)
        self.reason, self.outcome = reason, outcome


def visits(
    paths: Iterable[str | bytes | Path],
    known: Sequence[Root],
    *,
    listed: Iterable[Named] = (),
    force: bool = False,
) -> tuple[Visit, ...]:
    """Plan a run over the paths that a user named; over every known root where none was named.

    A path outside of the known roots becomes one, with the next number. Known roots that lie below
    are visited too. `force` takes roots that belong to the system.
    """
    typed = (_named(path, force=force) for path in paths)
    named = {one.path: one for one in (*typed, *listed)}
    if not named:
        return tuple(Visit(root) for root in known)
    roots = {root.path: root for root in known}
    number = max((root.number for root in known), default=-1) + 1
    plan: dict[bytes, Visit] = {}
    for path in sorted(named, key=len):  # what lies above another comes before it
        if any(above in plan for above in _upwards(path)):
            continue
        root = _holding(named[path], roots)
        if root is None:
            root = Root(number, path, named[path].device, named[path].kind)
            number += 1
        roots[root.path] = root
        plan[path] = Visit(root, path[len(root.path) :].lstrip(b"/"))
    below = (root for root in known if root.path not in plan)
    nested = (root for root in below if any(above in plan for above in _upwards(root.path)))
    return (*plan.values(), *(Visit(root) for root in nested))


def sorted_out(
    paths: Iterable[str | bytes | Path], *, force: bool = False
) -> tuple[list[Named], list[Unusable]]:
    """Tell the paths of a list that can be visited from those that cannot, each once."""
    usable: list[Named] = []
    unusable: list[Unusable] = []
    absolute = (os.path.abspath(given(path)) for path in paths)  # noqa: PTH100 - bytes
    for path in dict.fromkeys(absolute):
        try:
            usable.append(_named(path, force=force))
        except _UnusableError as error:
            unusable.append(Unusable(path, error.outcome, error.reason))
    return usable, unusable


def apart(root: Root, others: Iterable[bytes]) -> frozenset[bytes]:
    """Give the paths below a root that are none of its own: other roots, or a collection."""
    start = root.path.rstrip(b"/") + b"/"
    return frozenset(path[len(start) :] for path in others if path.startswith(start))


def device_of(root: Root) -> int | None:
    """Say on which device a root is now, that of its folder for a file; None where it is gone."""
    folder = root.path if root.kind == "folder" else root.path.rpartition(b"/")[0] or b"/"
    try:
        found = _path(folder).stat()
    except OSError:
        return None
    return found.st_dev if stat.S_ISDIR(found.st_mode) else None


def _named(path: str | bytes | Path, *, force: bool) -> Named:
    try:
        resolved = os.path.realpath(given(path), strict=True)
        found = _path(resolved).stat()
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            fault = f"{shown(given(path))} does not exist: name a folder or a file"
            raise _UnusableError(fault, "it does not exist", "failed") from None
        why = f"cannot be looked at: {os.strerror(error.errno or 0).lower()}"
        raise _UnusableError(f"{shown(given(path))} {why}", f"it {why}", "failed") from error
    if stat.S_ISDIR(found.st_mode):
        _refuse_system(resolved, force=force)
        _refuse_collection(resolved)
        return Named(resolved, found.st_dev, "folder")
    if stat.S_ISREG(found.st_mode):
        return Named(resolved, found.st_dev, "file")
    raise _UnusableError(f"{shown(given(path))} is neither a folder nor a regular file", SPECIAL)


def _refuse_system(path: bytes, *, force: bool) -> None:
    if force:
        return
    made_up = filesystem.kind(_path(path)) in _NO_FILES
    if path in _SYSTEM or made_up:
        remedy = "name the folder with your files; --force insists"
        fault = f"{shown(path)} belongs to the system: {remedy}"
        raise _UnusableError(fault, "folder of the system")


def _refuse_collection(path: bytes) -> None:
    for above in _upwards(path):
        try:
            folder = os.open(above, LOOK | os.O_DIRECTORY)
        except OSError:
            continue
        try:
            if is_ours(folder):
                where = "is" if above == path else "lies in"
                remedy = "name the folder with your files"
                fault = f"{shown(path)} {where} a collection of omnisearch: {remedy}"
                raise _UnusableError(fault, "collection of omnisearch")
        finally:
            os.close(folder)


def _holding(named: Named, roots: dict[bytes, Root]) -> Root | None:
    """Find the root in which a path lies; the innermost, should they be nested."""
    for above in _upwards(named.path):
        root = roots.get(above)
        if root is not None and above == named.path and root.kind != named.kind:
            return replace(root, kind=named.kind, device=named.device)
        if root is not None and (root.kind == "folder" or above == named.path):
            return root
    return None


def _upwards(path: bytes) -> Iterator[bytes]:
    yield path
    while len(path) > 1:
        path = path.rpartition(b"/")[0] or b"/"
        yield path


def _path(path: bytes) -> Path:
    return Path(os.fsdecode(path))
