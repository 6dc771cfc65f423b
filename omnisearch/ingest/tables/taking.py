"""A table is taken in: what its columns mean is settled before anything is stored."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from omnisearch.errors import InputError
from omnisearch.ingest import wholes
from omnisearch.ingest.options import Options, ReadingOptions
from omnisearch.ingest.report import IngestReport
from omnisearch.ingest.stages import Show
from omnisearch.ingest.tables.columns import Columns, Given, by_names, columns_of, mapping_of
from omnisearch.ingest.tables.media import Folder
from omnisearch.ingest.tables.run import TableRun
from omnisearch.ingest.tables.source import Source, Table, table_of
from omnisearch.storage import leftovers

if TYPE_CHECKING:
    from omnisearch.ingest.plan import Target


class TableOptions(ReadingOptions, total=False):
    """The keyword arguments of `Collection.ingest_table`, as `ingest` has them."""

    follow_symlinks: bool
    prune: bool
    force: bool
    whole: bool | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A table, what its columns are, and where paths in it begin."""

    source: Source
    columns: Given | str | Sequence[str] | None
    name: str | None = None
    folder: Path | None = None


def take_in(
    target: Target, asked: Asked, given: TableOptions, show: Show | None = None
) -> IngestReport:
    """Store the rows of a table as items; what is finished when it is stopped is kept."""
    for name in given:
        if name not in TableOptions.__annotations__:
            raise TypeError(f"ingest_table() has no argument {name!r}")
    options = Options.of(given)  # type: ignore[arg-type]
    table = table_of(asked.source, asked.name)
    columns = _columns(table, mapping_of(asked.columns))
    with ExitStack() as stack:
        stack.enter_context(leftovers.trimmable())
        beside = asked.folder or table.folder
        folder = stack.enter_context(Folder(beside, follow=options.follow_symlinks))
        _check_kinds(target, columns)
        store = target.existing() or target.store()
        store.check_no_transaction()  # a run commits many times, from a thread of its own
        if options.whole is not None:
            store.write_ledger(replace(store.read_ledger(), whole=options.whole))
        run = TableRun(target, store, table, columns, options)
        run.go(folder, show)
        means = wholes.settle(store, wanted=store.read_ledger().whole, partial=False)
        return replace(run.report(), means_made=means.made, means_removed=means.removed)


def _columns(table: Table, given: Given | None) -> Columns:
    title, names = table.rows.title, table.rows.names
    if not names and not table.rows.count:  # empty: nothing can be wrong with it
        return columns_of(given or {"text": "text"})
    columns = by_names(title, names) if given is None else columns_of(given)
    columns.check(title, names)
    if columns.id is None and table.place is None:
        fault = f"{title}: rows without a name of their table need an id"
        raise InputError(f"{fault}: say which column it is, or give name=")
    return columns


def _check_kinds(target: Target, columns: Columns) -> None:
    """Refuse columns of what the encoder does not read."""
    encoder = target.encoder()
    wanted = ["text"] if columns.text else []
    wanted += [kind for kind, _ in columns.media]
    lacking = [kind for kind in wanted if kind not in encoder.modalities]
    if lacking:
        fault = f"{encoder.name} does not read {lacking[0]}"
        raise InputError(f"columns: {fault}: leave it out, or choose another encoder")
