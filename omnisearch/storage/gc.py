"""What no kept manifest names goes: manifests first, then what they named.

Only the writer calls this, so a file that no manifest names is no other process's work in progress.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from omnisearch.errors import CorruptCollectionError
from omnisearch.storage import files, layout, ledger, locks, manifest
from omnisearch.storage.identity import Identity
from omnisearch.storage.manifest import Manifest

KEPT = 2  # manifests kept though nobody reads them, so that a damaged one has a predecessor


def sweep_unfinished(root: Path, *, after: int) -> None:
    """Remove what a killed writer had begun: temporary files, and log files never used."""
    for path in _ours(root, layout.TMP):
        files.remove(path)
    for number in layout.numbers(root / layout.LOG, ".log"):
        if number > after:
            files.remove(layout.log_path(root, number))


def collect(root: Path, identity: Identity, *, kept: int = KEPT, unfinished: bool = False) -> int:
    """Remove old manifests that nobody reads and everything only they named; give bytes freed.

    What is `unfinished` goes too where no other thread can be just writing it.
    """
    alive = _retire(root, identity, kept)
    named = {name for found in alive for name in _named(found)}
    base = min(found.base_generation for found in alive)
    freed = 0
    folders = (layout.SHARDS, layout.CODEBOOKS, layout.TOMBS)
    for folder in (*folders, layout.TMP) if unfinished else folders:
        for path in _ours(root, folder):
            if f"{folder}/{path.name}" not in named:
                freed += files.remove_tree(path)
    ledger.remove_old(root, kept)
    logs = layout.numbers(root / layout.LOG, ".log")
    for number, following in pairwise(logs):
        if following <= base + 1:
            freed += files.remove_tree(layout.log_path(root, number))
    return freed


def _retire(root: Path, identity: Identity, kept: int) -> list[Manifest]:
    numbers = layout.numbers(root / layout.MANIFESTS, ".json")
    alive = []
    for number in numbers[:-kept]:
        out = locks.lock_out_readers(layout.pin_path(root, number))
        if out is None:
            alive.append(number)
            continue
        files.remove(layout.manifest_path(root, number))
        files.sync_folder(root / layout.MANIFESTS)
        out.release()
    alive += numbers[-kept:]
    for pin in layout.numbers(root / layout.MANIFESTS, ".pin"):
        if pin not in alive and pin < numbers[-1]:
            files.remove(layout.pin_path(root, pin))
    return [found for number in alive if (found := _readable(root, number, identity)) is not None]


def _readable(root: Path, number: int, identity: Identity) -> Manifest | None:
    try:
        return manifest.read(root, number, identity)
    except CorruptCollectionError:
        if number == manifest.newest(root):
            raise
        return None


def _named(found: Manifest) -> set[str]:
    names = {f"{layout.SHARDS}/{shard.name}" for shard in found.shards}
    names |= {f"{layout.TOMBS}/{shard.tombs}" for shard in found.shards if shard.tombs}
    if found.codebook:
        names.add(f"{layout.CODEBOOKS}/{found.codebook}.faiss")
    return names


def _ours(root: Path, folder: str) -> list[Path]:
    """List what is in a folder under names that only we give."""
    pattern = layout.NAMES[folder]
    return [path for path in (root / folder).iterdir() if pattern.fullmatch(path.name)]
