"""A folder is walked as a stream: one entry at a time, whatever its size or depth.

One descends by the handle of the folder above, so what is renamed meanwhile leads nowhere else.
Names are bytes, in the order in which the disk gives them.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from omnisearch.ingest.beneath import FOLDER, LOOK, Beneath
from omnisearch.ingest.entries import (
    OTHER_SYSTEM,
    SPECIAL,
    SYMLINK,
    Entry,
    Refused,
    entry_of,
    refusal,
)
from omnisearch.ingest.ignore import IGNORE_FILE, Chain, IgnoreFileError
from omnisearch.ingest.listing import Listing, is_ours, too_many_open
from omnisearch.ingest.rules import Choosing, Rules

_HANDLES = 64  # folders open at once; what lies deeper is opened anew from the root
_ENCODING, _ERRORS = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder that is still to be read."""

    path: bytes
    chain: Chain
    link: bool = False  # at or below a symlink that was followed


def walk(handle: Beneath, rules: Rules, beneath: bytes = b"") -> Iterator[Entry | Refused]:
    """Yield the files of a root, or of what lies at one path of it, and what is refused.

    What is left out, and folders of omnisearch itself, are not mentioned.
    """
    walking = _Walk(handle, rules)
    try:
        yield from walking.everything(beneath)
    finally:
        walking.close()


class _Walk:
    def __init__(self, handle: Beneath, rules: Rules) -> None:
        self._handle, self._rules, self._root = handle, rules, handle.root.number
        self._choosing = Choosing(rules)
        self._open: list[Listing] = []
        self._waiting: list[_Folder] = []
        self._device, self._inside_mount = -1, False

    def everything(self, beneath: bytes) -> Iterator[Entry | Refused]:
        try:
            descriptor = self._handle.open(beneath, LOOK | os.O_NOFOLLOW)
        except OSError as error:
            yield refusal(self._root, beneath, error, folder=True)
            return
        found = os.fstat(descriptor)
        os.close(descriptor)
        if not stat.S_ISDIR(found.st_mode):
            yield self._found(beneath, found)
            return
        self._device = found.st_dev
        # a mount that was named itself is entered, and what lies in it crosses nothing
        self._inside_mount = self._rules.one_file_system and not beneath
        try:
            self._waiting.append(_Folder(beneath, self._chain_above(beneath)))
        except IgnoreFileError as error:
            yield self._hidden_by(beneath, error)
        except OSError as error:
            yield refusal(self._root, beneath, error, folder=True)
        while self._waiting:
            refused = self._enter(self._waiting.pop())
            if refused is not None:
                yield refused
            yield from self._below()

    def close(self) -> None:
        while self._open:
            self._open.pop().close()

    def _below(self) -> Iterator[Entry | Refused]:
        while self._open:
            listing = self._open[-1]
            try:
                for item in listing.names:
                    found = self._entry(listing, item)
                    if found is not None:
                        yield found
                    if self._open[-1] is not listing:
                        break
                else:
                    self._open.pop().close()
            except OSError as error:  # the disk failed, or the file system went away
                self._open.pop().close()
                yield refusal(self._root, listing.prefix[:-1], error, folder=True)

    def _entry(self, listing: Listing, item: os.DirEntry[str]) -> Entry | Refused | None:
        name = item.name.encode(_ENCODING, _ERRORS)
        if self._choosing.hides(name):
            return None
        path = listing.prefix + name
        try:  # some file systems do not say in a listing what a name is
            folder = item.is_dir(follow_symlinks=False)
            if self._choosing.leaves_out(listing.chain, name, path, folder=folder):
                return None
            if folder:
                return self._enter(_Folder(path, listing.chain, listing.link), name)
            if item.is_symlink():
                return self._through(listing, path)
            return self._found(path, item.stat(follow_symlinks=False), link=listing.link)
        except FileNotFoundError:
            return None
        except OSError as error:
            return refusal(self._root, path, error)

    def _found(self, path: bytes, found: os.stat_result, *, link: bool = False) -> Entry | Refused:
        if not stat.S_ISREG(found.st_mode):
            return Refused(self._root, path, "skipped", SPECIAL)
        return entry_of(self._root, path, found, link=link)

    def _through(self, listing: Listing, path: bytes) -> Entry | Refused | None:
        """Follow a symlink; below a folder reached by one only to files, so that walks end."""
        symlink = Refused(self._root, path, "skipped", SYMLINK)
        if not self._rules.follow_symlinks:
            return symlink
        try:
            descriptor = self._handle.follow(path, LOOK)
        except OSError:  # it leads nowhere, in a circle, or out of the root
            return symlink
        found = os.fstat(descriptor)
        os.close(descriptor)
        if not stat.S_ISDIR(found.st_mode):
            return self._found(path, found, link=True)
        above = (os.fstat(folder.descriptor) for folder in self._open)
        if listing.link or any(os.path.samestat(found, folder) for folder in above):
            return symlink
        return self._enter(_Folder(path, listing.chain, link=True))

    def _enter(self, folder: _Folder, name: bytes | None = None) -> Refused | None:
        """Begin to read a folder, by its name in the one being read or by its path."""
        if len(self._open) == _HANDLES:
            self._waiting.append(folder)
            return None
        try:
            descriptor = self._opened(folder, name)
        except FileNotFoundError:
            return None
        except OSError as error:
            return self._not_now(folder, error)
        try:
            return self._list(descriptor, folder)
        except IgnoreFileError as error:
            os.close(descriptor)
            return self._hidden_by(folder.path, error)
        except OSError as error:
            os.close(descriptor)
            return self._not_now(folder, error)

    def _not_now(self, folder: _Folder, error: OSError) -> Refused | None:
        if too_many_open(error) and self._open:
            self._waiting.append(folder)  # until those above are closed
            return None
        return refusal(self._root, folder.path, error, folder=True)

    def _opened(self, folder: _Folder, name: bytes | None) -> int:
        if name is not None:
            above = self._open[-1].descriptor
            return self._handle.enter(above, name, FOLDER, inside_mount=self._inside_mount)
        if folder.link:
            return self._handle.follow(folder.path, FOLDER)
        return self._handle.open(folder.path, FOLDER, inside_mount=self._inside_mount)

    def _list(self, descriptor: int, folder: _Folder) -> Refused | None:
        other = os.fstat(descriptor).st_dev != self._device
        if other and self._rules.one_file_system:
            os.close(descriptor)
            return Refused(self._root, folder.path, "skipped", OTHER_SYSTEM, folder=True)
        if is_ours(descriptor):
            os.close(descriptor)
            return None
        prefix = folder.path + b"/" if folder.path else b""
        chain = self._choosing.below(descriptor, folder.chain, prefix)
        names = os.scandir(descriptor)
        self._open.append(Listing(descriptor, names, prefix, chain, folder.link))
        return None

    def _chain_above(self, beneath: bytes) -> Chain:
        """Collect the ignore files of the folders on the way to where the walk begins."""
        chain = self._choosing.first
        cuts = [at for at, byte in enumerate(beneath) if byte == ord("/")]
        for end in [0, *cuts] if beneath else []:
            descriptor = self._handle.open(beneath[:end], FOLDER)
            try:
                chain = self._choosing.below(descriptor, chain, beneath[: end + 1] if end else b"")
            finally:
                os.close(descriptor)
        return chain

    def _hidden_by(self, path: bytes, error: IgnoreFileError) -> Refused:
        reason = f"its {IGNORE_FILE.decode()} cannot be read: {error}"
        return Refused(self._root, path, "failed", reason, folder=True)
