"""columns.bin: what was built is read back, and no damage leads outside the file."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisearch.errors import CorruptCollectionError
from omnisearch.query.filters import bind, evaluate
from omnisearch.schema import Schema, tabulate
from omnisearch.storage.columns import Columns, LooseColumns, build
from tests.filters.trees import KINDS, Row, random_rows, random_tree

ROWS: list[Row] = [
    {"n": 5, "f": -0.0, "flag": True, "s": "b", "tags": ["x", "y", "x"], "extra": {"a": 1}},
    {"n": None, "f": 2.5, "s": "", "tags": []},
    {"n": -7, "f": 0.0, "flag": False, "s": "b", "tags": ["y"], "extra": [1]},
    {"n": 5, "s": "é", "when": datetime(2026, 5, 1, tzinfo=UTC)},
]


def built(rows: list[Row]) -> tuple[bytes, Schema]:
    batch, schema = tabulate(rows, len(rows), Schema())
    return build(batch, schema), schema


def test_values_come_back() -> None:
    raw, schema = built(ROWS)
    columns = Columns.open(raw)
    assert columns.rows == 4
    for name in ("n", "f", "flag", "s", "when"):
        found = columns.column(name)
        assert found is not None
        assert found.kind == schema.columns[name]
        assert found.values(np.arange(4)) == [row.get(name) for row in ROWS]
        assert found.values(np.array([3, 0, 3])) == [ROWS[at].get(name) for at in (3, 0, 3)]
    assert columns.column("nothing") is None


def test_distinct_values_are_counted() -> None:
    columns = Columns.open(built(ROWS)[0])
    kept = np.array([True, True, False, True])

    def counts(name: str, mask: Any = None) -> list[tuple[Any, int]]:
        column = columns.column(name)
        assert column is not None
        return column.counts(mask)

    assert counts("n") == [(-7, 1), (5, 2)]
    assert counts("n", kept) == [(5, 2)]
    assert counts("f") == [(0.0, 2), (2.5, 1)]
    assert counts("flag") == [(False, 1), (True, 1)]
    assert counts("s") == [("", 1), ("b", 2), ("é", 1)]
    assert counts("tags") == [("x", 1), ("y", 2)]
    assert counts("tags", kept) == [("x", 1), ("y", 1)]
    assert counts("when") == [(datetime(2026, 5, 1, tzinfo=UTC), 1)]
    assert counts("extra") == []


def test_every_byte_is_as_documented() -> None:
    raw, _ = built([{"s": "b"}, {"s": None}, {"s": "aé"}])
    header = b"OMNICOLS" + bytes.fromhex("01000000 01000000 0300000000000000 4800000000000000")
    entry = bytes.fromhex("0100 03 01 00000000 0200000000000000 0200000000000000 0400000000000000")
    assert raw[:72] == header + entry + b"s" + bytes(7)
    assert raw[72:128] == bytes(56)
    assert raw[128:192] == bytes([1, 2, 0]) + bytes(61)
    assert raw[192:256] == np.array([0, 3, 4], "<u8").tobytes() + bytes(40)
    assert raw[256:320] == "aéb".encode() + bytes(60)
    assert raw[320:384] == np.array([0, 1, 2], "<u4").tobytes() + bytes(52)
    assert raw[384:] == np.array([2, 0], "<u4").tobytes() + bytes(56)


@pytest.mark.parametrize(("distinct", "width"), [(255, 1), (256, 2), (65_535, 2), (65_536, 4)])
def test_codes_are_as_wide_as_they_must_be(distinct: int, width: int) -> None:
    values = np.arange(distinct) * 3
    batch, schema = tabulate({"n": np.concatenate([values, values[:9]])}, distinct + 9, Schema())
    source = Columns.open(build(batch, schema))
    column = source.column("n")
    assert column is not None and column.codes.itemsize == width
    for text, expected in (
        ("n = 24", 2),
        ("n != 24", distinct + 7),
        ("n < 24", 16),
        ("n >= 24", distinct - 7),
        ("n is null", 0),
        (f"n = {3 * (distinct - 1)}", 1),
        (f"n > 0 and n < {3 * (distinct - 1)}", distinct + 6),
    ):
        for one in (source, LooseColumns([batch])):
            assert evaluate(bind(text, None, schema), one).sum() == expected


def test_opening_copies_nothing() -> None:
    raw = np.frombuffer(built(ROWS)[0], np.uint8)
    column = Columns.open(raw).column("s")
    assert column is not None and column.starts is not None and column.rows is not None
    for array in (column.codes, column.starts, column.rows):
        assert np.shares_memory(array, raw)


def test_a_column_that_came_later_is_null() -> None:
    source = Columns.open(built(ROWS)[0])
    schema = Schema().with_columns({"later": "int"})
    assert evaluate(bind("later is null", None, schema), source).all()
    for text in ("later is not null", "later = 1", "later != 1", "not (later < 1)"):
        assert not evaluate(bind(text, None, schema), source).any()


def test_lists_of_arrow_may_hide_strings_behind_a_null() -> None:
    offsets, hidden = pa.array([0, 1, 2, 4], pa.int32()), pa.array([False, True, False])
    lists = pa.ListArray.from_arrays(offsets, pa.array(["x", "y", "x", "z"]), mask=hidden)
    batch, schema = tabulate({"tags": lists}, 3, Schema())
    for part, expected in ((batch, [True, False, True]), (batch[1:], [False, True])):
        for source in (Columns.open(build(part, schema)), LooseColumns([part])):
            assert evaluate(bind("tags has 'x'", None, schema), source).tolist() == expected
            assert not evaluate(bind("tags has 'y'", None, schema), source).any()


def test_no_rows_and_no_columns() -> None:
    empty, schema = tabulate([], 0, Schema().with_columns({"n": "int"}))
    assert evaluate(bind("n = 1", None, schema), Columns.open(build(empty, schema))).tolist() == []
    bare, schema = tabulate(None, 3, schema)
    source = Columns.open(build(bare, schema))
    assert evaluate(bind("n is null", None, schema), source).tolist() == [True] * 3


def test_a_shard_of_other_kinds_is_damage() -> None:
    source = Columns.open(built(ROWS)[0])
    schema = Schema().with_columns({"s": "int"})
    with pytest.raises(CorruptCollectionError, match="of a shard is string"):
        evaluate(bind("s = 1", None, schema), source)


def test_every_truncation_is_damage() -> None:
    raw, _ = built(ROWS)
    for length in range(len(raw)):
        with pytest.raises(CorruptCollectionError):
            Columns.open(raw[:length])
    with pytest.raises(CorruptCollectionError):
        Columns.open(raw + bytes(64))
    with pytest.raises(CorruptCollectionError, match="4 rows instead of 5"):
        Columns.open(raw, 5)


def survives(raw: bytes, schema: Schema, rng: random.Random) -> bool:
    """Open damaged bytes and ask about everything; only damage may be raised."""
    try:
        source = Columns.open(raw)
        for name in schema.columns:
            found = source.column(name)
            for _ in range(3):
                evaluate(bind(random_tree(rng, [name], 0), None, schema), source)
            if found is not None:
                found.counts(None)
                found.counts(np.arange(source.rows) % 2 == 0)
                if found.kind not in ("strings", "json"):
                    found.values(np.arange(source.rows))
    except CorruptCollectionError:
        return False
    return True


@given(st.randoms(use_true_random=False), st.integers(1, 8))
@settings(max_examples=150, deadline=None)
def test_flipped_bytes_stay_inside(rng: random.Random, flips: int) -> None:
    batch, found = tabulate(random_rows(rng, 12), 12, Schema())
    schema = Schema().with_columns({**KINDS, **found.columns})
    raw = bytearray(build(batch, schema))
    assert survives(bytes(raw), schema, rng)
    for _ in range(flips):
        raw[rng.randrange(len(raw))] ^= rng.choice((0x01, 0x80, 0xFF))
    survives(bytes(raw), schema, rng)


@pytest.mark.slow
def test_each_flipped_bit_stays_inside() -> None:
    rng = random.Random(3)
    batch, found = tabulate([{"tags": row["tags"], "n": row["n"]} for row in ROWS[:3]], 3, Schema())
    schema = Schema().with_columns({**KINDS, **found.columns})
    raw = build(batch, schema)
    for bit in range(8 * len(raw)):
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << bit % 8
        survives(bytes(flipped), schema, rng)
