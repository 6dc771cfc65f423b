"""What a change of the encoder takes, did and is worth, in words and as JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import omnisearch as om
from omnisearch_cli import output
from omnisearch_cli.drawing import size, span

_MOST = 10  # items that are listed
ALL = "all"


def estimate(found: om.ReencodeEstimate, json: bool | None) -> None:
    """Tell what is to be done, as a result."""
    if output.wants_json(json):
        told = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
        output.line({**told, "unable": [_item(one) for one in found.unable]})
        return
    for line in expected(found):
        output.result(line)


def expected(found: om.ReencodeEstimate) -> Iterator[str]:
    """Give what is to be done, and how long and how much that takes."""
    one = "is to be one" if found.items == 1 else "are to be those"
    yield f"{_items(found.items)} of {found.before} {one} of {found.space}"
    if found.done:
        yield f"{found.done:,} of them are encoded already"
    work = f"{found.files:,} file{'' if found.files == 1 else 's'} to read, {size(found.bytes)}"
    yield f"{work}{f'; {found.from_words:,} by their words' if found.from_words else ''}"
    took = "an unknown time" if found.seconds is None else span(found.seconds)
    room = f"{size(found.disk_bytes)} on the disk, of which {size(found.free_bytes)} are free"
    yield f"takes about {took}, {room}"
    yield from unable(found.unable)


def unable(items: Sequence[om.Unable]) -> Iterator[str]:
    """Name items that the other encoder cannot have."""
    if not items:
        return
    yield f"{_items(len(items))} cannot be encoded by it:"
    yield from _listed(items, "--estimate --json lists them")


def _listed(items: Sequence[om.Unable], others: str) -> Iterator[str]:
    for one in items[:_MOST]:
        yield f"    {_name(one)}: {one.reason}"
    if len(items) > _MOST:
        yield f"    and {len(items) - _MOST:,} more; {others}"


def report(found: om.ReencodeReport, json: bool | None) -> None:
    """Tell what was done, and what can be done next."""
    if output.wants_json(json):
        told = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
        left_out = [_item(one) for one in found.left_out]
        output.line({**told, "seconds": round(found.seconds, 3), "left_out": left_out})
        return
    if found.space == found.before:
        one = "is one" if found.items == 1 else "are those"
        output.result(f"{_items(found.items)} {one} of {found.space} already: nothing to do")
        return
    if found.switched:
        output.result(f"{_are(found.items)} answered by {found.space} now")
    else:
        output.result(f"{_are(found.items)} encoded by {found.space}, beside {found.before}")
    words = f", {found.from_words:,} by words that were kept" if found.from_words else ""
    segments = f"{found.segments:,} segment{'' if found.segments == 1 else 's'}"
    output.result(f"{segments} encoded{words}, in {span(found.seconds)}")
    if found.left_out:
        output.result(f"{_items(len(found.left_out))} left out; --status names them")
    if found.switched:
        output.result("omnisearch reencode --rollback goes back")
    else:
        output.result("--compare FILE compares both, --switch switches, --discard gives it up")


def status(found: om.ReencodeStatus, json: bool | None) -> None:
    """Tell which spaces there are, and what each of them goes without."""
    told = {"now": found.now, "next": found.next, "previous": found.previous}
    if output.wants_json(json):
        output.line({name: one and _space(one) for name, one in told.items()})
        return
    for name, one in told.items():
        for line in () if one is None else _told(name, one):
            output.result(line)


def _space(one: om.SpaceStatus) -> dict[str, object]:
    left_out = [_item(item) for item in one.left_out]
    return {"space": one.space or None, "left_out": left_out, "fault": one.fault}


def _told(name: str, one: om.SpaceStatus) -> Iterator[str]:
    yield f"{name:<8}  {one.space if one.fault is None else f'damaged: {one.fault}'}"
    if one.left_out:
        yield f"          without {_items(len(one.left_out))}:"
        yield from _listed(one.left_out, "--status --json lists them")


def comparison(found: om.Comparison, json: bool | None) -> None:
    """Tell how two encoders answered, kind by kind."""
    if output.wants_json(json):
        output.line(found)
        return
    output.result(f"before: {found.before}")
    output.result(f"after:  {found.after}")
    rows = [row for kind, one in found.kinds.items() for row in _rows(kind, one)]
    header = ("before", "after", "difference", "measure", "questions")
    output.table(header, rows, right=3)


def _rows(kind: str, one: om.Compared) -> Iterator[tuple[str, ...]]:
    asked = f"{kind} ({one.judged:,})"
    for name, wide in one.difference.items():
        between = f"{wide.value:+.3f}  [{wide.low:+.3f}, {wide.high:+.3f}]"
        yield f"{one.before[name]:.3f}", f"{one.after[name]:.3f}", between, name, asked
    yield "", "", f"{one.overlap:.3f}", "same among 10", f"{kind} ({one.questions:,})"


def _item(one: om.Unable) -> dict[str, str | None]:
    path = None if one.path is None else one.path.decode("utf-8", "backslashreplace")
    return {"item": one.item, "path": path, "reason": one.reason}


def _name(one: om.Unable) -> str:
    return one.item if one.path is None else one.path.decode("utf-8", "backslashreplace")


def _are(count: int) -> str:
    return f"{_items(count)} {'is' if count == 1 else 'are'}"


def _items(count: int) -> str:
    return f"{count:,} item{'' if count == 1 else 's'}"
