"""What a run of ingest did, in words on a terminal and as one line of JSON elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

import omnisearch as om
from omnisearch_cli import output
from omnisearch_cli.drawing import size, span

COUNTS = (
    "seen stored unchanged duplicate failed skipped moved missing segments seconds generation"
).split()
_MOST = 10  # failures that are listed
_FEW, _TOLD = 3, 100  # notes that are listed, for a person and for a program


def show(report: om.IngestReport, path: Path, json: bool | None, *, quiet: bool) -> None:
    """Tell what was done; warnings and failures go to stderr."""
    if not quiet:
        remark(report)
    if output.wants_json(json):
        counted = counts(report)
        more: dict[str, object] = {
            "new_failures": report.new_failures,
            "truncated": report.truncated,
        }
        more |= {
            "noted": report.noted,
            "notes": [{"path": path, "note": note} for path, note in _noted(report, _TOLD)],
        }
        reasons: dict[str, object] = {"pruned": report.pruned, "reasons": dict(report.reasons)}
        reasons |= {"means_made": report.means_made, "means_removed": report.means_removed}
        if report.unit != "file":  # the others are in the ledger: `status --failures` lists them
            why = [one.reason for one in report.failures[:_TOLD]]
            reasons |= {"updated": report.updated, "failures": why}
        output.line({**counted, **more, **reasons, "warnings": list(report.warnings)})
        return
    for line in told(report, path):
        output.result(line)


def remark(report: om.IngestReport) -> None:
    """Say on stderr what a person should know of a run."""
    for warning in report.warnings:
        output.say(f"warning: {warning}")
    for line in (*_notes(report), *_failures(report)):
        output.say(line)


def counts(report: om.IngestReport) -> dict[str, float]:
    """Give the counts of a run by their names."""
    counted = {name: getattr(report, name) for name in COUNTS}
    return {**counted, "seconds": round(report.seconds, 3)}


def told(report: om.IngestReport, path: Path) -> Iterator[str]:
    """Give the summary: how many files or rows, what became of them, and what to do next."""
    unit = report.unit
    yield f"{_count(report.seen, unit)} seen in {span(report.seconds)}:"
    for name, count, more in (
        ("stored", report.stored, _stored(report)),
        ("unchanged", report.unchanged, _unchanged(report)),
        ("duplicate", report.duplicate, "the same bytes elsewhere, stored once"),
        ("failed", report.failed, f"{report.new_failures:,} new"),
        ("skipped", report.skipped, _listed(report.reasons)),
    ):
        if count or name == "stored":
            yield f"{count:>9,} {name}{f'  ({more})' if more and count else ''}"
    if report.missing:
        hidden = "hidden from answers: --prune deletes what they left"
        known = "what they left is deleted" if report.pruned else hidden
        yield f"{_count(report.missing, unit)} gone, {known}"
    elif report.pruned:
        yield f"{report.pruned:,} items of {unit}s that are gone deleted"
    for count, done in ((report.means_made, "made"), (report.means_removed, "removed")):
        if count:
            yield f"{count:,} mean{'' if count == 1 else 's'} of long texts {done}"
    yield f"{path} is at generation {report.generation:,}"


def _unchanged(report: om.IngestReport) -> str:
    if report.updated:
        return f"{report.updated:,} of them with other metadata"
    return f"{report.moved:,} of them moved" if report.moved else ""


def _stored(report: om.IngestReport) -> str:
    found = f"{report.segments:,} segments, {size(report.bytes)}"
    types = list(report.types.items())
    if types:
        first = ", ".join(f"{count:,} {name}" for name, count in types[:4])
        more = f", {len(types) - 4} more types" if len(types) > 4 else ""
        found = f"{found}; {first}{more}"
    return f"{found}; {report.truncated:,} cut short" if report.truncated else found


def _notes(report: om.IngestReport) -> Iterator[str]:
    """Name files that are otherwise than they claim to be; they are searchable all the same."""
    for path, note in _noted(report, _FEW):
        yield f"note: {output.escape(path)}: {output.escape(note)}"
    if report.noted > _FEW:
        yield f"and {report.noted - _FEW:,} more notes: --json lists {_TOLD} of them"


def _noted(report: om.IngestReport, most: int) -> list[tuple[str, str]]:
    return [(_path(path), note) for path, note in islice(report.notes.items(), most)]


def _path(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")


def _failures(report: om.IngestReport) -> Iterator[str]:
    """Name what failed for the first time, or everything where it is little."""
    fresh = [one for one in report.failures if one.new]
    for one in fresh[:_MOST]:
        path = output.escape(_path(one.path))  # `say` keeps newlines
        yield f"failed: {path}: {output.escape(one.reason)}"
    if len(fresh) > _MOST and report.unit == "file":
        yield f"and {len(fresh) - _MOST:,} more: omnisearch status --failures"
    elif len(fresh) > _MOST:
        yield f"and {report.new_failures - _MOST:,} more: --json lists {_TOLD} of them"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _count(count: int, unit: str = "file") -> str:
    return f"{count:,} {unit}{'' if count == 1 else 's'}"


def estimate(found: om.Estimate, json: bool | None) -> None:
    """Tell what a run would do and take."""
    if output.wants_json(json):
        output.line(found)
        return
    kinds = found.kinds.items()
    rows = [(f"{one.files:,}", size(one.bytes), _time(one.seconds), name) for name, one in kinds]
    if rows:
        output.table(("files", "bytes", "time", "by their names"), rows, right=3)
    others = (("unchanged", found.unchanged), ("skipped", found.skipped), ("failed", found.failed))
    rest = "".join(f", {count:,} {name}" for name, count in others if count)
    output.result(f"{_count(found.files)} to read{rest}")
    if found.files:
        takes = f"{size(found.disk_bytes)} on the disk, {size(found.memory_bytes)} of memory"
        output.result(f"takes about {_time(found.seconds)}, {takes}; nothing was stored")


def _time(seconds: float | None) -> str:
    return "-" if seconds is None else span(seconds)
