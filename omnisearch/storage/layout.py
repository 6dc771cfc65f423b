"""Names inside a collection folder; what matches none of them is not ours and is left alone."""

from __future__ import annotations

import re
import secrets
import time
from pathlib import Path

from omnisearch.errors import CorruptCollectionError

FORMAT, LOCK, HEAD, IGNORE = "FORMAT", "LOCK", "HEAD", ".gitignore"
MANIFESTS, LOG, SHARDS, CODEBOOKS = "manifests", "log", "shards", "codebooks"
TOMBS, LEDGER, TMP = "tombs", "ledger", "tmp"
CALIBRATION = "calibration"  # made when something is first learnt
RELATIONS = "relations"  # made when somebody first asks what is related
FOLDERS = (MANIFESTS, LOG, SHARDS, CODEBOOKS, TOMBS, LEDGER, TMP)
UNUSED = "failures"  # a folder of older collections, always empty
# Collections inside: of the space that is being built, of the one before, and of one on its way.
NEXT, PREVIOUS, LEAVING = "next", "previous", "leaving"
SPACES = (NEXT, PREVIOUS, LEAVING)

VECTORS, VECTOR_SUMS, ROWS, IDS = "vectors.bin", "vectors.sum", "rows.arrow", "ids.bin"
CODES, COLUMNS, WORDS = "codes.faiss", "columns.bin", "words.bin"
DERIVED = (IDS, CODES, COLUMNS, WORDS)

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID = r"[0-9A-HJKMNP-TV-Z]{26}"
NAMES = {
    MANIFESTS: re.compile(r"(\d{12})\.(json|pin)"),
    LOG: re.compile(r"(\d{12})\.log"),
    SHARDS: re.compile(_ULID),
    CODEBOOKS: re.compile(rf"({_ULID})\.faiss"),
    TOMBS: re.compile(rf"({_ULID})\.(\d{{12}})\.bits"),
    LEDGER: re.compile(r"(\d{12})\.jsonl"),
    CALIBRATION: re.compile(r"(\d{12})(?:\.([0-9a-f]{16}))?\.(cal|near)"),
    RELATIONS: re.compile(r"(\d{12})\.links"),
    TMP: re.compile(rf"probe-[12]|{_ULID}\.(json|jsonl|format|cal|near|links)"),
}


def new_ulid() -> str:
    """Make a name that sorts by the time it was made and is never made twice."""
    value = (time.time_ns() // 1_000_000 & (1 << 48) - 1) << 80 | secrets.randbits(80)
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))


def manifest_path(root: Path, number: int) -> Path:
    """Name the file of one manifest."""
    return root / MANIFESTS / f"{number:012d}.json"


def pin_path(root: Path, number: int) -> Path:
    """Name the file on which readers of one manifest hold a lock."""
    return root / MANIFESTS / f"{number:012d}.pin"


def log_path(root: Path, first: int) -> Path:
    """Name the log file whose first record is that generation."""
    return root / LOG / f"{first:012d}.log"


def ledger_path(folder: Path, number: int) -> Path:
    """Name the file of one ledger."""
    return folder / f"{number:012d}.jsonl"


def numbers(folder: Path, suffix: str) -> list[int]:
    """List the numbers of the files of one kind, ascending."""
    pattern = NAMES[folder.name]
    try:
        names = [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        remedy = f"run `omnisearch doctor --index {folder.parent} --repair`"
        raise CorruptCollectionError(f"folder {folder} is missing: {remedy}") from None
    found = (pattern.fullmatch(name) for name in names)
    return sorted(int(match[1]) for match in found if match and match[0].endswith(suffix))
