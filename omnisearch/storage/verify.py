"""Every file against what was written: nothing is changed, and one fault does not hide the next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from omnisearch.errors import CorruptCollectionError, OmnisearchError
from omnisearch.records import Problem, VerifyReport
from omnisearch.storage import calibration, creation, layout, ledger, log, manifest, relations
from omnisearch.storage.identity import Identity, read_head, read_identity
from omnisearch.storage.manifest import Manifest, ShardEntry
from omnisearch.storage.mapping import map_file
from omnisearch.storage.shard import Place
from omnisearch.storage.tombs import read_tombs
from omnisearch.storage.vectors import StoredVectors

_ATTEMPTS = 5  # while a writer works on


def verify(root: Path, *, data: bool = True) -> VerifyReport:
    """Check a collection; `data` also reads every vector's bytes."""
    identity = read_identity(root)
    for _ in range(_ATTEMPTS):
        before = _progress(root)
        report = _verify(root, identity, data)
        if report.ok or _progress(root) == before:
            break
    return report


def _progress(root: Path) -> tuple[object, ...]:
    """Tell whether a writer moved on meanwhile, and files went that were listed before."""
    try:
        logs = layout.numbers(root / layout.LOG, ".log")
        newest = manifest.newest(root), ledger.newest(root)
        return *newest, (root / layout.HEAD).read_bytes(), *logs
    except (CorruptCollectionError, OSError):
        return ()


def _verify(root: Path, identity: Identity, data: bool) -> VerifyReport:
    needed = [root / name for name in layout.FOLDERS if name != layout.LEDGER]
    missing = [path for path in needed if not path.is_dir()]
    if missing:
        faults = [
            Problem(str(path), f"folder {path} is missing", _repair(root)) for path in missing
        ]
        return VerifyReport(False, tuple(faults))
    problems = [*_small_files(root, identity), *_ledgers(root, identity), *_log(root, identity)]
    problems += [_lost_calibration(path) for path in calibration.damaged(root)]
    problems += [_lost_links(path) for path in relations.damaged(root)]
    for number in layout.numbers(root / layout.MANIFESTS, ".json"):
        path = layout.manifest_path(root, number)
        try:
            found = manifest.read(root, number, identity)
        except (OmnisearchError, OSError) as error:
            problems.append(_problem(root, path, error))
            continue
        problems += _named(Place(root, identity, found.settings), found, data)
    unique = {problem.path + problem.fault: problem for problem in problems}
    return VerifyReport(not unique, tuple(unique.values()))


def _problem(root: Path, path: Path, error: Exception) -> Problem:
    fault, _, remedy = str(error).rpartition(": ")
    derived = path.name in layout.DERIVED or path.suffix == ".faiss"
    if derived or not fault:
        remedy = f"run `omnisearch doctor --index {root} --repair`"
    return Problem(str(path), fault or str(error), remedy)


def _small_files(root: Path, identity: Identity) -> Iterator[Problem]:
    newest = manifest.newest(root)
    try:
        head = read_head(root, identity)
        if head.manifest > newest:
            path = layout.manifest_path(root, head.manifest)
            yield Problem(str(path), f"{path} is missing", _repair(root))
        if head.ledger > ledger.newest(root):
            path = layout.ledger_path(root / layout.LEDGER, head.ledger)
            yield Problem(str(path), f"{path} is missing", _repair(root))
    except CorruptCollectionError as error:
        yield _problem(root, root / layout.HEAD, error)
    if not newest:
        yield Problem(str(root / layout.MANIFESTS), "no manifest is there", "restore a snapshot")
    ignore = root / layout.IGNORE
    if ignore.exists() and ignore.read_bytes() != creation.IGNORE_TEXT:
        yield Problem(str(ignore), f"{ignore} was changed", _repair(root))


def _ledgers(root: Path, identity: Identity) -> Iterator[Problem]:
    for number in ledger.numbers(root):
        try:
            ledger.read(root, number, identity)
        except (CorruptCollectionError, OSError) as error:
            yield _problem(root, layout.ledger_path(root / layout.LEDGER, number), error)


def _lost_calibration(path: Path) -> Problem:
    remedy = "take something in or call compact, which learns it anew; what ships is used till then"
    return Problem(str(path), f"{path} is damaged, its checksum does not match", remedy)


def _lost_links(path: Path) -> Problem:
    remedy = "ask what is related to something, which makes it anew; nothing else uses it"
    return Problem(str(path), f"{path} is damaged, its checksum does not match", remedy)


def _repair(root: Path) -> str:
    return f"run `omnisearch doctor --index {root} --repair`"


def _log(root: Path, identity: Identity) -> Iterator[Problem]:
    numbers = layout.numbers(root / layout.LOG, ".log")
    try:
        base = manifest.read(root, manifest.newest(root), identity).base_generation
        log.read_tail(root, identity, base, _acknowledged(root, identity))
    except (OmnisearchError, OSError) as error:
        yield _problem(root, root / layout.LOG, error)
    oldest, switches = _bases(root, identity)
    for number in numbers:
        following = _following(numbers, number)
        if following is not None and following <= oldest + 1:
            continue  # nobody needs it: it was about to be removed
        if following is not None and following - 1 in switches:
            following -= 1  # that generation is a manifest's alone
        try:
            log.check_file(root, identity, number, following=following)
        except (OmnisearchError, OSError) as error:
            yield _problem(root, layout.log_path(root, number), error)


def _bases(root: Path, identity: Identity) -> tuple[int, frozenset[int]]:
    """Give the oldest base generation, and those at which a manifest changed the space."""
    bases, switches, space = list[int](), set[int](), ""
    for number in layout.numbers(root / layout.MANIFESTS, ".json"):
        try:
            found = manifest.read(root, number, identity)
        except (OmnisearchError, OSError):
            return 0, frozenset()
        bases.append(found.base_generation)
        if found.space != space and len(bases) > 1:
            switches.add(found.base_generation)
        space = found.space
    return min(bases, default=0), frozenset(switches)


def _following(numbers: list[int], number: int) -> int | None:
    return next((later for later in numbers if later > number), None)


def _acknowledged(root: Path, identity: Identity) -> int:
    try:
        return read_head(root, identity).generation
    except CorruptCollectionError:
        return 0


def _named(place: Place, found: Manifest, data: bool) -> Iterator[Problem]:
    if found.codebook:
        path = place.root / layout.CODEBOOKS / f"{found.codebook}.faiss"
        try:
            map_file(path, found.codebook_file)
        except CorruptCollectionError as error:
            yield _problem(place.root, path, error)
    for entry in found.shards:
        yield from check_shard(place, entry, data=data)


def check_shard(place: Place, entry: ShardEntry, *, data: bool = True) -> Iterator[Problem]:
    """Check every file of one shard."""
    folder = place.shard(entry.name)
    for name, written in entry.files.items():
        try:
            map_file(folder / name, written, whole=name != layout.VECTORS)
        except CorruptCollectionError as error:
            yield _problem(place.root, folder / name, error)
    try:
        read_tombs(place, entry)
    except CorruptCollectionError as error:
        yield _problem(place.root, place.root / layout.TOMBS / str(entry.tombs), error)
    if data:
        yield from _blocks(place, entry)


def _blocks(place: Place, entry: ShardEntry) -> Iterator[Problem]:
    shape = (entry.rows, place.settings.dim)
    folder = place.shard(entry.name)
    try:
        stored = StoredVectors(folder, entry.files, shape, place.settings.dtype)
    except CorruptCollectionError:
        return  # the file itself was named already
    bad = stored.unsound_blocks()
    if bad:
        fault = f"{stored.path} is damaged in {len(bad)} blocks, the first at byte {bad[0] << 16}"
        yield Problem(str(stored.path), fault, "restore it from a snapshot")
