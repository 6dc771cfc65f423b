"""The file of an answer, opened for reading, if it is still what was taken in."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import unquote_to_bytes

from blake3 import blake3

from omnisearch import locations
from omnisearch.errors import MediaError, OmnisearchError, QueryError
from omnisearch.records import Hit
from omnisearch.schema import MISSING

State = Literal["there", "changed", "gone"]
_FILE = "file://"
_DIGEST = re.compile("[0-9a-f]{32}")  # the hash of a file names its item
_DIGEST_BYTES = 16
_BLOCK = 1 << 20


@contextmanager
def original(hit: Hit) -> Iterator[int]:
    """Give a descriptor of the first copy that is there and has not changed."""
    places = [place for place in hit.locations if place.startswith(_FILE)]
    if not places:
        raise _missing(hit)
    faults = list[str]()
    for place in places:
        path = unquote_to_bytes(place.removeprefix(_FILE))
        with ExitStack() as kept:
            try:
                descriptor = kept.enter_context(_opened(path))
            except OSError as error:
                faults.append(f"{locations.shown(path)} does not open ({error.strerror})")
                continue
            if _is_same(descriptor, hit):
                yield descriptor
                return
        faults.append(f"{locations.shown(path)} has changed since it was taken in")
    raise MediaError(f"{'; '.join(faults)}: put it back, or run ingest again")


def _missing(hit: Hit) -> OmnisearchError:
    """Say why an answer has no file: it was found gone, or there never was one."""
    since = hit.metadata.get(MISSING)
    if not isinstance(since, datetime):
        fault = f"{hit.id} belongs to no file that was taken in: nothing can be cut from"
        return QueryError(fault)
    name = locations.plain(str(hit.metadata.get("file.name") or f"what {hit.id} is from"))
    told = f"{name} is missing since {since.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return MediaError(f"{told}: bring it back as it was, and ingest again")


def state_of(place: str, hit: Hit) -> State:
    """Tell whether a file of an answer is still what was taken in."""
    try:
        with _opened(unquote_to_bytes(place.removeprefix(_FILE))) as descriptor:
            return "there" if _is_same(descriptor, hit) else "changed"
    except OSError:
        return "gone"


@contextmanager
def _opened(path: bytes) -> Iterator[int]:
    # a pipe without a writer would otherwise be waited for
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _is_same(descriptor: int, hit: Hit) -> bool:
    """Compare size and time with what is remembered, and the bytes where these differ."""
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_size != hit.metadata.get("file.bytes"):
        return False
    changed = hit.metadata.get("file.modified")
    if isinstance(changed, datetime):
        seconds, rest = divmod(found.st_mtime_ns, 1_000_000_000)
        now = datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=rest // 1000)
        if now == changed.astimezone(UTC):
            return True
    return _DIGEST.fullmatch(hit.item) is not None and _digest(descriptor) == hit.item


def _digest(descriptor: int) -> str:
    digest = blake3()
    while block := os.read(descriptor, _BLOCK):
        digest.update(block)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return digest.hexdigest(length=_DIGEST_BYTES)
