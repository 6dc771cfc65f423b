"""A collection as files for other programs, and back: ids, vectors, spans, words and columns.

What an encoder made keeps, beside the columns that everybody sees, what its segments are; so it
comes back as it was, and only as what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omnisearch.errors import InputError
from omnisearch.ingest.lineage import Lineage
from omnisearch.query.filters import Where
from omnisearch.query.nearest import mask
from omnisearch.query.rows import positions_of
from omnisearch.records import span_of
from omnisearch.schema import OURS, SAID, SPAN, Schema, field_of
from omnisearch.storage import batch, changes
from omnisearch.storage.generation import Generation
from omnisearch.storage.handle import Handle
from omnisearch.storage.ledger import Ledger
from omnisearch.storage.origin import OWN_VECTORS
from omnisearch.storage.rows import gather
from omnisearch.storage.store import Store

if TYPE_CHECKING:
    from omnisearch.ingest.vector_files import VectorBatch
    from omnisearch.ingest.vector_folder import Chunk, Layout

Positions = npt.NDArray[np.int64]
# The names under which an export has our own columns; users cannot give such names.
_ITEM, _VIEW, _MODALITY, _NORM = (
    f"segment.{name}" for name in ("item", "view", "modality", "norm")
)
_OWN = [
    pa.field(_ITEM, pa.string()),
    pa.field(_VIEW, pa.string(), nullable=False),
    pa.field(_MODALITY, pa.string()),
    pa.field(_NORM, pa.float32()),
]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which rows are written, and who is told how many are done."""

    where: Where | None = None
    params: Mapping[str, Any] | None = None
    progress: Callable[[int], object] | None = None


def export(now: Generation, folder: str | Path, chosen: Chosen) -> int:
    """Write what passes a filter; of an item of which something passes, all segments."""
    from omnisearch.ingest.vector_folder import Layout, write_folder  # they load Parquet

    made = now.sealed.manifest
    segments = made.space != OWN_VECTORS
    positions = positions_of(now, mask(now, chosen.where, chosen.params))
    if segments and chosen.where is not None:
        positions = _whole_items(now, positions)
    if now.wholes is not None:
        positions = np.union1d(positions, now.wholes.of(positions))
    schema = now.schema if segments else now.schema.shown()
    fields = [field_of(name, kind) for name, kind in schema.columns.items()]
    layout = Layout(
        made.settings.dim,
        made.settings.metric,
        _of_users(schema),
        [*_OWN, *fields] if segments else fields,
        _lineage(now) if segments else None,
    )
    return write_folder(folder, _chunks(now, positions, layout, chosen), layout)


def _whole_items(now: Generation, positions: Positions) -> Positions:
    """List all rows of the items that some rows are of; what is hidden stays out."""
    owners = np.searchsorted(now.starts, positions, "right") - 1
    names: set[str] = set()
    for owner in np.unique(owners).tolist():
        rows = positions[owners == owner] - int(now.starts[owner])
        items = now.parts[owner].items
        names.update(items.names[code] for code in np.unique(items.item_of_row[rows]).tolist())
    found = [np.zeros(0, np.int64), *(now.items.positions(name) for name in names)]
    every = np.sort(np.concatenate(found))
    return every if now.shown is None else every[now.shown[every]]


def _of_users(schema: Schema) -> dict[str, Any]:
    """Name the columns that users may fix."""
    return {name: kind for name, kind in schema.columns.items() if name not in OURS}


def _lineage(now: Generation) -> Lineage:
    made = now.sealed.manifest
    ledger = replace(now.sealed.place.ledgers.newest(), left_out=())  # told of files only
    return Lineage(made.space, made.encoder, dict(made.canaries), ledger)


def _chunks(
    now: Generation, positions: Positions, layout: Layout, chosen: Chosen
) -> Iterator[Chunk]:
    from omnisearch.ingest.vector_folder import CHUNK_ROWS, Chunk

    for begin in range(0, len(positions), CHUNK_ROWS):
        found = gather(now, positions[begin : begin + CHUNK_ROWS])
        columns = _own_columns(found.table) if layout.lineage is not None else []
        table = batch.user_columns(found.table)
        written = [one.name for one in layout.fields[len(columns) :]]
        columns += [table.column(table.schema.get_field_index(name)) for name in written]
        yield Chunk(found.table.column(batch.SEGMENT), _original(found), columns)
        if chosen.progress is not None:
            chosen.progress(found.rows)


def _own_columns(table: pa.RecordBatch) -> list[pa.Array]:
    """Give item, view, modality and length in words that others understand."""
    views, modalities = (
        pa.array(names, pa.string()).take(table.column(at))
        for names, at in ((batch.VIEWS, batch.VIEW), (batch.MODALITIES, batch.MODALITY))
    )
    return [table.column(batch.ITEM), views, modalities, table.column(batch.NORM)]


def _original(rows: batch.Batch) -> npt.NDArray[np.float32]:
    """Give vectors the length that they came with."""
    norms = rows.table.column(batch.NORM).fill_null(1).to_numpy(zero_copy_only=False)
    found: npt.NDArray[np.float32] = rows.vectors.astype(np.float32) * norms[:, None]
    return found


def restore(handle: Handle, rows: VectorBatch, *, replace: bool) -> int:
    """Store rows of an export as what they were; the first ones make the collection."""
    if rows.lineage is None:
        raise InputError(
            "these rows are not exported from what an encoder made: store them with add_vectors"
        )
    if not rows.ids:
        store = handle.existing()
        return 0 if store is None else store.reading().number
    segments = _segments(rows)
    store = handle.for_encoding(rows.lineage.origin(rows.vectors.shape[1]), segments)
    _take_over(store, rows.lineage.ledger)
    return store.write(changes.recording(segments, replacing=replace))


def _take_over(store: Store, given: Ledger) -> None:
    """Have the folders that the files are in; numbers of folders stand in every row."""
    known = {(root.number, root.path) for root in store.read_ledger().roots}
    if {(root.number, root.path) for root in given.roots} <= known:
        return
    if known:
        raise InputError(
            f"{store.root} has folders of its own, and files of an export keep theirs: "
            "take them into another collection, or ingest their folders here"
        )
    store.write_ledger(given)


def _segments(rows: VectorBatch) -> batch.Segments:
    metadata = rows.metadata
    described = metadata.to_pylist() if isinstance(metadata, pa.Table) else metadata or []
    first, told = rows.first, [dict(one) for one in described]
    own = [[one.pop(name, None) for name in (_ITEM, _VIEW, _MODALITY, _NORM)] for one in told]
    for row, (one, (item, view, modality, _)) in enumerate(zip(told, own, strict=True), first):
        if view not in batch.VIEWS or modality not in batch.MODALITIES:
            raise InputError(f"row {row} is of view {view!r} and modality {modality!r}: no such")
        if not isinstance(item, str | None) or not isinstance(one.get(SAID), str | None):
            raise InputError(f"row {row} has an item or words that are no text")
        _check_span(one.get(SPAN), row)
    norms = [norm for *_, norm in own]
    return batch.Segments(
        rows.ids,
        [item for item, *_ in own],
        [view for _, view, *_ in own],
        [modality for *_, modality, _ in own],
        rows.vectors,
        told,
        None if None in norms else np.array(norms, np.float32),
        None if rows.lineage is None else rows.lineage.space,
    )


def _check_span(span: object, row: int) -> None:
    try:
        if span is not None:
            span_of(span if isinstance(span, dict) else {})
    except ValueError as error:
        raise InputError(f"row {row} has a span that is none ({error})") from error
