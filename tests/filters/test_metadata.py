"""Metadata to typed columns and back: what is accepted, what widens, what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisearch.errors import InputError
from omnisearch.schema import MAX_COLUMNS, Schema, kind_of, tabulate, to_dicts, widen

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ROW = {
    "n": 1,
    "f": 0.5,
    "flag": True,
    "s": "é",
    "when": NOON,
    "tags": ["a", "b"],
    "extra": {"a": [1, None, {"b": "ü"}]},
}
KINDS = {
    "n": "int",
    "f": "float",
    "flag": "bool",
    "s": "string",
    "when": "timestamp",
    "tags": "strings",
    "extra": "json",
}


class Shade(StrEnum):
    RED = "red"


class Size(IntEnum):
    LARGE = 3


def typed(value: object, schema: Schema | None = None) -> tuple[str, Any]:
    """Store one value and read it back."""
    batch, found = tabulate([{"x": value}], 1, schema or Schema())
    return found.columns["x"], to_dicts(batch)[0].get("x")


def fault(metadata: Any, rows: int = 1, schema: Schema | None = None) -> str:
    with pytest.raises(InputError) as caught:
        tabulate(metadata, rows, schema or Schema())
    return str(caught.value)


def test_rows_come_back() -> None:
    rows = [ROW, {}, {"n": 2}]
    batch, schema = tabulate(rows, 3, Schema())
    assert dict(schema.columns) == KINDS
    assert to_dicts(batch) == rows
    assert [kind_of(column) for column in batch.schema] == list(KINDS.values())


def test_columns_and_tables_come_back() -> None:
    rows = [ROW, {**ROW, "n": 2}]
    batch, schema = tabulate(rows, 2, Schema())
    columns = {name: [row[name] for row in rows] for name in ROW}
    assert tabulate(columns, 2, Schema()) == (batch, schema)
    assert tabulate(batch, 2, Schema()) == (batch, schema)
    assert tabulate(pa.Table.from_batches([batch[:1], batch[1:]]), 2, Schema()) == (batch, schema)


@pytest.mark.parametrize(
    ("value", "kind", "back"),
    [
        (-(2**63), "int", -(2**63)),
        (np.uint8(7), "int", 7),
        (Size.LARGE, "int", 3),
        (np.float32(0.5), "float", 0.5),
        (float("inf"), "float", float("inf")),
        (np.True_, "bool", True),
        (np.str_("a"), "string", "a"),
        (Shade.RED, "string", "red"),
        ("", "string", ""),
        (NOON.astimezone(timezone(timedelta(hours=-7))), "timestamp", NOON),
        (datetime(1, 1, 1, tzinfo=UTC), "timestamp", datetime(1, 1, 1, tzinfo=UTC)),
        (("a", "b"), "strings", ["a", "b"]),
        ([], "strings", []),
        (np.array(["a"]), "strings", ["a"]),
        ([1, "a"], "json", [1, "a"]),
        (np.arange(2), "json", [0, 1]),
        ({"a": np.int64(1), "b": np.arange(2)}, "json", {"a": 1, "b": [0, 1]}),
        (MappingProxyType({"a": 1}), "json", {"a": 1}),
    ],
)
def test_kind_is_inferred(value: object, kind: str, back: object) -> None:
    assert typed(value) == (kind, back)


def test_integers_widen_to_float() -> None:
    batch, schema = tabulate([{"x": 1}], 1, Schema())
    assert schema.columns["x"] == "int"
    wide, schema = tabulate([{"x": 0.5}, {"x": 2}], 2, schema)
    assert schema.columns["x"] == "float"
    assert to_dicts(wide) == [{"x": 0.5}, {"x": 2.0}]
    assert to_dicts(widen(batch, schema)) == [{"x": 1.0}]
    assert tabulate([{"x": 3}], 1, schema)[1] is schema


def test_declared_integers_stay_integers() -> None:
    declared = Schema.declare({"x": "int"})
    assert typed(1, declared) == ("int", 1)
    assert "row 0: float (0.5) does not go into a column of int" in fault([{"x": 0.5}], 1, declared)


def test_declared_columns_take_more() -> None:
    assert typed("2026-05-01T14:00:00+02:00", Schema.declare({"x": "timestamp"})) == (
        "timestamp",
        NOON,
    )
    assert typed(5, Schema.declare({"x": "json"})) == ("json", 5)
    assert typed("a", Schema.declare({"x": "json"})) == ("json", "a")
    assert typed(5, Schema.declare({"x": "float"})) == ("float", 5.0)


def test_columns_are_in_the_order_of_their_first_use() -> None:
    _, schema = tabulate([{"b": 1}, {"a": 1}], 2, Schema.declare({"z": "int"}))
    batch, schema = tabulate([{"a": 1, "c": 1, "z": 1}], 1, schema)
    assert list(schema.columns) == ["z", "b", "a", "c"]
    assert batch.schema.names == ["z", "a", "c"]
    assert widen(batch, schema).schema.names == ["z", "b", "a", "c"]


def test_nulls_make_no_column() -> None:
    batch, schema = tabulate([{"x": None}, None], 2, Schema())
    assert (batch.num_rows, batch.num_columns, dict(schema.columns)) == (2, 0, {})
    batch, schema = tabulate({"x": [None]}, 1, Schema.declare({"x": "int"}))
    assert batch.column(0).to_pylist() == [None]
    assert tabulate(None, 5, Schema())[0].num_rows == 5
    batch, schema = tabulate({"x": pa.array([None], pa.float64())}, 1, Schema())
    assert (batch.num_columns, dict(schema.columns)) == (0, {})
    assert widen(tabulate(None, 5, Schema())[0], schema).num_rows == 5


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (1, "a", "metadata 'x', row 1: string ('a') does not go into a column of int"),
        (1, True, "metadata 'x', row 1: bool (True) does not go into a column of int"),
        ("a", 1.5, "metadata 'x', row 1: float (1.5) does not go into a column of string"),
        (["a"], "a", "metadata 'x', row 1: string ('a') does not go into a column of strings"),
        ({}, 1, "metadata 'x', row 1: int (1) does not go into a column of json"),
        (
            NOON,
            "2026",
            "metadata 'x', row 1: string ('2026') does not go into a column of timestamp",
        ),
        (1.5, 2**53 + 1, "metadata 'x', row 1: 9007199254740993 does not fit into float"),
        (1, 2**63, "metadata 'x', row 1: 9223372036854775808 does not fit into int"),
        (1.5, float("nan"), "metadata 'x', row 1: NaN: store None instead"),
        (NOON, datetime(2026, 5, 1), "metadata 'x', row 1: datetime.datetime(2026, 5, 1, 0, 0)"),
        ("a", "\ud800", "metadata 'x', row 1: '\\ud800' does not fit into string"),
        ({}, {"a": float("nan")}, "metadata 'x', row 1: {'a': nan} does not fit into json"),
        ({}, {"a": {1}}, "metadata 'x', row 1: {'a': {1}} does not fit into json"),
        (1, b"a", "metadata 'x', row 1: bytes (b'a') is no kind of metadata"),
        (1, Decimal(1), "metadata 'x', row 1: Decimal"),
        (1, date(2026, 5, 1), "metadata 'x', row 1: date"),
        (1, {1}, "metadata 'x', row 1: set"),
    ],
)
def test_what_does_not_fit_is_refused(first: object, second: object, message: str) -> None:
    rows = [{"x": first}, {"x": second}]
    assert fault(rows, 2).startswith(message)
    assert fault({"x": [first, second]}, 2).startswith(message)
    assert fault(rows, 2).endswith("nothing stored")
    _, schema = tabulate(rows[:1], 1, Schema())
    assert fault(rows[1:], 1, schema).startswith(message.replace("row 1", "row 0"))


def test_what_cannot_even_be_shown_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert "a large list does not fit into json" in fault([{"x": deep}])
    cycle: dict[str, Any] = {}
    cycle["x"] = cycle
    assert "{'x': {...}} does not fit into json" in fault([{"x": cycle}])
    assert "a large int does not fit into int" in fault([{"x": 10**5000}])


def test_lists_of_strings_and_others_in_one_call_are_json() -> None:
    batch, schema = tabulate([{"x": [1]}, {"x": ["a"]}], 2, Schema())
    assert schema.columns["x"] == "json"
    assert to_dicts(batch) == [{"x": [1]}, {"x": ["a"]}]
    _, strings = tabulate([{"x": ["a"]}], 1, Schema())
    assert "json ([1]) does not go into a column of strings" in fault([{"x": [1]}], 1, strings)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("", "is empty"),
        ("a\0", "has a NUL"),
        ("é" * 129, "has 258 bytes, not 256"),
        ("file.name", "file. is taken by files"),
        ("doc.title", "doc. is taken"),
        ("\ud800", "is not UTF-8"),
        (5, "metadata key 5 is not a string"),
    ],
)
def test_names_have_rules(name: Any, part: str) -> None:
    assert part in fault([{name: 1}])
    assert part in fault({name: [1]})
    with pytest.raises(InputError):
        Schema.declare({name: "int"})


def test_a_collection_has_so_many_columns() -> None:
    row = {f"c{at}": 1 for at in range(MAX_COLUMNS)}
    _, schema = tabulate([row], 1, Schema())
    assert "1025 columns" in fault([{"one more": 1}], 1, schema)


@pytest.mark.parametrize(
    ("metadata", "part"),
    [
        ([{}], "1 rows of metadata for 2 ids"),
        ({"x": [1]}, "metadata 'x' has 1 values for 2 ids"),
        ({"x": np.zeros(3)}, "metadata 'x' has 3 values for 2 ids"),
        ({"x": 5}, "int is neither a list nor an array"),
        ({"x": "ab"}, "str is neither a list nor an array"),
        ([{}, 5], "metadata row 1 is int, not a dict or None"),
        ("ab", "metadata is str"),
        (5, "metadata is int"),
        (pa.table([[1]], names=["x"]), "1 rows of metadata for 2 ids"),
        (pa.table([[1, 2], [3, 4]], names=["x", "x"]), "two columns of one name"),
    ],
)
def test_shapes_are_checked(metadata: Any, part: str) -> None:
    assert part in fault(metadata, 2)


def test_kinds_are_declared_by_name() -> None:
    with pytest.raises(InputError, match="'text' is none of int, float, bool, string"):
        Schema.declare({"x": "text"})
    with pytest.raises(TypeError, match="columns must be a mapping"):
        Schema.declare(["x"])  # type: ignore[arg-type]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | json_values
rows = st.lists(st.dictionaries(st.sampled_from(["a", "b"]), scalars) | st.none(), max_size=5)


@given(rows)
@settings(max_examples=300, deadline=None)
def test_any_rows_come_back_or_are_refused(given_rows: list[dict[str, Any] | None]) -> None:
    try:
        batch, schema = tabulate(given_rows, len(given_rows), Schema())
    except InputError as error:
        assert str(error).startswith("metadata ")
        return
    kept = [{k: v for k, v in (row or {}).items() if v is not None} for row in given_rows]
    assert to_dicts(batch) == kept
    assert tabulate(batch, len(given_rows), schema)[1] is schema
