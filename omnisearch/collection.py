"""Collection: what users hold. It wires storage and query together and keeps nothing itself."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy.typing as npt

from omnisearch import exports, removal
from omnisearch.calibrating import Calibrating
from omnisearch.errors import SpaceMismatchError
from omnisearch.query import rows
from omnisearch.query.filters import Where
from omnisearch.query.hits import Batch, Hits
from omnisearch.query.nearest import Question
from omnisearch.query.searching import Search
from omnisearch.questions import Asker, Asks, Decoder
from omnisearch.reading import Reading
from omnisearch.records import CompactReport, Item, VerifyReport
from omnisearch.remembered import Remembered, origin_of
from omnisearch.schema import Metadata
from omnisearch.storage import admission, backup, changes, maintenance, origin, verify
from omnisearch.storage.generation import Generation
from omnisearch.storage.handle import Options
from omnisearch.storage.store import Store

if TYPE_CHECKING:
    from omnisearch.context.context import Context
    from omnisearch.encoder.encoder import Encoder
    from omnisearch.ingest.options import IngestOptions, PathLike
    from omnisearch.ingest.report import IngestReport
    from omnisearch.ingest.stages import Show
    from omnisearch.ingest.tables.columns import Given
    from omnisearch.ingest.tables.source import Source
    from omnisearch.ingest.tables.taking import TableOptions
    from omnisearch.ingest.vector_files import VectorBatch


class Collection(Reading, AbstractContextManager["Collection"]):
    """A collection on disk; make one with `omnisearch.open`."""

    def __init__(
        self,
        path: Path,
        options: Options,
        encoder: Encoder | None = None,
        decoder: Decoder | None = None,
        *,
        lent: Encoder | None = None,
    ) -> None:
        """Open it; a `lent` encoder saves loading one, for as long as it is of the right space."""
        super().__init__(path, options)
        self._remembered = Remembered(self._handle, encoder, lent)
        self._calibrating = Calibrating(self._handle, weakref.WeakMethod(self._lend))
        self._asker = Asker(self._handle, self._calibrating, decoder or Decoder())
        self._drop = weakref.finalize(self, self._calibrating.drop)

    @property
    def encoder(self) -> Encoder:
        """What makes its vectors: as given to `open`, as it was made with, or omni-mini."""
        return self._remembered.newest()

    def add(self, items: Sequence[Item], *, replace: bool = False) -> int:
        """Store records of text and media with metadata, each under its own id, in one generation.

        All parts of an item make one vector; words beside a picture, sound or film have a second
        one. Media are decoded in this process: `ingest` is for files of strangers. A stored id is
        an error, unless `replace` is set.
        """
        from omnisearch.ingest.items import segments_of

        while True:
            encoder = self.encoder
            if not (rows := segments_of(items, encoder)).ids:
                return self.generation
            try:
                store = self._handle.for_encoding(self._options.origin or origin_of(encoder), rows)
                done = store.write(changes.recording(rows, replacing=replace))
                return self._calibrating.soon(done)
            except SpaceMismatchError:
                if self.encoder is encoder:
                    raise  # else the space was changed meanwhile, and the encoder with it

    def ingest(
        self, *paths: PathLike, progress: Show | None = None, **options: Unpack[IngestOptions]
    ) -> IngestReport:
        """Take in files, or bring everything up to date that was taken in; see docs/ingest.md."""
        from omnisearch.ingest.ingest import ingest
        from omnisearch.ingest.plan import Target

        self._handle.check_writable()
        target = Target(self._handle.existing, self._storing, lambda: self.encoder)
        return self._calibrating.now(ingest(target, paths, options, progress))

    def ingest_table(
        self,
        table: Source,
        *,
        columns: Given | str | Sequence[str] | None = None,
        name: str | None = None,
        folder: str | Path | None = None,
        progress: Show | None = None,
        **options: Unpack[TableOptions],
    ) -> IngestReport:
        """Take in the rows of a table as items, or what has changed in it; see docs/sources.md."""
        from omnisearch.ingest.plan import Target
        from omnisearch.ingest.tables.taking import Asked, take_in

        self._handle.check_writable()
        target = Target(self._handle.existing, self._storing, lambda: self.encoder)
        asked = Asked(table, columns, name, None if folder is None else Path(folder))
        return self._calibrating.now(take_in(target, asked, options, progress))

    def _storing(self) -> Store:
        """Give the store for what the encoder makes; an empty collection is made if need be."""
        return self._handle.for_encoding(self._options.origin or origin_of(self.encoder))

    def add_vectors(
        self, ids: Sequence[str], vectors: npt.ArrayLike, *, metadata: Metadata | None = None
    ) -> int:
        """Store vectors under new ids, durably; an id that is stored already is an error."""
        return self._put(ids, vectors, metadata, False)

    def upsert(
        self, ids: Sequence[str], vectors: npt.ArrayLike, *, metadata: Metadata | None = None
    ) -> int:
        """Store vectors under ids, in place of what was there."""
        return self._put(ids, vectors, metadata, True)

    def _put(
        self, ids: Sequence[str], vectors: npt.ArrayLike, metadata: Metadata | None, replacing: bool
    ) -> int:
        names, floats = admission.check_ids(ids), admission.check_vectors(vectors)
        if not names and not len(floats):
            return self.generation
        store = self._handle.for_storing(names, floats, metadata)
        given = self._options.origin
        space = origin.OWN_VECTORS if given is None else given.space
        return store.write(changes.putting(names, floats, metadata, space, replacing=replacing))

    def update(self, ids: Sequence[str], *, metadata: Metadata) -> int:
        """Change metadata of stored ids: given keys replace, None erases, others stay."""
        names = admission.check_ids(ids)
        if not names:
            return self.generation
        return self._handle.for_changing().write(changes.updating(names, metadata))

    def delete(
        self,
        ids: Sequence[str] | None = None,
        *,
        where: Where | None = None,
        params: Mapping[str, Any] | None = None,
        purge: bool = False,
    ) -> int:
        """Delete by id, by filter, or by both; `purge` also removes the bytes from the disk."""
        found = rows.chosen(ids, where, params)
        if self._handle.existing() is None and self._options.writable:
            return 0
        return removal.delete(self._handle.for_changing(), found, purge=purge)

    def forget(
        self, *paths: PathLike, purge: bool = False, dry_run: bool = False
    ) -> removal.Forgotten:
        """Delete what is stored of files or folders, which are left alone from then on."""
        return removal.forget(self._handle.for_changing(), paths, purge=purge, dry_run=dry_run)

    def transaction(self) -> AbstractContextManager[None]:
        """Make the writes of a `with` block one generation: all or nothing."""
        return self._handle.transaction()

    def compact(self) -> CompactReport:
        """Bring everything into its fastest and smallest form."""
        return self._calibrating.now(maintenance.compact_whole(self._handle.for_changing()))

    def search(
        self,
        vector: npt.ArrayLike | None = None,
        *,
        like: str | None = None,
        k: int = 10,
        where: Where | None = None,
        params: Mapping[str, Any] | None = None,
        min_score: float | None = None,
        recall: float | None = None,
        explain: bool = False,
    ) -> Hits:
        """Find the k rows nearest to a vector, or to a stored id (which is left out itself)."""
        wanted = Search(Question(k, recall, min_score), where, params, explain)
        return wanted.one(self._searched, vector, like)

    def search_batch(
        self,
        vectors: npt.ArrayLike,
        *,
        k: int = 10,
        where: Where | None = None,
        params: Mapping[str, Any] | None = None,
        min_score: float | None = None,
        recall: float | None = None,
        explain: bool = False,
    ) -> Batch:
        """Find the k rows nearest to each of many vectors, all in one generation."""
        wanted = Search(Question(k, recall, min_score), where, params, explain)
        return wanted.many(self._searched, vectors)

    def _searched(self) -> Generation:
        """Give what vectors are compared with: those of the encoder that was given, if any."""
        now, given = self._need(), self._options.origin
        if given is not None:
            origin.check(self.path, now.sealed.manifest.space, given)
        return now

    def query(self, parts: object = None, **question: Unpack[Asks]) -> Hits:
        """Find what a question of any modalities means, best first; see docs/query.md.

        `parts` is a text, a part such as `om.Image("a.jpg")`, or a list of them.
        """
        return self._asker.query(parts, question)

    def context(
        self,
        parts: object = None,
        *,
        budget_tokens: int = 2000,
        max_media: int = 4,
        tokens: Callable[[str], int] | None = None,
        **question: Unpack[Asks],
    ) -> Context:
        """Find what a language model should read to answer a question; see docs/beyond.md.

        It takes what `query` takes; tokens are the encoder's, unless `tokens` counts others.
        """
        from omnisearch.context.parts import Room

        return self._asker.context(parts, question, Room.of(budget_tokens, max_media, tokens))

    def query_batch(self, questions: Sequence[Mapping[str, Any]], **options: Unpack[Asks]) -> Batch:
        """Answer many questions in one generation: each a dict of what `query` takes."""
        return self._asker.query_batch(questions, options)

    def _lend(self, now: Generation) -> Encoder:
        return self._remembered.of(now)

    def verify(self, *, data: bool = True) -> VerifyReport:
        """Check every file against what was written; `data` includes each vector's bytes."""
        return verify.verify(self.path, data=data)

    def snapshot(self, path: str | Path) -> None:
        """Copy the newest generation to a new folder, by hard links where that works."""
        backup.snapshot(self._handle.need(), Path(path))

    def export(
        self,
        folder: str | Path,
        *,
        where: Where | None = None,
        params: Mapping[str, Any] | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> int:
        """Write rows as vectors.npy and metadata.parquet into a new folder; see docs/ingest.md."""
        return exports.export(self._need(), folder, exports.Chosen(where, params, progress))

    def restore(self, rows: VectorBatch, *, replace: bool = False) -> int:
        """Store rows of an export of what an encoder made, as they were."""
        return self._calibrating.soon(exports.restore(self._handle, rows, replace=replace))

    def close(self) -> None:
        """Seal a long tail and give everything back; the handle cannot be used any more."""
        self._calibrating.finish()
        self._handle.close()
        self._asker.close()
        self._drop()

    def __exit__(self, *raised: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Collection({str(self.path)!r})"
