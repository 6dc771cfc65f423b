"""How much is stored: the figures behind `status`. What is missing is counted apart.

Means of passages take space, but no figure counts them except `bytes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from omnisearch.storage import batch, layout
from omnisearch.storage.filesystem import bytes_below
from omnisearch.storage.generation import Generation
from omnisearch.storage.switching.lacking import lacking
from omnisearch.storage.switching.waiting import Waiting, spaces
from omnisearch.storage.wholes import living

Mask = npt.NDArray[np.bool_]
_EMPTY = ("generation", "items", "segments", "missing", "deleted", "shards", "bytes")


def figures(root: Path, now: Generation | None) -> dict[str, Any]:
    """Count what a generation holds and what it takes on disk."""
    if now is None:
        return dict.fromkeys(_EMPTY, 0)
    made = now.sealed.manifest
    items, modalities = _counted(now, now.shown)
    beside, ledger = spaces(root), now.sealed.place.ledgers.newest()
    means = np.zeros(0, np.int64) if now.wholes is None else now.wholes.rows
    hidden = 0 if now.shown is now.alive else _counted(now, now.alive)[0] - items
    return {
        "generation": now.number,
        "items": items,
        "segments": sum(modalities.values()),
        "missing": hidden,
        "deleted": now.deleted - (len(means) - len(living(now))),
        "shards": len(made.shards),
        "bytes": bytes_below(root, layout.SPACES),
        "space": made.space,
        "modalities": {name: count for name, count in modalities.items() if name and count},
        "failures": len(ledger.failures),
        "left_out": len(lacking(now, ledger)),
        "dim": made.settings.dim,
        "metric": made.settings.metric,
        "index": made.settings.index,
        "unsealed": now.rows - now.sealed.rows - int(np.count_nonzero(means >= now.sealed.rows)),
        "columns": dict(now.schema.shown().columns),
        "next": _waiting(beside.next),
        "previous": _waiting(beside.previous),
    }


def _waiting(found: Waiting | None) -> dict[str, Any] | None:
    if found is None:
        return None
    known = found.unreadable is None
    told = {"path": str(found.path), "bytes": found.bytes, "space": found.space if known else None}
    if not known:
        return told
    more = {"dim": found.dim, "generation": found.generation, "left_out": len(found.left_out)}
    return {**told, **more}


def _counted(now: Generation, mask: Mask | None) -> tuple[int, dict[str | None, int]]:
    """Count items, and segments of each modality."""
    counts = np.zeros(len(batch.MODALITIES), np.int64)
    items, named = 0, []
    for table, kept in _tables(now, mask):
        rows = table if kept is None else table.filter(pa.array(kept))
        heads = rows.filter(_stands_alone(rows))
        found = heads.column(batch.MODALITY).to_numpy()
        counts += np.bincount(found, minlength=len(counts))
        if heads.column(batch.ITEM).null_count == heads.num_rows:
            items += heads.num_rows
        else:
            own, of_item = heads.column(batch.SEGMENT), heads.column(batch.ITEM)
            named.append(pc.unique(pc.coalesce(of_item, own)))
    if named:
        items += len(pc.unique(pa.chunked_array(named)))
    return items, dict(zip(batch.MODALITIES, counts.tolist(), strict=True))


def _tables(now: Generation, mask: Mask | None) -> Iterator[tuple[pa.RecordBatch, Mask | None]]:
    ours = list(range(len(batch.SYSTEM)))  # by position: a user may name a column `item`
    first = 0
    for table in now.tables:
        rows = slice(first, first + table.num_rows)
        yield table.select(ours), None if mask is None else mask[rows]
        first = rows.stop


def _stands_alone(rows: pa.RecordBatch) -> pa.Array:
    """Mark the rows that are not the words of a segment that has a row of content too."""
    names, views = rows.column(batch.SEGMENT), rows.column(batch.VIEW)
    words = pc.equal(views, batch.VIEWS.index("words"))
    if not pc.any(words).as_py():
        return pc.invert(words)
    marked = pc.and_(words, pc.ends_with(names, batch.WORDS_MARK))
    segments = pc.utf8_slice_codeunits(names.filter(marked), 0, -len(batch.WORDS_MARK))
    content = names.filter(pc.invert(words))
    twins = pc.is_in(segments, value_set=content)
    return pc.invert(pc.replace_with_mask(marked, marked, twins))
