"""What ingest has seen of each file: a cache in LMDB, outside the collection, for its writer alone.

LMDB trusts its file, and dies with it: so the file is opened only if it is what was closed, and
otherwise copied record by record in a child process. Where nothing can be kept, nothing is
remembered and every file is hashed again; nothing here is ever an error.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self
from uuid import UUID

import lmdb

from omnisearch.storage import sightings
from omnisearch.storage.custody import DATA, SEAL, Custody
from omnisearch.storage.sightings import Sighting

_VERSION = 1
_OWNER = b"\xff"  # shorter than the key of any file
_BATCH = 4_096
_FIRST_MAP, _LARGEST_MAP = 1 << 28, 1 << 44
_log = logging.getLogger(__name__)


class Catalog:
    """Sightings by root and path, from any thread; a context manager.

    What is put is written in batches: a kill loses the last one, which costs some hashing.
    """

    def __init__(self, folder: Path, collection: UUID) -> None:
        self._owner = bytes([_VERSION]) + collection.bytes
        self._lock = threading.Lock()
        self._pending: dict[bytes, bytes | None] = {}
        self._custody: Custody | None = None
        self._environment: lmdb.Environment | None = None
        self._reading: lmdb.Transaction | None = None
        try:
            self._custody = Custody(folder, copied)
            self._open(self._custody.file)
        except (OSError, lmdb.Error) as error:
            self._give_up(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    @property
    def remembers(self) -> bool:
        """Tell whether anything can be kept."""
        return self._environment is not None

    def get(self, root: int, path: bytes) -> Sighting | None:
        """Give what is known of a file."""
        key = sightings.key_of(root, path)
        with self._lock:
            value = self._pending[key] if key in self._pending else self._read(key)
        return None if value is None else sightings.sighting_of(key, value)

    def put(self, root: int, path: bytes, seen: Sighting) -> None:
        """Remember a file."""
        key = sightings.key_of(root, path)
        value = sightings.value_of(key, path, seen)
        with self._lock:
            self._write(key, value)

    def forget(self, root: int, paths: Iterable[bytes]) -> None:
        """Forget files."""
        for path in paths:
            with self._lock:
                self._write(sightings.key_of(root, path), None)

    def paths(self, root: int) -> Iterator[bytes]:
        """Give the path of every file of a root; others may write meanwhile."""
        start = after = sightings.prefix(root)
        while page := self._page(start, after):
            after = page[-1][0] + b"\0"
            for key, value in page:
                path = sightings.path_of(key, value)
                if path is not None:
                    yield path

    def commit(self) -> None:
        """Write what was put."""
        with self._lock:
            self._flush()

    def close(self) -> None:
        """Write what was put and close; idempotent."""
        with self._lock:
            self._flush()
            self._let_go(sound=self._environment is not None)

    def _open(self, file: Path) -> None:
        self._environment = _environment(file)
        with self._environment.begin() as reading:
            owner = bytes(reading.get(_OWNER, b""))
            empty = not reading.stat()["entries"]
        if owner == sightings.sealed(_OWNER, self._owner):
            return
        if not empty:  # of another collection, or of another version
            self._environment.close()
            file.unlink()
            self._environment = _environment(file)
        self._pending[_OWNER] = sightings.sealed(_OWNER, self._owner)

    def _read(self, key: bytes) -> bytes | None:
        if self._environment is None:
            return None
        try:
            if self._reading is None:
                self._reading = self._environment.begin()
            value = self._reading.get(key)
        except lmdb.Error as error:
            self._give_up(error)
            return None
        return None if value is None else bytes(value)

    def _page(self, start: bytes, after: bytes) -> list[tuple[bytes, bytes]]:
        page: list[tuple[bytes, bytes]] = []
        with self._lock:
            self._flush()
            self._read(_OWNER)
            if self._reading is None:
                return page
            try:
                cursor = self._reading.cursor()
                for key, value in cursor.iternext() if cursor.set_range(after) else ():
                    pair = bytes(key), bytes(value)
                    if not pair[0].startswith(start) or len(page) == _BATCH:
                        break
                    page.append(pair)
            except lmdb.Error as error:
                self._give_up(error)
                return []
        return page

    def _write(self, key: bytes, value: bytes | None) -> None:
        self._pending[key] = value
        if len(self._pending) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        pending, self._pending = sorted(self._pending.items()), {}
        if self._environment is None or not pending:
            return
        self._end_reading()
        try:
            while not _put(self._environment, pending):
                size = 4 * self._environment.info()["map_size"]
                if size > _LARGEST_MAP:
                    raise lmdb.MapFullError(f"{size} bytes")
                self._environment.set_mapsize(size)
        except (OSError, lmdb.Error) as error:
            self._give_up(error)

    def _end_reading(self) -> None:
        if self._reading is not None:
            self._reading.abort()
            self._reading = None

    def _give_up(self, error: Exception) -> None:
        _log.warning("what was seen is not remembered (%s): files will be hashed again", error)
        self._let_go(sound=False)

    def _let_go(self, *, sound: bool) -> None:
        environment, self._environment = self._environment, None
        custody, self._custody = self._custody, None
        self._end_reading()
        with suppress(OSError, lmdb.Error):
            if environment is not None:
                environment.close()
            if custody is not None:
                custody.close(sound=sound)


def folder_of(index: Path, collection: UUID) -> Path:
    """Say where the catalog of a collection lies; a copy of a collection has one of its own."""
    found = index.stat()
    return _cache() / "omnisearch" / f"{collection}-{found.st_dev}-{found.st_ino}"


def hand_over(source: Path, target: Path, collection: UUID) -> None:
    """Let a copy of a collection have what another remembers, unless it has something itself."""
    with suppress(OSError):  # it is a cache: files are hashed again
        there, here = folder_of(source, collection), folder_of(target, collection)
        if (there / DATA).exists() and not (here / DATA).exists():
            here.mkdir(mode=0o700, parents=True, exist_ok=True)
            (there / SEAL).replace(here / SEAL)
            (there / DATA).replace(here / DATA)


def forget(index: Path, collection: UUID) -> None:
    """Remember nothing for a collection in this folder; an older folder may have had its number."""
    with suppress(OSError):
        for name in (DATA, SEAL):
            (folder_of(index, collection) / name).unlink(missing_ok=True)


def _cache() -> Path:
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if given.is_absolute():  # others are to be ignored, says the XDG specification
        return given
    try:
        return Path.home() / ".cache"
    except RuntimeError:  # a user without a home: nothing can be made here, so nothing is kept
        return Path(os.devnull)


def copied(source: Path, target: Path) -> None:
    """Copy every record that is what was written, until one is not in its place."""
    last = b""
    with (
        _environment(source, readonly=True) as old,
        _environment(target) as new,
        old.begin() as reading,
        new.begin(write=True) as writing,
        suppress(lmdb.Error),
    ):
        for key, value in reading.cursor():
            pair = bytes(key), bytes(value)
            if pair[0] <= last:
                return
            last = pair[0]
            if sightings.is_sound(*pair):
                writing.put(*pair)


def _put(environment: lmdb.Environment, pending: Iterable[tuple[bytes, bytes | None]]) -> bool:
    """Write records in one transaction; False where the map is too small for them."""
    try:
        with environment.begin(write=True) as writing:
            for key, value in pending:
                if value is None:
                    writing.delete(key)
                else:
                    writing.put(key, value)
    except lmdb.MapFullError:
        return False
    return True


def _environment(file: Path, *, readonly: bool = False) -> lmdb.Environment:
    size = max(_FIRST_MAP, 2 * file.stat().st_size if file.exists() else 0)
    return lmdb.open(
        str(file),
        map_size=size,
        subdir=False,
        readonly=readonly,
        create=not readonly,
        mode=0o600,
        lock=False,  # one of ours is held
        sync=False,  # after a power cut the file is found to be another than was closed
        metasync=False,
        writemap=False,  # else a full disk ends the process
        readahead=False,
    )
