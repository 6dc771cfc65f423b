"""What a power cut may leave: a model of files and names, each durable or still pending.

As strict as POSIX allows: syncing a file does not keep its name, syncing a folder keeps the names
inside it only. Sectors of 512 bytes are written whole or not at all, in any order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import PurePosixPath

from tests.crash.recording import Operation

SECTOR = 512
ROOT = 0


Write = tuple[int, bytes]  # offset and bytes


class Blob:
    """Bytes with a name of their own, so that equal trees are told without reading them."""

    __slots__ = ("data", "key")

    def __init__(self, data: bytes) -> None:
        self.data, self.key = data, blake2b(data, digest_size=16).digest()


class File:
    """The bytes of one file: `durable`, and what was written since it was last synced."""

    def __init__(self) -> None:
        self.durable = Blob(b"")
        self.pending: list[Write] = []
        self._whole: Blob | None = None

    def whole(self) -> Blob:
        """Give the bytes as the process sees them."""
        if self._whole is None:
            self._whole = Blob(overlay(self.durable.data, self.pending))
        return self._whole

    def write(self, offset: int, data: bytes) -> None:
        self.pending.append((offset, data))
        self._whole = None

    def settle(self, blob: Blob) -> None:
        """Forget what is pending: these are the bytes on disk."""
        self.durable, self.pending, self._whole = blob, [], None


@dataclass(frozen=True, slots=True)
class Name:
    """A change of one name in one folder: to a node, or to nothing."""

    folder: int
    name: str
    node: int | None
    after: Name | None = None  # the other half of a rename, which cannot come later

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


def overlay(content: bytes, writes: Iterable[Write]) -> bytes:
    grown = bytearray(content)
    for offset, data in writes:
        grown.extend(b"\0" * (offset - len(grown)))
        grown[offset : offset + len(data)] = data
    return bytes(grown)


class Disk:
    """Files and names after some operations, of which the unsynced ones may be lost."""

    def __init__(self) -> None:
        self.files: dict[int, File] = {}
        self.names: dict[int, dict[str, int]] = {ROOT: {}}
        self.pending: list[Name] = []
        self._live: dict[int, dict[str, int]] = {ROOT: {}}
        self._nodes = ROOT

    def apply(self, done: Operation) -> None:
        match done.kind:
            case "write":
                self._file(done.path).write(done.offset, done.data)
            case "sync_file" | "sync_data":
                file = self._file(done.path)
                file.settle(file.whole())
            case "failed_sync":  # the kernel forgets what it could not write; no later sync tells
                file = self._file(done.path)
                file.settle(file.durable)
            case "sync_folder":
                self._sync_folder(self._find(done.path))
            case _:
                self._apply_name(done)

    def _apply_name(self, done: Operation) -> None:
        match done.kind:
            case "create":
                node = self._new_node()
                self.files[node] = File()
                self._name(done.path, node)
            case "mkdir":
                node = self._new_node()
                self.names[node], self._live[node] = {}, {}
                self._name(done.path, node)
            case "unlink" | "rmdir":
                if self._exists(done.path):
                    self._name(done.path, None)
            case "link" | "hard_link":
                self._name(done.target, self._find(done.path))
            case "rename" | "renameat2":
                self._rename(done.path, done.target)
            case _:
                raise ValueError(f"unknown operation {done.kind}")

    def dirty(self) -> dict[int, File]:
        """List the files with bytes that may be lost."""
        return {node: file for node, file in self.files.items() if file.pending}

    def tree(self, kept: Collection[Name]) -> Iterator[tuple[str, int]]:
        """List the paths and nodes that are there when only the `kept` pending names came true."""
        names = {node: dict(inside) for node, inside in self.names.items()}
        for change in self.pending:
            if change in kept:
                _change(names[change.folder], change)
        yield from _walk(names, ROOT, "")

    def _sync_folder(self, folder: int) -> None:
        chosen = {change for change in self.pending if change.folder == folder}
        chosen |= {change.after for change in chosen if change.after is not None}
        for change in self.pending:
            if change in chosen:
                _change(self.names[change.folder], change)
        self.pending = [change for change in self.pending if change not in chosen]

    def _rename(self, source: str, target: str) -> None:
        arrived = self._name(target, self._find(source))
        self._name(source, None, arrived)

    def _name(self, path: str, node: int | None, after: Name | None = None) -> Name:
        place = PurePosixPath(path)
        change = Name(self._find(str(place.parent)), place.name, node, after)
        _change(self._live[change.folder], change)
        self.pending.append(change)
        return change

    def _find(self, path: str) -> int:
        node = ROOT
        for part in PurePosixPath(path).parts:
            node = self._live[node][part]
        return node

    def _exists(self, path: str) -> bool:
        try:
            self._find(path)
        except KeyError:
            return False
        return True

    def _file(self, path: str) -> File:
        return self.files[self._find(path)]

    def _new_node(self) -> int:
        self._nodes += 1
        return self._nodes


def _walk(names: dict[int, dict[str, int]], folder: int, path: str) -> Iterator[tuple[str, int]]:
    for name, node in sorted(names[folder].items()):
        yield path + name, node
        if node in names:
            yield from _walk(names, node, f"{path}{name}/")


def _change(names: dict[str, int], change: Name) -> None:
    if change.node is None:
        names.pop(change.name, None)
    else:
        names[change.name] = change.node
