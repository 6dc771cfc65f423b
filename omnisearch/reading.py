"""What is stored, read back: rows by id or by filter, and what a collection says of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omnisearch.ingest.report import Files
from omnisearch.query import rows
from omnisearch.query.details import details
from omnisearch.query.filters import Where
from omnisearch.query.nearest import mask
from omnisearch.query.options import QueryOptions
from omnisearch.records import Details, Modality, Record, Stats
from omnisearch.storage import admission, figures
from omnisearch.storage.generation import Generation
from omnisearch.storage.handle import Handle, Options
from omnisearch.storage.ledger import Ledger

if TYPE_CHECKING:
    from omnisearch.encoder.calibration.prior import Prior
    from omnisearch.relations.graph import Graph
    from omnisearch.relations.keeping import Keeping
    from omnisearch.relations.records import Related, Relation, Topic


class Reading:
    """The half of a collection that needs no encoder and changes nothing."""

    def __init__(self, path: Path, options: Options) -> None:
        self.path = path
        self._options = options
        self._handle = Handle(path, options)
        self._keeping: Keeping | None = None

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
    def files(self) -> Files:
        """What was taken in: `roots`, and `failures` that are not mended yet."""
        store = self._handle.existing()
        return Files.of(Ledger() if store is None else store.read_ledger())

    def stats(self) -> Stats:
        """Count what is stored and what it takes on disk."""
        return Stats(figures.figures(self.path, self._now()))

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

    def related(
        self,
        name: str,
        *,
        hops: int = 1,
        by: Relation | Sequence[Relation] | None = None,
        k: int = 10,
        modality: Modality | Sequence[Modality] | None = None,
        where: Where | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> list[Related]:
        """Find what has to do with a segment or an item, and by which path; see docs/beyond.md."""
        from omnisearch.relations.related import RelatedWish, related

        options = QueryOptions(k=k, modality=modality, where=where, params=params)
        wish, (name,) = RelatedWish.of(hops, by, options), admission.check_ids([name])
        return related(self._graph(), name, wish)

    def topics(
        self,
        *,
        k: int | None = None,
        modality: Modality | Sequence[Modality] | None = None,
        where: Where | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> list[Topic]:
        """Tell what the collection is about, the largest topic first; `k` at most."""
        from omnisearch.relations.topics import topics

        options = QueryOptions(modality=modality, where=where, params=params)
        return topics(self._graph(), options if k is None else {**options, "k": k})

    def _graph(self) -> Graph:
        from omnisearch.relations.keeping import Keeping

        now = self._need()
        if self._keeping is None:
            self._keeping = Keeping(self._handle)
        return self._keeping.graph(now, self._prior(now))

    def _prior(self, now: Generation) -> Prior | None:
        """Give what ships with the encoder of the vectors; None where none made them."""
        return None

    def _now(self) -> Generation | None:
        store = self._handle.existing()
        return None if store is None else store.reading()

    def _need(self) -> Generation:
        return self._handle.need().reading()
