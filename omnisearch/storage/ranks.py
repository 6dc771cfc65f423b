"""One column of some rows, ready for filters: sorted keys, the rank of each row's key, postings.

A comparison becomes spans of ranks, so that it costs one pass over small integers, or a few slices
of postings where few rows match. Rows without a value have the rank behind the last key, so they
match no span of keys. A list of strings has a rank of 0 (or 1: null) and postings per string.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from omnisearch import moments
from omnisearch.errors import CorruptCollectionError
from omnisearch.values import Kind

Mask = npt.NDArray[np.bool_]
Whole = npt.NDArray[np.unsignedinteger[Any]]
Span = tuple[int, int]
Op = Literal["=", "<", "<=", "in", "like", "has", "null"]

_SCATTER: Final = 32  # a row set through postings costs as much as 32 compared (measured at 1M)
_LOOK_UP: Final = 12  # passes over the ranks that cost as much as one through a table


class Keys(Protocol):
    """Sorted distinct values, one at a time, as Python values that compare exactly."""

    def __len__(self) -> int: ...
    def __getitem__(self, at: int) -> Any: ...  # noqa: ANN401


@dataclass(frozen=True, slots=True)
class Numbers:
    """Keys that are numbers; times are microseconds."""

    array: npt.NDArray[Any]

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, at: int) -> int | float:
        return self.array.item(at)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Texts:
    """Keys that are strings, as UTF-8, whose order is that of their code points."""

    offsets: Whole
    data: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, at: int) -> bytes:
        return self.data[int(self.offsets[at]) : int(self.offsets[at + 1])].tobytes()


@dataclass(frozen=True, slots=True)
class Ranks:
    """One column; `starts` and `rows` (the postings) may be absent where rows are few."""

    kind: Kind
    keys: Keys
    codes: Whole  # (n,) rank of each row's key
    starts: Whole | None  # (keys + 1,) where the rows of each key begin
    rows: Whole | None

    @property
    def null(self) -> int:
        """The code of a row without a value."""
        return 1 if self.kind in ("strings", "json") else len(self.keys)

    @property
    def _top(self) -> int:
        """One more than the largest code that occurs."""
        full = self.rows is not None and len(self.rows) == len(self.codes)
        return self.null if full else self.null + 1

    def matching(self, op: Op, value: Any, negated: bool) -> Mask:  # noqa: ANN401
        """Tell which rows surely match: a null matches neither a condition nor its negation."""
        with _damage():
            if op == "null":
                valued: Mask = self.codes != self.null
                return valued if negated else ~valued
            spans = self._spans(op, value)
            if op == "has":
                return self._having(spans, negated)
            if negated:
                spans = _complement(spans, self.null)
            return self._mask(spans, self._top)

    def values(self, rows: npt.NDArray[np.int64]) -> list[Any]:
        """Give the values of some rows as Python values; not for lists and json."""
        with _damage():
            codes = self.codes[rows].tolist()
            return [None if code == self.null else self._value(code) for code in codes]

    def counts(self, mask: Mask | None) -> list[tuple[Any, int]]:
        """Count the rows of each value, in order of the values; a list counts once per string."""
        with _damage():
            if self.kind == "strings":
                owners = self._owners()
                found: npt.NDArray[Any] = owners if mask is None else owners[mask[self._posted]]
            else:
                found = self.codes if mask is None else self.codes[mask]
                if len(found) and int(found.max()) > self.null:
                    raise ValueError(f"code {found.max()} of {self.null}")
            totals = np.bincount(found, minlength=len(self.keys))[: len(self.keys)]
            return [(self._value(at), int(totals[at])) for at in np.flatnonzero(totals).tolist()]

    @property
    def _posted(self) -> Whole:
        assert self.rows is not None
        return self.rows

    def _owners(self) -> npt.NDArray[np.int64]:
        """Give the key of each posting."""
        assert self.starts is not None
        starts = self.starts.astype(np.int64)
        lengths = starts[1:] - starts[:-1]
        if self.starts[0] or int(self.starts[-1]) != len(self._posted) or (lengths < 0).any():
            raise ValueError("postings do not follow each other")
        return np.repeat(np.arange(len(self.keys)), lengths)

    def _value(self, at: int) -> Any:  # noqa: ANN401
        key = self.keys[at]
        if self.kind == "timestamp":
            return moments.moment(key)
        if self.kind == "bool":
            return bool(key)
        return key.decode() if isinstance(key, bytes) else key

    def _spans(self, op: Op, value: Any) -> list[Span]:  # noqa: ANN401
        keys, every = self.keys, range(len(self.keys))
        if op in ("<", "<="):
            find = bisect_left if op == "<" else bisect_right
            return [(0, find(every, value, key=keys.__getitem__))]
        if op == "like":
            low = bisect_left(every, value, key=keys.__getitem__)
            return [(low, bisect_right(every, value, low, key=lambda at: keys[at][: len(value)]))]
        spans = []
        for one in value if op == "in" else (value,):
            low = bisect_left(every, one, key=keys.__getitem__)
            if low < len(keys) and keys[low] == one:
                spans.append((low, low + 1))
        return _merged(spans)

    def _having(self, spans: Sequence[Span], negated: bool) -> Mask:
        mask = np.zeros(len(self.codes), bool)
        self._scatter(spans, mask)
        return (self.codes == 0) & ~mask if negated else mask

    def _mask(self, spans: Sequence[Span], top: int) -> Mask:
        rest = _complement(spans, top)
        if self._cost(rest, top) < self._cost(spans, top):
            mask = self._painted(rest, top)
            return np.logical_not(mask, out=mask)
        return self._painted(spans, top)

    def _cost(self, spans: Sequence[Span], top: int) -> float:
        """Estimate in passes over the ranks."""
        passes = sum(1 if low == 0 or high in (low + 1, top) else 2 for low, high in spans)
        return min(passes, self._count(spans) * _SCATTER / max(len(self.codes), 1), _LOOK_UP)

    def _count(self, spans: Sequence[Span]) -> float:
        if self.starts is None or (spans and spans[-1][1] > self.null):
            return float("inf")  # nulls have no postings
        return sum(int(self.starts[high]) - int(self.starts[low]) for low, high in spans)

    def _painted(self, spans: Sequence[Span], top: int) -> Mask:
        if self._count(spans) * _SCATTER < len(self.codes):
            mask = np.zeros(len(self.codes), bool)
            self._scatter(spans, mask)
            return mask
        if not spans:
            return np.zeros(len(self.codes), bool)
        if len(spans) > _LOOK_UP:
            table = np.zeros(top, bool)
            for low, high in spans:
                table[low:high] = True
            return table.take(self.codes)
        mask = self._compared(spans[0], top)
        for span in spans[1:]:
            np.logical_or(mask, self._compared(span, top), out=mask)
        return mask

    def _compared(self, span: Span, top: int) -> Mask:
        low, high = span
        codes, of = self.codes, self.codes.dtype.type
        inside: Mask
        if high == low + 1:
            inside = codes == of(low)
        elif low == 0:
            inside = codes < of(high) if high < top else np.ones(len(codes), bool)
        elif high == top:
            inside = codes >= of(low)
        else:
            inside = (codes - of(low)) < of(high - low)
        return inside

    def _scatter(self, spans: Sequence[Span], mask: Mask) -> None:
        assert self.starts is not None and self.rows is not None
        for low, high in spans:
            mask[self.rows[int(self.starts[low]) : int(self.starts[high])]] = True


@contextmanager
def _damage() -> Iterator[None]:
    """Turn what only wrong bytes can cause into damage; NumPy never reads outside an array."""
    try:
        yield
    except (IndexError, ValueError, OverflowError) as error:
        raise CorruptCollectionError(f"columns.bin is damaged ({error})") from error


def _merged(spans: Sequence[Span]) -> list[Span]:
    """Sort spans and join those that touch."""
    joined: list[Span] = []
    for low, high in sorted(set(spans)):
        if joined and joined[-1][1] >= low:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return joined


def _complement(spans: Sequence[Span], top: int) -> list[Span]:
    """Give what lies between sorted spans, from 0 to `top`."""
    edges = [0, *(edge for span in spans for edge in span), top]
    return [(low, high) for low, high in zip(edges[::2], edges[1::2], strict=True) if low < high]


def rank(kind: Kind, array: pa.Array, postings: bool) -> Ranks:
    """Sort the distinct values of a column and rank its rows."""
    if kind in ("strings", "json"):
        codes = np.asarray(array.is_null()).astype(np.uint8)
        if kind == "json":
            return Ranks(kind, Numbers(np.zeros(0, "<i8")), codes, None, None)
        keys, found = _coded("string", array.flatten())
        lengths = np.asarray(pc.list_value_length(array).fill_null(0))
        starts, rows = _posted(found, len(keys), np.repeat(np.arange(len(array)), lengths))
        return Ranks(kind, keys, codes, starts, rows)
    keys, codes = _coded(kind, array)
    if not postings:
        return Ranks(kind, keys, codes, None, None)
    starts, rows = _posted(codes, len(keys), None)
    return Ranks(kind, keys, codes, starts, rows)


def _coded(kind: Kind, array: pa.Array) -> tuple[Keys, Whole]:
    if kind == "float":
        array = pc.add(array, 0.0)  # -0.0 becomes 0.0, so that equal values are one key
    coded = array.dictionary_encode()
    order = pc.array_sort_indices(coded.dictionary)
    places = np.empty(len(order) + 1, smallest(len(order)))
    places[np.asarray(order)] = np.arange(len(order))
    places[-1] = len(order)
    codes = places[np.asarray(coded.indices.fill_null(len(order)))]
    return _keys(kind, coded.dictionary.take(order)), codes


def _keys(kind: Kind, values: pa.Array) -> Keys:
    if kind == "string":
        _, ends, data = values.buffers()
        offsets = np.frombuffer(ends, "<i4", len(values) + 1, 4 * values.offset).astype("<u8")
        text = np.zeros(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)
        return Texts(offsets - offsets[0], text[int(offsets[0]) : int(offsets[-1])])
    if kind == "timestamp":
        values = values.cast(pa.int64())
    array = np.asarray(values)
    return Numbers(array.astype(np.uint8) if kind == "bool" else array)


def _posted(codes: Whole, keys: int, owners: npt.NDArray[Any] | None) -> tuple[Whole, Whole]:
    """List the rows of each key, ascending and each once; `owners` are the rows of the codes."""
    rows = np.argsort(codes, kind="stable")
    if owners is not None:
        codes, rows = codes[rows], owners[rows]
        fresh = np.ones(len(rows), bool)
        fresh[1:] = (codes[1:] != codes[:-1]) | (rows[1:] != rows[:-1])
        codes, rows = codes[fresh], rows[fresh]
    totals = np.bincount(codes, minlength=keys)[:keys]
    starts = np.zeros(keys + 1, "<u4")
    np.cumsum(totals, out=starts[1:])
    return starts, rows[: int(starts[-1])].astype("<u4")


def smallest(largest: int) -> np.dtype[np.unsignedinteger[Any]]:
    """Choose the smallest type for codes up to that one."""
    return np.dtype("<u1" if largest < 1 << 8 else "<u2" if largest < 1 << 16 else "<u4")
