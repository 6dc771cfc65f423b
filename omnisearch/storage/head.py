"""HEAD of one collection, held open: a reader sees in one read whether there is news."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

from omnisearch.errors import StorageError
from omnisearch.storage import files, layout
from omnisearch.storage.identity import HEAD_BYTES, Head, Identity, encode_head, poll_head

_log = logging.getLogger(__name__)


class HeadFile:
    """Reads HEAD as it changes, and rewrites it."""

    def __init__(self, root: Path, identity: Identity) -> None:
        self._root, self._identity = root, identity
        self._path = root / layout.HEAD
        self._seen = b""
        self._lock = threading.Lock()  # a number that is closed may be another file's at once
        try:
            self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise StorageError(f"{self._path} cannot be read ({error})") from error

    def changed(self) -> tuple[bytes, Head] | None:
        """Give HEAD where it is not what was `seen`: its bytes, and what they say."""
        with self._lock:
            if self._descriptor < 0:
                raise ValueError(f"{self._root} was closed meanwhile: open the collection again")
            raw = os.pread(self._descriptor, HEAD_BYTES, 0)
            if raw == self._seen:
                return None
            return raw, poll_head(self._descriptor, self._root, self._identity)

    def seen(self, raw: bytes) -> None:
        """Remember what was dealt with."""
        self._seen = raw

    def write(self, head: Head) -> None:
        """Leave the hint of how far was acknowledged; losing it loses nothing."""
        try:
            files.overwrite(self._path, encode_head(self._identity, head))
        except StorageError as error:
            _log.warning("%s", error)

    def close(self) -> None:
        """Close the file; idempotent."""
        with self._lock:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1
