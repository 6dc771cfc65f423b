"""Columns of NumPy and Arrow as metadata: what is accepted, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from omnisearch import moments
from omnisearch.errors import InputError
from omnisearch.schema import Schema, tabulate, to_dicts

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
OFFSETS = pa.py_buffer(np.array([0, 1], "<i4").tobytes())


def fault(metadata: Any, rows: int = 1, schema: Schema | None = None) -> str:
    with pytest.raises(InputError) as caught:
        tabulate(metadata, rows, schema or Schema())
    return str(caught.value)


@pytest.mark.parametrize(
    ("array", "kind", "values"),
    [
        (np.array([1, 2], np.uint16), "int", [1, 2]),
        (np.array([1.5, 2], np.float16), "float", [1.5, 2.0]),
        (np.array([True, False]), "bool", [True, False]),
        (np.array(["a", "bc"]), "string", ["a", "bc"]),
        (np.array(["a", None], object), "string", ["a", None]),
        (np.array([["a", "b"], ["c", "d"]]), "strings", [["a", "b"], ["c", "d"]]),
        (np.array([[1, 2], [3, 4]]), "json", [[1, 2], [3, 4]]),
        (np.ma.array([1, 2], mask=[False, True]), "int", [1, None]),
        (pa.array(["a", "b"]).dictionary_encode(), "string", ["a", "b"]),
        (pa.array(["a", None], pa.large_string()), "string", ["a", None]),
        (pa.array([1.0, 2.0], pa.float32()), "float", [1.0, 2.0]),
        (pa.array([[1], None]), "json", [[1], None]),
        (pa.array([{"a": 1}, None]), "json", [{"a": 1}, None]),
        (pa.array([["a"], []], pa.large_list(pa.string())), "strings", [["a"], []]),
        (
            pa.array([1, 2], pa.timestamp("s", "UTC")),
            "timestamp",
            list(map(moments.moment, (10**6, 2 * 10**6))),
        ),
        (pa.chunked_array([["a"], ["b"]]), "string", ["a", "b"]),
        (pa.array([["a", None], []]), "json", [["a", None], []]),
        (pa.array([1, 2], pa.uint64()), "int", [1, 2]),
    ],
)
def test_arrays_are_typed(array: Any, kind: str, values: list[Any]) -> None:
    batch, schema = tabulate({"x": array}, 2, Schema())
    assert schema.columns["x"] == kind
    assert [row.get("x") for row in to_dicts(batch)] == values


@pytest.mark.parametrize(
    ("array", "part"),
    [
        (np.array([1.0, np.nan]), "row 1: NaN: store None instead"),
        (pa.array([None, float("nan")]), "row 1: NaN: store None instead"),
        (np.array([1, 2**63], np.uint64), "does not fit into int"),
        (np.array(["2026-05-01"], "M8[s]"), "no time zone"),
        (pa.array([datetime(2026, 5, 1)]), "no time zone"),
        (pa.array([b"a"]), "bytes (b'a') is no kind of metadata"),
        (pa.array([10**14], pa.timestamp("s", "UTC")), "does not fit into timestamp"),
        (pa.array([10**12], pa.timestamp("s", "UTC")), "row 0: a time outside the years 1 to 9999"),
        (np.array(["\ud800"]), "row 0: '\\ud800' does not fit into string"),
        (np.array(5), "an array without dimensions"),
        (
            pa.Array.from_buffers(pa.string(), 1, [None, OFFSETS, pa.py_buffer(b"\xff")]),
            "not valid",
        ),
        (np.array([1 + 2j]), "complex ((1+2j)) is no kind of metadata"),
    ],
)
def test_arrays_are_checked(array: Any, part: str) -> None:
    assert part in fault({"x": array}, 1)


def test_arrays_meet_the_column_that_is_there() -> None:
    integers = Schema().with_columns({"x": "int"})
    assert "string (string) does not go into a column of int" in fault(
        {"x": pa.array(["a"])}, 1, integers
    )
    assert tabulate({"x": np.array([0.5])}, 1, integers)[1].columns["x"] == "float"
    declared = Schema.declare({"x": "timestamp"})
    batch, _ = tabulate({"x": pa.array(["2026-05-01T12:00Z"])}, 1, declared)
    assert to_dicts(batch) == [{"x": NOON}]


def test_naive_times_are_utc_where_a_timestamp_was_declared() -> None:
    declared = Schema.declare({"x": "timestamp"})
    for array in (np.array(["2026-05-01T12"], "M8[ns]"), pa.array([datetime(2026, 5, 1, 12)])):
        batch, _ = tabulate({"x": array}, 1, declared)
        assert to_dicts(batch) == [{"x": NOON}]
    assert "has no time zone" in fault([{"x": datetime(2026, 5, 1)}], 1, declared)
    days = np.array(["2026-05-01", "0001-01-01"], "M8[D]")
    batch, _ = tabulate({"x": days}, 2, declared)
    assert [row["x"].year for row in to_dicts(batch)] == [2026, 1]
    assert "NaT" in fault({"x": np.array(["NaT"], "M8[s]")}, 1, declared)


def test_json_of_a_stored_table_stays_json() -> None:
    batch, schema = tabulate([{"x": [1], "y": 1}], 1, Schema())
    assert tabulate(batch, 1, schema) == (batch, schema)
    _, other = tabulate([{"x": 1}], 1, Schema())
    assert "json does not go into a column of int" in fault(batch, 1, other)
    broken = pa.RecordBatch.from_arrays(
        [pa.array(["{"])], schema=pa.schema([batch.schema.field(0)])
    )
    assert "row 0: '{' is not JSON" in fault(broken)
