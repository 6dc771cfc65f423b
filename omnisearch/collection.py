"""Collection: what users hold. It wires storage and query together and keeps nothing itself."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy.typing as npt

from omnisearch import exports, removal
from omnisearch.calibrating import Calibrating
from omnisearch.ingest.report import Files
from omnisearch.query import rows
from omnisearch.query.details import details
from omnisearch.query.filters import Where
from omnisearch.query.hits import Batch, Hits
from omnisearch.query.nearest import Question, mask
from omnisearch.query.searching import Search
from omnisearch.questions import Asker, Asks
from omnisearch.records import CompactReport, Details, Item, Record, Stats, VerifyReport
from omnisearch.remembered import encoder_of, origin_of
from omnisearch.schema import Metadata
from omnisearch.storage import admission, backup, changes, figures, maintenance, verify
from omnisearch.storage.generation import Generation
from omnisearch.storage.handle import Handle, Options
from omnisearch.storage.ledger import Ledger
from omnisearch.storage.store import Store

if TYPE_CHECKING:
    from omnisearch.encoder.encoder import Encoder
    from omnisearch.ingest.options import IngestOptions, PathLike
    from omnisearch.ingest.pipeline import Show
    from omnisearch.ingest.report import IngestReport
    from omnisearch.ingest.vector_files import VectorBatch
    from omnisearch.storage.batch import Segments


class Collection(AbstractContextManager["Collection"]):
    """A collection on disk; make one with `omnisearch.open`."""

    def __init__(self, path: Path, options: Options, encoder: Encoder | None = None) -> None:
        self.path = path
        self._options = options
        self._handle = Handle(path, options)
        self._calibrating = Calibrating(self._handle, weakref.WeakMethod(self._lend))
        self._asker = Asker(self._handle, self._calibrating)
        self._drop = weakref.finalize(self, self._calibrating.drop)
        self._encoder = encoder
        if encoder is not None:
            (encoder.check if options.writable else encoder.expect)(self._handle.canaries())

    @property
    def generation(self) -> int:
        """The number of the newest committed state; 0 while nothing is stored."""
        now = self._now()
        return 0 if now is None else now.number

    @property
    def dim(self) -> int | None:
        """The dimension of the vectors, known from the first write on."""
        now = self._now()
        return None if now is None else now.sealed.manifest.settings.dim

    @property
    def metric(self) -> str:
        """How vectors are compared."""
        if (now := self._now()) is None:
            return self._options.metric or "cosine"
        return now.sealed.manifest.settings.metric

    @property
    def columns(self) -> dict[str, str]:
        """The columns of metadata and their kinds."""
        now = self._now()
        return dict(self._options.columns or {} if now is None else now.schema.shown().columns)

    @property
    def encoder(self) -> Encoder:
        """What makes its vectors: as given to `open`, as it was made with, or omni-mini."""
        if self._encoder is None:
            self._encoder = encoder_of(self._handle)
        return self._encoder

    @property
    def files(self) -> Files:
        """What was taken in: `roots`, and `failures` that are not mended yet."""
        store = self._handle.existing()
        return Files.of(Ledger() if store is None else store.read_ledger())

    def stats(self) -> Stats:
        """Count what is stored and what it takes on disk."""
        return Stats(figures.figures(self.path, self._now()))

    def add(self, items: Sequence[Item], *, replace: bool = False) -> int:
        """Store records of text and media with metadata, each under its own id, in one generation.

        All parts of an item make one vector; words beside a picture, sound or film have a second
        one. Media are decoded in this process: `ingest` is for files of strangers. A stored id is
        an error, unless `replace` is set.
        """
        from omnisearch.ingest.items import segments_of

        if not (rows := segments_of(items, self.encoder)).ids:
            return self.generation
        store = self._storing(rows)
        return self._calibrating.soon(store.write(changes.recording(rows, replacing=replace)))

    def ingest(
        self, *paths: PathLike, progress: Show | None = None, **options: Unpack[IngestOptions]
    ) -> IngestReport:
        """Take in files, or bring everything up to date that was taken in; see docs/ingest.md."""
        from omnisearch.ingest.ingest import ingest
        from omnisearch.ingest.plan import Target

        self._handle.check_writable()
        target = Target(self._handle.existing, self._storing, lambda: self.encoder)
        return self._calibrating.now(ingest(target, paths, options, progress))

    def _storing(self, rows: Segments | None = None) -> Store:
        """Give the store for what the encoder makes; an empty collection is made if need be."""
        return self._handle.for_encoding(self._options.origin or origin_of(self.encoder), rows)

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
        return store.write(changes.putting(names, floats, metadata, replacing=replacing))

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
        return wanted.one(self._need, vector, like)

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
        return wanted.many(self._need, vectors)

    def query(self, parts: object = None, **question: Unpack[Asks]) -> Hits:
        """Find what a question of any modalities means, best first; see docs/query.md.

        `parts` is a text, a part such as `om.Image("a.jpg")`, or a list of them.
        """
        return self._asker.query(parts, question)

    def query_batch(self, questions: Sequence[Mapping[str, Any]], **options: Unpack[Asks]) -> Batch:
        """Answer many questions in one generation: each a dict of what `query` takes."""
        return self._asker.query_batch(questions, options)

    def _lend(self) -> Encoder:
        return self.encoder

    def get(self, ids: Sequence[str], *, vectors: bool = False) -> list[Record | None]:
        """Read rows by id, in this order; None where an id is not stored."""
        return rows.get(self._now(), admission.check_ids(ids), vectors=vectors)

    def details(self, name: str) -> Details | None:
        """Look closely at a hit by its id, or at an item: all it says, and what is around it."""
        (name,), now = admission.check_ids([name]), self._now()
        return None if now is None else details(now, name)

    def iterate(
        self,
        *,
        where: Where | None = None,
        params: Mapping[str, Any] | None = None,
        vectors: bool = False,
        batch_rows: int = 1024,
    ) -> Iterator[Record]:
        """Read every row that matches, in the order of storage, all of one generation."""
        if (now := self._now()) is not None:
            yield from rows.iterate(now, mask(now, where, params), batch_rows, vectors=vectors)

    def distinct(
        self, column: str, *, where: Where | None = None, params: Mapping[str, Any] | None = None
    ) -> dict[Any, int]:
        """Count each value of a column, most frequent first."""
        return rows.distinct(now := self._need(), column, mask(now, where, params))

    def count(self, where: Where | None = None, params: Mapping[str, Any] | None = None) -> int:
        """Count the rows, or those that match."""
        now = self._now()
        return 0 if now is None else rows.count(now, mask(now, where, params))

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

    def _now(self) -> Generation | None:
        store = self._handle.existing()
        return None if store is None else store.reading()

    def _need(self) -> Generation:
        return self._handle.need().reading()
