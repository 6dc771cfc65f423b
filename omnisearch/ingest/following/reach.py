"""Whether a walk would come to a path: what changed elsewhere is nobody's business."""

from __future__ import annotations

import errno
import os
import stat
from typing import NamedTuple

from omnisearch.ingest.beneath import FOLDER, LOOK, Beneath
from omnisearch.ingest.ignore import Chain, IgnoreFileError
from omnisearch.ingest.listing import is_ours
from omnisearch.ingest.rules import Choosing, Rules


class _Folder(NamedTuple):
    chain: Chain
    device: int


class Reach:
    """Answers for one root, while nothing there changes; folders are looked at once."""

    def __init__(self, handle: Beneath, rules: Rules) -> None:
        self._handle, self._rules, self._choosing = handle, rules, Choosing(rules)
        self._folders: dict[bytes, _Folder | None] = {}

    def comes_to(self, path: bytes) -> bool:
        """Tell whether a walk of the root comes to a path; one that is gone, to where it was."""
        if not path:
            return self._folder(b"") is not None
        above, _, name = path.rpartition(b"/")
        folder = self._folder(above)
        return folder is not None and not self._left_out(folder.chain, name, path)

    def _left_out(self, chain: Chain, name: bytes, path: bytes) -> bool:
        if self._choosing.hides(name):
            return True
        return self._choosing.leaves_out(chain, name, path, folder=self._kind(path) == stat.S_IFDIR)

    def _kind(self, path: bytes) -> int:
        """Give the type of what lies at a path, as `stat` tells it; 0 for what cannot be seen."""
        try:
            descriptor = self._handle.open(path, LOOK | os.O_NOFOLLOW)
        except OSError:
            return 0
        try:
            return stat.S_IFMT(os.fstat(descriptor).st_mode)
        finally:
            os.close(descriptor)

    def _folder(self, path: bytes) -> _Folder | None:
        """Give what holds in a folder; None where no walk goes in."""
        steps = [path[:at] for at, byte in enumerate(path) if byte == ord("/")]
        steps = [b"", *steps, path] if path else [b""]
        above: _Folder | None = None
        for step in steps:
            if step not in self._folders:
                self._folders[step] = self._entered(step, above)
            above = self._folders[step]
            if above is None:
                return None
        return above

    def _entered(self, path: bytes, above: _Folder | None) -> _Folder | None:
        if above is not None and self._folder_left_out(above.chain, path):
            return None
        try:
            descriptor = self._handle.open(path, FOLDER)
        except OSError as error:
            gone = error.errno == errno.ENOENT or self._kind(path) == stat.S_IFREG
            return above if gone else None
        try:
            device = os.fstat(descriptor).st_dev
            elsewhere = above is not None and device != above.device
            if (elsewhere and self._rules.one_file_system) or is_ours(descriptor):
                return None
            chain = self._choosing.first if above is None else above.chain
            prefix = path + b"/" if path else b""
            return _Folder(self._choosing.below(descriptor, chain, prefix), device)
        except IgnoreFileError:
            return None  # what it would leave out must not come in
        finally:
            os.close(descriptor)

    def _folder_left_out(self, chain: Chain, path: bytes) -> bool:
        name = path.rpartition(b"/")[2]
        choosing = self._choosing
        return choosing.hides(name) or choosing.leaves_out(chain, name, path, folder=True)
