"""The ledger: which roots a collection has, which paths it leaves alone, what it goes without.

Each state is a file of its own, of which the newest counts. HEAD tells the number of the newest, so
a lost one is noticed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import xxhash

from omnisearch import locations, moments
from omnisearch.errors import CorruptCollectionError
from omnisearch.locations import Location, Root
from omnisearch.storage import files, layout
from omnisearch.storage.identity import Identity

FORMAT = 1
KEPT = 2  # so that a damaged one has a predecessor
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be taken in; it is not tried again while it stays as it was."""

    location: str
    stage: str
    reason: str
    digest: str | None
    size: int
    mtime_ns: int
    at: datetime


@dataclass(frozen=True, slots=True, order=True)
class LeftOut:
    """An item that a space was built without, knowingly; `location` is where its file was."""

    item: str
    space: str
    location: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a collection knows of files besides its rows; failures by location, roots in order."""

    roots: tuple[Root, ...] = ()
    ignored: frozenset[str] = frozenset()
    failures: Mapping[str, Failure] = field(default_factory=dict)
    regions: bool = False  # pictures are found by parts of them, too
    whole: bool = True  # long texts are found by the mean of their passages, too
    left_out: tuple[LeftOut, ...] = ()

    def __post_init__(self) -> None:
        ordered = sorted(self.roots, key=lambda root: root.number)
        object.__setattr__(self, "roots", tuple(ordered))
        known = {(one.item, one.space): one for one in self.left_out}
        object.__setattr__(self, "left_out", tuple(known[key] for key in sorted(known)))

    def root(self, number: int) -> Root | None:
        """Find a root by its number."""
        return next((root for root in self.roots if root.number == number), None)

    def uri(self, location: str) -> str | None:
        """Give the absolute `file://` URI of a location, if its root is known."""
        try:
            place = Location.parse(location)
        except ValueError as error:
            raise CorruptCollectionError(f"a row is of a file that is none: {error}") from error
        root = self.root(place.root)
        return None if root is None or not root.path else locations.uri(root.path, place.path)


def encode(ledger: Ledger, number: int, identity: Identity) -> bytes:
    """Write canonical JSON, a line for each thing, and a checksum on the last line."""
    trees = [{"collection": str(identity.collection), "format": FORMAT, "number": number}]
    lines = [_line(tree) for tree in (*trees, *told(ledger))]
    body = b"".join(lines)
    return body + f"{xxhash.xxh3_128_hexdigest(body)}\n".encode()


def _line(tree: Mapping[str, Any]) -> bytes:
    return json.dumps(tree, sort_keys=True, ensure_ascii=True).encode() + b"\n"


def told(ledger: Ledger) -> Iterator[Mapping[str, Any]]:
    """Tell each thing that a ledger holds, as JSON has it."""
    for root in ledger.roots:
        path = locations.encode(root.path)
        yield {"root": root.number, "path": path, "device": root.device, "kind": root.kind}
    if ledger.regions:
        yield {"regions": True}
    if not ledger.whole:
        yield {"whole": False}
    for location in sorted(ledger.ignored):
        yield {"ignored": location}
    for location, failure in sorted(ledger.failures.items()):
        yield {
            "failure": location,
            "stage": failure.stage,
            "reason": failure.reason,
            "digest": failure.digest,
            "size": failure.size,
            "mtime_ns": failure.mtime_ns,
            "at": moments.micros(failure.at),
        }
    for one in ledger.left_out:
        known = {"space": one.space, "location": one.location, "reason": one.reason}
        yield {"left_out": one.item, **known}


def decode(raw: bytes, path: Path, identity: Identity) -> Ledger:
    """Read a ledger after its checksum; anything unexpected is damage."""
    body, digest = raw[:-33], raw[-33:]
    if digest != f"{xxhash.xxh3_128_hexdigest(body)}\n".encode():
        raise CorruptCollectionError(_damaged(path, "its checksum does not match"))
    try:
        head, *trees = [json.loads(line) for line in body.splitlines()]
        if head["format"] != FORMAT:
            raise ValueError(f"format {head['format']}")
        found = build(trees)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CorruptCollectionError(_damaged(path, f"it does not read ({error})")) from error
    if head["collection"] != str(identity.collection):
        raise CorruptCollectionError(_damaged(path, "it belongs to another collection"))
    if path.name != layout.ledger_path(path.parent, int(head["number"])).name:
        raise CorruptCollectionError(_damaged(path, f"it is ledger {head['number']}"))
    return found


def build(trees: Iterable[Mapping[str, Any]]) -> Ledger:
    """Read what `told` gave; anything else is a ValueError, TypeError or KeyError."""
    roots: list[Root] = []
    ignored: set[str] = set()
    failures: dict[str, Failure] = {}
    regions, whole = False, True
    left_out: list[LeftOut] = []
    for tree in trees:
        match tree:
            case {"root": int(number), "path": str(path), "device": int(device), "kind": kind}:
                if kind not in ("folder", "file"):
                    raise ValueError(f"{kind!r} is no kind of root")
                roots.append(Root(number, locations.decode(path), device, kind))
            case {"regions": True}:
                regions = True
            case {"whole": False}:
                whole = False
            case {"ignored": str(location)}:
                ignored.add(_location(location))
            case {"failure": str(location), **rest}:
                failures[_location(location)] = _failure(location, rest)
            case {
                "left_out": str(item),
                "space": str(space),
                "location": str() | None as location,
                "reason": str(reason),
            }:
                place = None if location is None else _location(location)
                left_out.append(LeftOut(item, space, place, reason))
            case _:
                raise ValueError(f"a line with {sorted(tree)} is not of this format")
    if len({root.number for root in roots}) < len(roots):
        raise ValueError("two roots of one number")
    return Ledger(tuple(roots), frozenset(ignored), failures, regions, whole, tuple(left_out))


def _location(text: str) -> str:
    return str(Location.parse(text))


def _failure(location: str, tree: Mapping[str, Any]) -> Failure:
    texts = [tree["stage"], tree["reason"], tree["digest"] or ""]
    numbers = [tree["size"], tree["mtime_ns"], tree["at"]]
    if not all(type(one) is str for one in texts) or not all(type(one) is int for one in numbers):
        raise ValueError(f"the failure of {location} does not read")
    size, mtime_ns, at = cast(list[int], numbers)
    stage, reason, digest = cast(list[str], texts)
    return Failure(location, stage, reason, digest or None, size, mtime_ns, moments.moment(at))


def _damaged(path: Path, fault: str) -> str:
    root = path.parent.parent
    return f"{path} is damaged, {fault}: run `omnisearch doctor --index {root} --repair`"


def numbers(root: Path) -> list[int]:
    """List the ledgers that lie there, oldest first; a collection without files has none."""
    folder = root / layout.LEDGER
    return layout.numbers(folder, ".jsonl") if folder.is_dir() else []


def newest(root: Path) -> int:
    """Find the highest number; 0 where there is none."""
    found = numbers(root)
    return found[-1] if found else 0


def read(root: Path, number: int, identity: Identity) -> Ledger:
    """Read one ledger."""
    path = layout.ledger_path(root / layout.LEDGER, number)
    return decode(path.read_bytes(), path, identity)


def write(root: Path, number: int, identity: Identity, ledger: Ledger) -> None:
    """Make a ledger the newest one, durably."""
    made = root / layout.TMP / f"{layout.new_ulid()}.jsonl"
    final = layout.ledger_path(root / layout.LEDGER, number)
    files.write_file(made, [encode(ledger, number, identity)])
    files.publish(made, final, identity.publishing)
    files.sync_folder(final.parent)


def write_next(root: Path, identity: Identity, ledger: Ledger) -> int:
    """Write a ledger behind the newest; give its number."""
    number = newest(root) + 1
    write(root, number, identity, ledger)
    return number


def remove_old(root: Path, kept: int = KEPT) -> None:
    """Remove all but the newest."""
    for number in numbers(root)[:-kept]:
        files.remove(layout.ledger_path(root / layout.LEDGER, number), missing_ok=True)


class Ledgers:
    """The newest ledger of a collection, read again when there is a newer one."""

    def __init__(self, root: Path, identity: Identity) -> None:
        self._root, self._identity = root, identity
        self._known: tuple[int, Ledger] = (0, Ledger())

    def newest(self) -> Ledger:
        """Read the newest ledger; an empty one where there is none."""
        for attempt in range(_ATTEMPTS):
            number = newest(self._root)
            if number == self._known[0]:
                break
            try:
                self._known = number, read(self._root, number, self._identity)
            except FileNotFoundError:  # a writer has made a newer one and removed this
                if attempt == _ATTEMPTS - 1:
                    raise
        return self._known[1]
