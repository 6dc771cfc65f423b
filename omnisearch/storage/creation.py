"""A collection begins: FORMAT comes last, so a folder with FORMAT is whole."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from omnisearch.errors import InputError
from omnisearch.storage import files, filesystem, layout, locks, log, manifest
from omnisearch.storage.identity import Head, Identity, encode_head, has_remains, read_identity
from omnisearch.storage.locks import FileLock
from omnisearch.storage.manifest import Manifest

_FOLDERS = {*layout.FOLDERS, layout.CALIBRATION, layout.RELATIONS, layout.UNUSED, *layout.SPACES}
_OURS = {*_FOLDERS, layout.FORMAT, layout.HEAD, layout.LOCK, layout.IGNORE}
IGNORE_TEXT = b"*\n"


def create(
    root: Path, first: Manifest, *, ignored: bool, collection: uuid.UUID | None = None
) -> FileLock | None:
    """Make an empty collection and become its writer, unless another process just made it.

    `ignored` keeps it out of git; `collection` is whose rows it will hold, if not its own.
    """
    filesystem.refuse_network(root)
    make_root(root)
    lock = locks.lock_writer(root)
    try:
        if (root / layout.FORMAT).exists():
            lock.release()
            return None
        if has_remains(root):
            read_identity(root)
        _sweep(root)
        identity = Identity(collection or uuid.uuid4(), _prepare(root, ignored))
        manifest.publish(first, root, identity)
        log.create(root, identity, 1).close()
        files.write_file(root / layout.HEAD, [encode_head(identity, Head(0, 1))], mode=0o600)
        finish(root, identity)
    except BaseException:
        lock.release()
        raise
    return lock


def make_root(root: Path) -> None:
    """Make the folder of a collection, and those above it, unless it holds something else."""
    if root.is_symlink() and not root.exists():
        raise InputError(f"{root} is a link to nothing: make {root.readlink()} or name another")
    for folder in reversed([root, *root.parents]):
        if not folder.exists():
            files.make_folder(folder, mode=0o700 if folder == root else 0o777)
            files.sync_folder(folder.parent)
    _sync_parent(root)  # it may be there from an attempt that was killed
    if not root.is_dir():
        raise InputError(f"{root} is a file: a collection needs a folder of its own")
    others = sorted(entry.name for entry in root.iterdir() if entry.name not in _OURS)
    if others:
        raise InputError(
            f"{root} is not a collection and holds other files ({others[0]}): "
            "name an empty or a new folder"
        )


def finish(root: Path, identity: Identity) -> None:
    """Give a whole collection its FORMAT; everything else has its name on disk before."""
    files.sync_folder(root)
    made = root / layout.TMP / f"{layout.new_ulid()}.format"
    files.write_file(made, [identity.encode()])
    files.publish(made, root / layout.FORMAT, identity.publishing)
    files.sync_folder(root)


def sync_names(root: Path) -> None:
    """Make durable the names that a killed process gave, since its syncs may not have come.

    Folders that may be empty are made again: not every way of copying a collection keeps them.
    """
    for name in (layout.TMP, layout.LEDGER, layout.TOMBS, layout.CODEBOOKS):
        if not (root / name).is_dir():
            files.make_folder(root / name)
    _sync_parent(root)
    for folder in (root, root / layout.MANIFESTS, root / layout.LOG):
        files.sync_folder(folder)


def _sync_parent(root: Path) -> None:
    if os.access(root.parent, os.R_OK):  # where it cannot be read, it cannot be synced
        files.sync_folder(root.parent)


def _sweep(root: Path) -> None:
    """Remove what a creation that was killed left behind."""
    for name in layout.FOLDERS:
        folder = root / name
        if folder.is_dir():
            for path in folder.iterdir():
                if layout.NAMES.get(name) and layout.NAMES[name].fullmatch(path.name):
                    files.remove(path)
    files.remove(root / layout.HEAD, missing_ok=True)


def _prepare(root: Path, ignored: bool) -> files.Publishing:
    for name in layout.FOLDERS:
        if not (root / name).is_dir():
            files.make_folder(root / name)
    if ignored and not (root / layout.IGNORE).exists():
        files.write_file(root / layout.IGNORE, [IGNORE_TEXT], mode=0o600)
    files.sync_folder(root)
    return files.probe_publishing(root / layout.TMP)
