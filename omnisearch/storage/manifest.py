"""A manifest names every sealed file of one state, with length and checksum.

It is published under a name that did not exist, so a number is won by one writer only.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import xxhash

from omnisearch.errors import CorruptCollectionError, UnsupportedFormatError
from omnisearch.schema import Schema
from omnisearch.storage import files, layout, origin
from omnisearch.storage.files import Written
from omnisearch.storage.identity import FORMAT_VERSION, Identity
from omnisearch.storage.origin import OWN_VECTORS
from omnisearch.values import KINDS, Kind

READER_FEATURES: frozenset[str] = frozenset()
_ULID = layout.NAMES[layout.SHARDS]
_DIGEST = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Settings:
    """What was chosen when the collection was made and never changes."""

    dim: int
    metric: str
    index: str

    @property
    def dtype(self) -> str:
        """Name the stored type: half precision where rows have unit length."""
        return "float16" if self.metric == "cosine" else "float32"


@dataclass(frozen=True, slots=True)
class ShardEntry:
    """One shard: its name, its rows, its files, and which of its rows are deleted."""

    name: str
    rows: int
    files: dict[str, Written]
    deleted: int = 0
    tombs: str | None = None
    tombs_file: Written | None = None
    codebook: str | None = None  # which codebook made codes.faiss


@dataclass(frozen=True, slots=True)
class Manifest:
    """One state of the sealed part; records after `base_generation` are in the log."""

    number: int
    base_generation: int
    settings: Settings
    columns: dict[str, str] = field(default_factory=dict)
    declared: tuple[str, ...] = ()
    shards: tuple[ShardEntry, ...] = ()
    codebook: str | None = None
    codebook_file: Written | None = None
    space: str = OWN_VECTORS
    canaries: dict[str, str] = field(default_factory=dict)  # `origin.packed`
    encoder: str | None = None  # under which name it is loaded again

    @property
    def schema(self) -> Schema:
        """The user's columns as of the last seal."""
        return Schema(cast(dict[str, Kind], self.columns), frozenset(self.declared))

    @property
    def rows(self) -> int:
        """Count the sealed rows, deleted ones too."""
        return sum(shard.rows for shard in self.shards)


def encode(manifest: Manifest, identity: Identity) -> bytes:
    """Write canonical JSON and its checksum on a line of its own."""
    tree = {
        "format": FORMAT_VERSION,
        "collection": str(identity.collection),
        "reader_features": [],
        "writer_features": [],
        **asdict(manifest),
        "columns": [list(pair) for pair in manifest.columns.items()],  # their order counts
    }
    for name in ("canaries", "encoder"):
        if not tree[name]:
            del tree[name]
    body = json.dumps(tree, sort_keys=True, indent=1, ensure_ascii=True).encode() + b"\n"
    return body + f"{xxhash.xxh3_128_hexdigest(body)}\n".encode()


def decode(raw: bytes, path: Path, identity: Identity) -> Manifest:
    """Read a manifest after its checksum; anything unexpected is damage."""
    body, digest = raw[:-33], raw[-33:]
    if digest != f"{xxhash.xxh3_128_hexdigest(body)}\n".encode():
        raise CorruptCollectionError(_damaged(path, "its checksum does not match"))
    try:
        tree = json.loads(body)
        unknown = set(tree.pop("reader_features")) - READER_FEATURES
        if tree["format"] > FORMAT_VERSION or unknown:
            needed = ", ".join(sorted(unknown)) or f"format {tree['format']}"
            raise UnsupportedFormatError(f"{path} needs {needed}: upgrade omnisearch")
        found = _build(tree)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise CorruptCollectionError(_damaged(path, f"it does not read ({error})")) from error
    if tree["collection"] != str(identity.collection):
        raise CorruptCollectionError(_damaged(path, "it belongs to another collection"))
    if path.name != layout.manifest_path(path.parent, found.number).name:
        raise CorruptCollectionError(_damaged(path, f"it is manifest {found.number}"))
    return found


def _damaged(path: Path, fault: str) -> str:
    root = path.parent.parent
    return f"{path} is damaged, {fault}: run `omnisearch doctor --index {root} --repair`"


def _build(tree: dict[str, Any]) -> Manifest:
    shards = tuple(
        ShardEntry(
            name=_matching(_ULID, shard["name"]),
            rows=_count(shard["rows"]),
            files={str(name): _written(entry) for name, entry in shard["files"].items()},
            deleted=_count(shard["deleted"]),
            tombs=shard["tombs"] and _matching(layout.NAMES[layout.TOMBS], shard["tombs"]),
            tombs_file=shard["tombs_file"] and _written(shard["tombs_file"]),
            codebook=shard["codebook"] and _matching(_ULID, shard["codebook"]),
        )
        for shard in tree["shards"]
    )
    settings = tree["settings"]
    return Manifest(
        number=_count(tree["number"]),
        base_generation=_count(tree["base_generation"]),
        settings=Settings(_count(settings["dim"]), str(settings["metric"]), str(settings["index"])),
        columns={str(name): _known_kind(kind) for name, kind in tree["columns"]},
        declared=tuple(str(name) for name in tree["declared"]),
        shards=shards,
        codebook=tree["codebook"] and _matching(_ULID, tree["codebook"]),
        codebook_file=tree["codebook_file"] and _written(tree["codebook_file"]),
        space=str(tree["space"]),
        canaries=_canaries(tree.get("canaries", {})),
        encoder=str(tree["encoder"]) if "encoder" in tree else None,
    )


def _canaries(tree: dict[str, Any]) -> dict[str, str]:
    texts = {str(name): str(text) for name, text in tree.items()}
    origin.unpacked(texts)
    return texts


def _known_kind(kind: object) -> str:
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of column")
    return str(kind)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is not a count")
    return value


def _written(tree: dict[str, Any]) -> Written:
    return Written(_count(tree["size"]), _matching(_DIGEST, tree["digest"]))


def _matching(pattern: re.Pattern[str], value: object) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"{value!r} is not a name of this format")
    return value


def read(root: Path, number: int, identity: Identity) -> Manifest:
    """Read one manifest."""
    path = layout.manifest_path(root, number)
    return decode(path.read_bytes(), path, identity)


def owner(root: Path) -> uuid.UUID:
    """Read from the newest sound manifest which collection it is, where FORMAT cannot tell."""
    for number in reversed(layout.numbers(root / layout.MANIFESTS, ".json")):
        raw = layout.manifest_path(root, number).read_bytes()
        if raw[-33:] == f"{xxhash.xxh3_128_hexdigest(raw[:-33])}\n".encode():
            return uuid.UUID(json.loads(raw[:-33])["collection"])
    raise CorruptCollectionError(f"{root} has no manifest that reads: restore it from a snapshot")


def newest(root: Path) -> int:
    """Find the highest manifest number; 0 where there is none."""
    found = layout.numbers(root / layout.MANIFESTS, ".json")
    return found[-1] if found else 0


def publish(manifest: Manifest, root: Path, identity: Identity) -> None:
    """Make a manifest the newest one, durably; every file it names must be durable already."""
    final = layout.manifest_path(root, manifest.number)
    pin = layout.pin_path(root, manifest.number)
    if not pin.exists():
        files.write_file(pin, [], mode=0o600)
    made = root / layout.TMP / f"{layout.new_ulid()}.json"
    files.write_file(made, [encode(manifest, identity)])
    files.publish(made, final, identity.publishing)
    files.sync_folder(final.parent)
