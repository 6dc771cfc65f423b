"""Hits over arrays: a row is read from disk when its hit is looked at, not before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omnisearch.query.explaining import Explanation
from omnisearch.query.preferring import Understood
from omnisearch.query.rows import read_records
from omnisearch.query.snippets import Snippet, Snippets
from omnisearch.query.spoken import around
from omnisearch.records import Hit, Record
from omnisearch.schema import TABLE, tabulate, widen
from omnisearch.storage import batch, sides
from omnisearch.storage.generation import Generation
from omnisearch.storage.ledger import Ledger
from omnisearch_indexes import Neighbours

Floats = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]
_READ_AT_ONCE = 256  # rows read together when hits are looked at in turn
_READ_TOGETHER = 8  # where few may be wanted


@dataclass(frozen=True)
class Answers:
    """What was found: rows, best first, and what is known of each without reading it.

    Scores that were not measured are NaN; so are `parts` that a hit lacks.
    """

    positions: Positions
    scores: Floats
    confidences: Floats | None = None
    folded: Sequence[int] | None = None
    parts: Mapping[str, Floats] = field(default_factory=dict)
    explain: str | None = None
    segments: bool = False  # ids are those of segments, not of rows
    words: str | None = None  # that were asked for: they are marked in what hits say
    remarks: tuple[str, ...] = ()
    cursor: Callable[[], str] | None = None
    plan: Explanation | None = None
    reranked: Floats | None = None  # what a reranker gave
    kept: object = None  # of a list, for whoever goes on by its cursor
    route: tuple[Understood, ...] = ()
    withheld: Mapping[str, int] = field(default_factory=dict)
    spelling: Mapping[str, str] = field(default_factory=dict)
    offset: int = 0

    @classmethod
    def none(cls, *remarks: str) -> Answers:
        """Give no answers, and say why."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.float32), remarks=remarks)

    @classmethod
    def of(cls, found: Neighbours | None, explain: bool, min_score: float | None) -> Answers:
        """Take neighbours as they are."""
        if found is None:
            return cls.none()
        positions, scores = found.positions, found.scores
        if min_score is not None:
            kept = int(np.count_nonzero(scores >= min_score))
            positions, scores = positions[:kept], scores[:kept]
        return cls(positions, scores, explain=str(found.plan) if explain else None)


class Fit(NamedTuple):
    """How well a row answers; what nobody asked for answers nothing."""

    parts: Mapping[str, float]
    score: float | None = None
    confidence: float | None = None
    folded: int = 0
    reranked: float | None = None


def hit_of(
    record: Record, name: str, ledger: Callable[[], Ledger], said: Snippet | None, fit: Fit
) -> Hit:
    """Tell of a row what users see of it; the ledger is asked where its files are."""
    uris = map(ledger().uri, record.locations) if record.locations else ()
    places = tuple(place for place in uris if place is not None)
    place = record.metadata.get(TABLE, "")  # of an item that is a row of a table
    table = place if place.startswith("file://") else None
    return Hit(
        id=name,
        item=record.item,
        uri=places[0] if places else table,
        locations=places,
        modality=record.modality,
        view=record.view,
        span=record.span,
        score=fit.score,
        confidence=fit.confidence,
        parts=fit.parts,
        folded=fit.folded,
        snippet=None if said is None else said.text,
        metadata=record.metadata,
        marks=() if said is None else said.marks,
        reranked=fit.reranked,
    )


class Hits(Sequence[Hit]):
    """The answers to one question, best first.

    `withheld` counts by reason what would stand among them and must not; `spelling` has words that
    nothing here says, each with the one that may be meant.

    `offset` counts the hits before the first; `cursor` goes on behind the last, in the same state;
    `remarks` are for whoever asked; `route` is what the words were taken for; with `explain`,
    `plan` says what was done and `explain` the same in words.
    """

    def __init__(self, now: Generation, found: Answers) -> None:
        self._now, self._found = now, found
        self._positions, self.scores = found.positions, found.scores
        self.confidences = found.confidences
        self.generation, self.offset = now.number, found.offset
        self.remarks, self.plan, self.route = found.remarks, found.plan, found.route
        self.withheld, self.spelling = dict(found.withheld), dict(found.spelling)
        self.explain = found.explain if found.plan is None else str(found.plan)
        self._read: dict[int, Hit] = {}
        self._ledger: Ledger | None = None

    @cached_property
    def cursor(self) -> str | None:
        """Say where the list goes on; it is written when somebody wants it, which few do."""
        write = self._found.cursor
        return write() if write is not None and len(self._positions) else None

    @cached_property
    def ids(self) -> list[str]:
        """List the ids, without metadata."""
        found = [self._now.id_at(position) for position in self._positions.tolist()]
        if not self._found.segments:
            return found
        kinds = self._now.sides.kinds[self._positions].tolist()
        pairs = zip(found, kinds, strict=True)
        return [batch.segment_of(name, sides.view_of(kind)) for name, kind in pairs]

    def __len__(self) -> int:
        return len(self._positions)

    @overload
    def __getitem__(self, at: int) -> Hit: ...

    @overload
    def __getitem__(self, at: slice) -> list[Hit]: ...

    def __getitem__(self, at: int | slice) -> Hit | list[Hit]:
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(len(self)))]
        number = range(len(self))[at]
        if number not in self._read:
            self._read_from(number)
        return self._read[number]

    @property
    def rows(self) -> tuple[Generation, Positions]:
        """Give the state that was asked, and the rows that were found in it."""
        return self._now, self._positions

    def whole(self) -> Iterator[tuple[Hit, Record]]:
        """Give each hit without a snippet, and the row that it shows; some are read at a time."""
        for first in range(0, len(self), _READ_TOGETHER):
            some = self._positions[first : first + _READ_TOGETHER]
            for number, record in enumerate(read_records(self._now, some), first):
                fit = self._fit(number)
                yield hit_of(record, self._name(record), self._newest, None, fit), record

    def _read_from(self, first: int) -> None:
        last = min(first + _READ_AT_ONCE, len(self))
        records = read_records(self._now, self._positions[first:last])
        for number, record in enumerate(records, first):
            self._read[number] = self._hit(record, number)

    def _hit(self, record: Record, number: int) -> Hit:
        said, fit = self._said(record, number), self._fit(number)
        return hit_of(record, self._name(record), self._newest, said, fit)

    def _fit(self, number: int) -> Fit:
        found = self._found
        parts = {name: float(values[number]) for name, values in found.parts.items()}
        return Fit(
            {name: value for name, value in parts.items() if value == value},
            _known(self.scores[number]),
            None if found.confidences is None else _known(found.confidences[number]),
            0 if found.folded is None else found.folded[number],
            None if found.reranked is None else _known(found.reranked[number]),
        )

    def _name(self, record: Record) -> str:
        return batch.segment_of(record.id, record.view) if self._found.segments else record.id

    def _said(self, record: Record, number: int) -> Snippet | None:
        """Cut what a segment says; of a sound or film that is a transcript around it."""
        if record.words is None:
            return None
        spoken = around(self._now, int(self._positions[number]), record)
        return self._snippets.cut(record.words) if spoken is None else self._snippets.spoken(spoken)

    @cached_property
    def _snippets(self) -> Snippets:
        return Snippets(self._found.words)

    def _newest(self) -> Ledger:
        if self._ledger is None:
            self._ledger = self._now.sealed.place.ledgers.newest()
        return self._ledger

    def to_arrow(self) -> pa.Table:
        """Give ids, scores and metadata as one table."""
        records = read_records(self._now, self._positions)
        schema = self._now.schema
        metadata = [record.metadata for record in records]
        rows, _ = tabulate(metadata, len(records), schema.for_us())
        typed = widen(rows, schema.shown())
        columns = {"id": pa.array(self.ids, pa.string())}
        columns["score"] = pa.array(self.scores)
        for name, column in zip(typed.schema.names, typed.columns, strict=True):
            columns[f"metadata.{name}"] = column
        return pa.table(columns)

    def __repr__(self) -> str:
        return f"Hits({len(self)} of generation {self.generation}: {self.ids[:3]}...)"


def _known(value: np.float32) -> float | None:
    return None if value != value else float(value)


class Batch(Sequence[Hits]):
    """The answers to many questions, in their order."""

    def __init__(self, answers: list[Hits]) -> None:
        self._answers = answers

    def __len__(self) -> int:
        return len(self._answers)

    @overload
    def __getitem__(self, at: int) -> Hits: ...

    @overload
    def __getitem__(self, at: slice) -> list[Hits]: ...

    def __getitem__(self, at: int | slice) -> Hits | list[Hits]:
        return self._answers[at]

    def __repr__(self) -> str:
        return f"Batch({len(self)} answers)"

    def to_arrow(self) -> pa.Table:
        """Give all answers as one table, with the number of the question in front."""
        tables = [answer.to_arrow() for answer in self._answers]
        numbered = [
            table.add_column(0, "query", [pa.array([number] * table.num_rows, pa.int64())])
            for number, table in enumerate(tables)
        ]
        return pa.concat_tables(numbered, promote_options="default") if numbered else pa.table({})
