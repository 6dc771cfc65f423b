"""What a run of ingest did: every file that was seen is counted once, and the sum is checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from omnisearch.locations import Location, joined

if TYPE_CHECKING:
    from omnisearch.storage.ledger import Ledger

_MOST_NOTES = 1_000  # that are kept: a folder of old texts has one for each
Name = bytes  # a path as the file system has it; a report has a count of that name


@dataclass(frozen=True, slots=True)
class Settled:
    """How many means were made of stored passages, and how many were taken out."""

    made: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file that could not be taken in: at which stage, and why in words."""

    path: Name
    stage: str
    reason: str
    new: bool = True


@dataclass(frozen=True, slots=True)
class Files:
    """What a collection knows of the disk: folders and files that were named, and what failed."""

    roots: tuple[Name, ...]
    failures: tuple[FailedFile, ...]
    ignored: tuple[Name, ...]

    @classmethod
    def of(cls, ledger: Ledger) -> Files:
        """Read a ledger, its paths made absolute."""
        known = {root.number: root.path for root in ledger.roots}

        def path(text: str) -> Name:
            place = Location.parse(text)
            return joined(known.get(place.root, b""), place.path)

        failed = ledger.failures.items()
        failures = [FailedFile(path(at), one.stage, one.reason, new=False) for at, one in failed]
        return cls(tuple(known.values()), tuple(failures), tuple(map(path, sorted(ledger.ignored))))


@dataclass(frozen=True, slots=True)
class IngestReport:
    """Counts of a run: `seen = stored + unchanged + duplicate + failed + skipped`.

    `moved` are among `unchanged`, `truncated` and `noted` among `stored`; `missing` were not seen.
    Of a table rows are counted, and `updated` are those of which only metadata changed.
    """

    seen: int
    stored: int
    unchanged: int
    duplicate: int
    failed: int
    skipped: int
    moved: int
    missing: int
    segments: int
    seconds: float
    generation: int
    new_failures: int = 0
    truncated: int = 0
    noted: int = 0
    pruned: int = 0
    bytes: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)  # why files were skipped
    types: Mapping[str, int] = field(default_factory=dict)  # of what was stored
    failures: tuple[FailedFile, ...] = ()
    notes: Mapping[Name, str] = field(default_factory=dict)  # what is odd; the first thousand
    warnings: tuple[str, ...] = ()
    withheld: bool = False  # files seem to be gone, and are kept as they were
    updated: int = 0
    unit: str = "file"  # what is counted
    means_made: int = 0  # of long texts that were stored without
    means_removed: int = 0

    def __post_init__(self) -> None:
        parts = self.stored + self.unchanged + self.duplicate + self.failed + self.skipped
        assert self.seen == parts, f"{self.seen} files seen, {parts} accounted for"

    @property
    def complete(self) -> bool:
        """Tell whether nothing failed and nothing was held back."""
        return not self.failed and not self.withheld


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is; `files` are those that are done with, of `of` that are known so far."""

    files: int
    of: int
    walking: bool  # more may be found
    items: int
    segments: int
    bytes: int
    failed: int
    seconds: float
    left_s: float | None  # None while nothing can be said
    now: Name = b""  # a file that is being read
    unit: str = "file"  # what `files` counts: rows of a table, perhaps


@dataclass(slots=True)
class Counts:
    """Counts while a run goes on; hold the run's lock."""

    seen: int = 0
    stored: int = 0
    unchanged: int = 0
    duplicate: int = 0
    failed: int = 0
    skipped: int = 0
    moved: int = 0
    missing: int = 0
    segments: int = 0
    truncated: int = 0
    noted: int = 0
    pruned: int = 0
    new_failures: int = 0
    bytes: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    types: Counter[str] = field(default_factory=Counter)
    failures: list[FailedFile] = field(default_factory=list)
    notes: dict[Name, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    withheld: bool = False
    updated: int = 0
    unit: str = "file"
    means: Settled = field(default_factory=Settled)

    @property
    def settled(self) -> int:
        """Count the files whose outcome is known."""
        return self.stored + self.unchanged + self.duplicate + self.failed + self.skipped

    def skip(self, reason: str, files: int = 1) -> None:
        """Count files that are no case for us."""
        self.skipped += files
        self.reasons[reason] += files

    def fail(self, failure: FailedFile) -> None:
        """Count a file that could not be taken in."""
        self.failed += 1
        self.new_failures += failure.new
        self.failures.append(failure)

    def note(self, path: Name, notes: Sequence[str]) -> None:
        """Keep what a person may want to know of a file that was stored."""
        self.noted += 1
        if len(self.notes) < _MOST_NOTES:
            self.notes[path] = "; ".join(notes)

    def report(self, seconds: float, generation: int) -> IngestReport:
        """Close the books."""
        return IngestReport(
            seen=self.seen,
            stored=self.stored,
            unchanged=self.unchanged,
            duplicate=self.duplicate,
            failed=self.failed,
            skipped=self.skipped,
            moved=self.moved,
            missing=self.missing,
            segments=self.segments,
            seconds=seconds,
            generation=generation,
            new_failures=self.new_failures,
            truncated=self.truncated,
            noted=self.noted,
            pruned=self.pruned,
            bytes=self.bytes,
            reasons=dict(self.reasons.most_common()),
            types=dict(self.types.most_common()),
            failures=tuple(self.failures),
            notes=dict(self.notes),
            warnings=tuple(self.warnings),
            withheld=self.withheld,
            updated=self.updated,
            unit=self.unit,
            means_made=self.means.made,
            means_removed=self.means.removed,
        )
