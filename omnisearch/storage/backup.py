"""A copy of the newest generation that is a collection itself; immutable files are shared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from omnisearch.errors import InputError
from omnisearch.storage import creation, files, layout, ledger, log, manifest
from omnisearch.storage.generation import Generation
from omnisearch.storage.identity import Head, Identity, encode_head
from omnisearch.storage.ledger import Ledger
from omnisearch.storage.manifest import Manifest
from omnisearch.storage.store import Store


def snapshot(store: Store, target: Path) -> None:
    """Copy what is committed now to a new folder; it has FORMAT when it is whole."""
    store.check_no_transaction()
    if target.exists() and any(target.iterdir()):
        raise InputError(f"{target} is not empty: name a new folder for the snapshot")
    with store.maintaining:
        now = store.reading()
        creation.make_root(target)
        for name in layout.FOLDERS:
            if not (target / name).is_dir():
                files.make_folder(target / name)
        made = now.sealed.manifest
        publishing = files.probe_publishing(target / layout.TMP)
        identity = replace(store.identity, publishing=publishing)
        share(store.root, target, made)
        _copy_log(store, target, now)
        manifest.publish(made, target, identity)
        books = _copy_ledger(store, target, identity)
        head = encode_head(identity, Head(now.number, made.number, books))
        files.write_file(target / layout.HEAD, [head], mode=0o600)
        files.sync_folder(target)
        creation.finish(target, identity)


def share(root: Path, target: Path, made: Manifest) -> None:
    """Give a collection the files that a manifest of another names; what it has, it keeps."""
    names = [f"{layout.TOMBS}/{entry.tombs}" for entry in made.shards if entry.tombs]
    names += [f"{layout.CODEBOOKS}/{made.codebook}.faiss"] if made.codebook else []
    for entry in made.shards:
        folder = f"{layout.SHARDS}/{entry.name}"
        if not (target / folder).is_dir():
            files.make_folder(target / folder)
        names += [f"{folder}/{name}" for name in entry.files]
    for name in names:
        if not (target / name).exists():
            files.share(root / name, target / name)
    for entry in made.shards:
        files.sync_folder(target / layout.SHARDS / entry.name)
    for folder in (layout.SHARDS, layout.TOMBS, layout.CODEBOOKS):
        files.sync_folder(target / folder)


def _copy_ledger(store: Store, target: Path, identity: Identity) -> int:
    found = store.read_ledger()
    if found == Ledger():
        return 0
    ledger.write(target, 1, identity, found)
    return 1


def _copy_log(store: Store, target: Path, now: Generation) -> None:
    base = now.sealed.manifest.base_generation
    tail = log.read_tail(store.root, store.identity, base, now.number)
    copy = log.create(target, store.identity, base + 1)
    try:
        for record in tail.records:
            if record.generation <= now.number:
                log.append(copy, record.generation, [record.payload], durable=False)
        copy.sync()
    finally:
        copy.close()
