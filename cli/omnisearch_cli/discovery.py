"""Which collection a command means: the one named, or the nearest `.omnisearch` upwards."""

from __future__ import annotations

import os
from pathlib import Path

import click

import omnisearch as om
from omnisearch_cli import known, output

FOLDER = ".omnisearch"


def for_reading(index: Path | None) -> Path:
    """Find the collection; reading never creates one."""
    if index is not None:
        return _named(index)
    found = nearest(Path.cwd())
    if found is None:
        raise click.UsageError(
            f"no {FOLDER} folder here or above: name a collection with --index. {known.told()}",
            click.get_current_context(silent=True),
        )
    return found


def for_writing(index: Path | None) -> Path:
    """Find the collection, or the place where the first write makes one."""
    if index is not None:
        return writable(_named(index))
    here = Path.cwd()
    return writable(nearest(here) or here / FOLDER)


def _named(index: Path) -> Path:
    """Take a name as it is; one that begins here needs that there still is a here."""
    found = index.expanduser()
    if not found.is_absolute():
        Path.cwd()  # raises what is told as such, where the folder was removed
    return found


def writable(path: Path) -> Path:
    """Refuse a collection that cannot be written to, before any work is done for it."""
    if is_collection(path) and not os.access(path, os.W_OK):
        remedy = "make the folder writable, or name another collection with --index"
        raise om.errors.ReadOnlyError(f"{path} cannot be written to: {remedy}")
    return path


def is_collection(path: Path) -> bool:
    """Tell whether a collection was made there, sound or not."""
    return (path / "FORMAT").exists()


def nearest(start: Path) -> Path | None:
    """Look upwards, on one file system, in folders of this user, not above the home folder."""
    home, device = Path.home(), start.stat().st_dev
    for folder in (start, *start.parents):
        if folder in home.parents or folder.stat().st_dev != device:
            return None
        found = folder / FOLDER
        if found.is_dir() and not found.is_symlink() and is_collection(found):
            if found.stat().st_uid == os.getuid():
                return found
            output.say(f"{found} is left out: it belongs to another user")
        if folder == home:
            return None
    return None
