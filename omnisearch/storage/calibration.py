"""What was learnt of a collection's cosines, as bytes that only the encoder's side understands.

It is derived: whoever finds none, or a damaged one, goes on with what ships.
"""

from __future__ import annotations

from pathlib import Path

from omnisearch.storage import files, layout
from omnisearch.storage.store import Store

_FOLDER = layout.CALIBRATION


def write(store: Store, content: bytes) -> None:
    """Make it the newest, durably; it is no generation and no part of one."""
    with store.lock:
        store.begin_writing()
        root = store.root
        folder = root / _FOLDER
        if not folder.is_dir():
            files.make_folder(folder)
            files.sync_folder(root)
        old = layout.numbers(folder, ".cal")
        made = root / layout.TMP / f"{layout.new_ulid()}.cal"
        files.write_file(made, [content])
        number = old[-1] + 1 if old else 1
        files.publish(made, folder / f"{number:012d}.cal", store.identity.publishing)
        files.sync_folder(folder)
        for one in old:
            files.remove(folder / f"{one:012d}.cal", missing_ok=True)


def newest(root: Path) -> bytes | None:
    """Read the newest; None where there is none."""
    folder = root / _FOLDER
    try:
        numbers = layout.numbers(folder, ".cal") if folder.is_dir() else []
        return (folder / f"{numbers[-1]:012d}.cal").read_bytes() if numbers else None
    except OSError:  # a writer has just made a newer one, or nobody may read it
        return None


def stamp(root: Path) -> int:
    """Give a number that changes when there is a newer one."""
    try:
        return (root / _FOLDER).stat().st_mtime_ns
    except OSError:
        return 0
