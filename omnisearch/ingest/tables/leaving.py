"""Rows that a table no longer has: hidden from answers, or deleted if that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from omnisearch.ingest.difference import MANY
from omnisearch.ingest.tables.known import gone
from omnisearch.ingest.tables.repeats import Seen
from omnisearch.schema import MISSING
from omnisearch.storage import changes

if TYPE_CHECKING:
    from omnisearch.ingest.options import Options
    from omnisearch.ingest.report import Counts
    from omnisearch.ingest.tables.source import Table
    from omnisearch.storage.generation import Generation
    from omnisearch.storage.store import Store

_AT_ONCE = 4_096  # items of a generation


@dataclass(frozen=True, slots=True)
class Known:
    """A table that was read to its end: its ids, and how many rows nobody could identify."""

    table: Table
    met: tuple[Seen, ...]
    lost: int
    emptied: Sequence[str]  # that are there, and hold nothing any more


def settle(store: Store, known: Known, counts: Counts, options: Options) -> None:
    """Hide or delete what has gone, unless a fault is likelier."""
    assert known.table.place is not None
    found = gone(store.reading(), known.table.place, known.met)
    if not found.items and not known.emptied and not (found.hidden and options.prune):
        return
    why = _doubt(known, len(found.items), found.of)
    if why is not None and not options.force:
        told = f"{len(found.items):,} of {found.of:,} rows are not in it any more"
        counts.warnings.append(f"{known.table.rows.title}: {told}, {why}: --force insists")
        counts.withheld = True
        return
    leaving = [*found.items, *known.emptied]
    counts.missing = len(leaving)
    if options.prune:
        counts.pruned = _delete(store, [*leaving, *found.hidden])
    else:
        _hide(store, leaving)


def _doubt(known: Known, missing: int, of: int) -> str | None:
    """Say why rows may not really be gone."""
    if known.lost:
        return f"but {known.lost:,} cannot be read and may be those"
    if not any(map(len, known.met)) and missing:
        return "for it is empty"
    return "which is most of them" if missing > MANY and 2 * missing > of else None


def _hide(store: Store, items: Sequence[str]) -> None:
    now = datetime.now(UTC)
    for begin in range(0, len(items), _AT_ONCE):
        some = items[begin : begin + _AT_ONCE]
        store.write(changes.relocating({item: {MISSING: now} for item in some}))


def _delete(store: Store, items: Sequence[str]) -> int:
    for begin in range(0, len(items), _AT_ONCE):
        some = items[begin : begin + _AT_ONCE]

        def rows(now: Generation, some: Sequence[str] = some) -> list[str]:
            found = (now.items.get(item) for item in some)
            return [row for one in found if one is not None for row in one.rows]

        store.write(changes.deleting(rows))
    return len(items)
