"""Media of rows, opened: paths stay below one folder, and nothing is fetched."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from blake3 import blake3

from omnisearch.errors import InputError
from omnisearch.ingest import opening
from omnisearch.ingest.beneath import Beneath
from omnisearch.ingest.entries import SYMLINK, Entry, RefusedError
from omnisearch.ingest.opening import HEAD_BYTES, Copy
from omnisearch.ingest.tables.contents import Medium
from omnisearch.ingest.tables.lines import RowError
from omnisearch.locations import Root, shown
from omnisearch.media.descriptor import descriptor_of
from omnisearch.media.sniff import format_of
from omnisearch.records import Modality

# as what a column may be taken: a sound may lie in the file of a film, a page may be a text
_TAKEN: dict[Modality, tuple[str, ...]] = {
    "image": ("image",),
    "audio": ("audio", "video"),
    "video": ("video", "image"),
    "document": ("document", "text"),
}
_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Opened:
    """A medium whose bytes are known; `copy` is there where it lies in a file."""

    name: str
    digest: str
    medium: Medium
    copy: Copy | None = None

    @contextmanager
    def descriptor(self) -> Iterator[int]:
        """Give the bytes for a decoder."""
        if self.copy is not None:
            yield self.copy.fd
            return
        with descriptor_of(self.medium.source) as descriptor:
            yield descriptor


class Folder:
    """Where the paths of a table lie; held open, so that no path and no symlink leads out."""

    def __init__(self, folder: Path | None, *, follow: bool = False) -> None:
        self._follow = follow
        self._handle: Beneath | None = None
        if folder is not None:
            path = os.path.realpath(os.fsencode(folder))
            try:
                self._handle = Beneath(Root(0, path, 0, "folder"))
            except OSError as error:
                raise InputError(f"{folder} cannot be opened: {error.strerror}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        if self._handle is not None:
            self._handle.close()

    def opened(self, kind: Modality, column: str, medium: Medium) -> Opened:
        """Open a medium if it is of a kind that its column may hold; close its copy."""
        if medium.there:
            if not medium.source:
                raise RowError(column, "has no bytes")
            _check(kind, column, medium.source[:HEAD_BYTES], len(medium.source), medium.name)
            digest = blake3(medium.source).hexdigest(length=_DIGEST_BYTES)
            return Opened(medium.name or kind, digest, medium)

        def admit(head: bytes, size: int) -> None:
            _check(kind, column, head, size, medium.name)

        handle, path = self._placed(column, medium.source)
        entry = Entry(0, path, 0, 0, 0, 0, self._follow)
        try:
            copy = opening.opened(handle, entry, admit)
        except RefusedError as error:
            raise RowError(column, _refused(medium.source, error)) from error
        return Opened(medium.name, copy.digest, medium, copy)

    def _placed(self, column: str, path: bytes) -> tuple[Beneath, bytes]:
        """Give a path below the folder."""
        if self._handle is None:
            fault = f"{shown(path)} is a path, and no folder is given in which it could lie"
            raise RowError(column, f"{fault}: give folder=")
        top = self._handle.root.path
        whole = os.path.normpath(os.path.join(top, path))  # noqa: PTH118 - bytes
        if not whole.startswith(top.rstrip(b"/") + b"/"):
            fault = f"{shown(path)} leads out of {shown(top)}"
            raise RowError(column, f"{fault}: allow a folder above both (--media-folder)")
        return self._handle, whole[len(top.rstrip(b"/")) + 1 :]


def _check(kind: Modality, column: str, head: bytes, size: int, name: str) -> None:
    found = format_of(head, size, Path(name).suffix.lower())
    if found is None or found.kind not in _TAKEN[kind]:
        what = "of no kind that is known" if found is None else f"{found.kind} ({found.name})"
        raise RowError(column, f"{shown(os.fsencode(name)) or 'it'} is {what}, not {kind}")


def _refused(path: bytes, error: RefusedError) -> str:
    refused = error.refused
    why = "is not there" if refused.outcome == "gone" else f"is not read: {refused.reason}"
    more = " (--follow-symlinks follows those that stay below)" if refused.reason == SYMLINK else ""
    return f"{shown(path)} {why}{more}"
