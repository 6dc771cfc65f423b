"""Conditions as text: what they mean, and how errors point at what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omnisearch.errors import QueryError
from omnisearch.query.condition import MAX_TERMS, MAX_VALUES
from omnisearch.query.filters import bind
from omnisearch.query.where import MAX_TEXT, parse
from omnisearch.query.where_dict import parse as parse_dict
from omnisearch.schema import Schema

SCHEMA = Schema().with_columns(
    {
        "price": "float",
        "n": "int",
        "brand": "string",
        "active": "bool",
        "made": "timestamp",
        "tags": "strings",
        "extra": "json",
        "file.name": "string",
    }
)


def fault(where: object, **params: object) -> str:
    with pytest.raises(QueryError) as caught:
        bind(where, params, SCHEMA)  # type: ignore[arg-type]
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("n = 1", {"n": 1}),
        ("n <> 1", {"n": {"$ne": 1}}),
        ("n >= -1.5e3", {"n": {"$gte": -1500.0}}),
        ("n in (1, +2, 3.)", {"n": {"$in": [1, 2, 3.0]}}),
        ("n not in (1)", {"n": {"$nin": [1]}}),
        ("n IS NULL", {"n": None}),
        ("n is not null", {"n": {"$null": False}}),
        ("brand = 'it''s'", {"brand": "it's"}),
        ("brand not like 'a%'", {"$not": {"brand": {"$like": "a%"}}}),
        ("active = TRUE", {"active": True}),
        ("tags has 'a'", {"tags": {"$has": "a"}}),
        ("\"file.name\" = 'x'", {"file.name": "x"}),
        ("file.name = 'x'", {"file.name": {"$eq": "x"}}),
        ("n > 1 and n < 5", {"n": {"$gt": 1, "$lt": 5}}),
        ("n = 1 and brand = 'a'", {"n": 1, "brand": "a"}),
        ("n = 1 or n = 2 and n = 3", {"$or": [{"n": 1}, {"$and": [{"n": 2}, {"n": 3}]}]}),
        ("(n = 1 or n = 2) and n = 3", {"$and": [{"$or": [{"n": 1}, {"n": 2}]}, {"n": 3}]}),
        ("not n = 1 and n = 2", {"$and": [{"$not": {"n": 1}}, {"n": 2}]}),
        ("not (n = 1 and n = 2)", {"$not": {"$and": [{"n": 1}, {"n": 2}]}}),
    ],
)
def test_text_and_dict_are_one_tree(text: str, tree: dict[str, object]) -> None:
    assert parse(text) == parse_dict(tree)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pric < 50", "no column 'pric'; did you mean 'price'?\n  pric < 50\n  ^^^^"),
        (
            "n = 1 and\n  brand < 5",
            "column 'brand' is string, 5 is int\n    brand < 5\n            ^",
        ),
        ("n < 'x'", "column 'n' is int, 'x' is string\n  n < 'x'\n      ^^^"),
        ("active = 1", "column 'active' is bool, 1 is int\n  active = 1\n           ^"),
        ("n = true", "column 'n' is int, True is bool\n  n = true\n      ^^^^"),
        ("n <", "expected a value, found the end\n  n <\n     ^"),
        ("(n = 1", "expected ')', found the end\n  (n = 1\n        ^"),
        ("n == 1", "expected '=' (one is enough), found '=='\n  n == 1\n    ^^"),
        ("n = 1 n = 2", "expected 'and', 'or' or the end, found 'n'\n  n = 1 n = 2\n        ^"),
        (
            "brand = 'x",
            "this quote is not closed by another '\n  brand = 'x\n          ^",
        ),
        ("n = 1;", "unexpected ';'\n  n = 1;\n       ^"),
    ],
)
def test_an_error_points_at_its_place(text: str, message: str) -> None:
    assert fault(text) == message


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("1 < n", "the column comes first"),
        ('brand = "a"', "text goes into single quotes"),
        ("brand = a", "text goes into single quotes: 'a'"),
        ("n = null", "is not null"),
        ("n between 1 and 2", "x >= low and x <= high"),
        ("n in ()", "expected a value"),
        ("n in 5", "expected '('"),
        ("n not = 5", "in, like or has"),
        ("n is 5", "expected 'null'"),
        ("n = nan", "text goes into single quotes: 'nan'"),
        ("n = 1e999", "too large for a float"),
        ("n = 9223372036854775808", "beyond 64 bits"),
        ("n = " + "9" * 5000, "beyond 64 bits"),
        ("brand like '%a'", "prefixes only: 'abc%'"),
        ("brand like 'a%b'", "prefixes only: 'abc%'"),
        ("brand like 'a_c%'", "prefixes only: 'abc%'"),
        ("brand like 'abc'", "prefixes only: 'abc%'"),
        ("brand like 'a\\'", "prefixes only: 'abc%'"),
        ("brand like 5", "like needs text"),
        ("n like '5%'", "column 'n' is int, which has"),
        ("active < true", "column 'active' is bool, which has =, !=, is null, not <"),
        ("tags = 'a'", "column 'tags' is strings, which has has, is null, not ="),
        ("brand has 'a'", "column 'brand' is string"),
        ("extra = 1", "column 'extra' is json, which has is null, not ="),
        ("made < 'yesterday'", "is not like '2026-05-01'"),
        ("made < '2026-02-30'", "is not a time"),
        ("made < '2026-05-01T10:00:00'", "no time zone: end it with Z or +hh:mm"),
        ("made < 5", "column 'made' is timestamp, 5 is int"),
        ("n = :", "a parameter is a colon and a name"),
        ("brand = '\ud800'", "is not UTF-8"),
    ],
)
def test_refuses(text: str, part: str) -> None:
    assert part in fault(text)


@pytest.mark.parametrize("text", ["", "   ", "\n\t\u3000"])
def test_an_empty_condition_is_met_with_an_example(text: str) -> None:
    assert fault(text) == "the condition is empty: write one such as price < 20, or leave it out"


@pytest.mark.parametrize(
    ("tree", "part"),
    [
        ({}, "the condition is empty (at $)"),
        ({"n": {}}, "the comparison is empty (at $.n)"),
        ({"n": [1, 2]}, 'a list: write {"$in": [...]} (at $.n)'),
        ({"n": {"$lt": "x"}}, "column 'n' is int, 'x' is string (at $.n.$lt)"),
        ({"n": {"$lte": None}}, 'write {"$null": true} (at $.n.$lte)'),
        ({"n": {"$lx": 1}}, "'$lx' is no operator; did you mean $lt? (at $.n.$lx)"),
        ({"$ro": []}, "did you mean $or? (at $.$ro)"),
        ({"$or": []}, "$or needs a list of conditions, found [] (at $.$or)"),
        ({"$or": [{"n": 1}, 5]}, "expected a dict, found 5 (at $.$or[1])"),
        ({"$and": [{"nn": 1}]}, "no column 'nn'; did you mean 'n'? (at $.$and[0].nn)"),
        ({"n": {"$in": 5}}, "$in needs a list, found 5 (at $.n.$in)"),
        ({"n": {"$in": [1, "x"]}}, "column 'n' is int, 'x' is string (at $.n.$in[1])"),
        ({"n": {"$null": 1}}, "$null needs true or false"),
        ({5: 1}, "the key 5 is not a string"),
        ({"n": float("nan")}, "nothing compares with NaN"),
        ({"n": 1 << 63}, "beyond 64 bits"),
        ({"n": b"1"}, "column 'n' is int, b'1' is bytes"),
        ({"brand": "\ud800"}, "is not UTF-8"),
    ],
)
def test_refuses_in_a_dict(tree: dict[str, object], part: str) -> None:
    assert part in fault(tree)


def test_a_long_line_is_cut_around_the_place() -> None:
    _, line, caret = fault("n = 1 and " * 40 + "nn = 2" + " or n = 3" * 40).split("\n")
    assert len(line) == 102
    assert line[caret.index("^") :].startswith("nn = 2")


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in fault("n = 1 and \x1b[2J")
    assert "\x1b" not in fault("brand < 5 or brand = '\x1b[2J'")


def test_parameters_take_the_place_of_values() -> None:
    params = {"low": 1, "names": ["a", "b"]}
    bound = bind("n > :low and brand in :names", params, SCHEMA)
    assert bound == bind("n > 1 and brand in ('a', 'b')", None, SCHEMA)
    assert bind("brand in (:x, 'b')", {"x": "a"}, SCHEMA) == bind(
        "brand in ('a','b')", None, SCHEMA
    )


def test_parameters_are_named_and_used() -> None:
    assert "no value for the parameter :lo; did you mean :low?" in fault("n < :lo", low=1)
    assert fault("n < 1", low=1) == "the condition has no parameter :low"
    assert "in needs a list, :x is 5" in fault("n in :x", x=5)
    assert "column 'n' is int, [1] is list" in fault("n = :x", x=[1])
    assert "nothing compares with null" in fault("n = :x", x=None)


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-01",
        "2026-05-01T00:00Z",
        "2026-05-01 02:00:00+02:00",
        "2026-04-30T19:00:00.000-05:00",
    ],
)
def test_times_are_read_in_utc(text: str) -> None:
    midnight = datetime(2026, 5, 1, tzinfo=UTC)
    expected = bind("made >= :t", {"t": midnight}, SCHEMA)
    assert bind(f"made >= '{text}'", None, SCHEMA) == expected
    assert (
        bind({"made": {"$gte": midnight.astimezone(timezone(timedelta(hours=9)))}}, None, SCHEMA)
        == expected
    )
    assert "has no time zone" in fault("made = :t", t=datetime(2026, 5, 1))


def test_without_columns_there_is_nothing_to_name() -> None:
    with pytest.raises(QueryError, match="no column 'n'; there are none yet"):
        bind("n = 1", None, Schema())
    with pytest.raises(QueryError, match="no column 'zzz'; there are 'active', 'brand'"):
        bind("zzz = 1", None, SCHEMA)


def test_lists_of_parameters_may_be_arrays_or_empty() -> None:
    expected = bind("n in (1, 2)", None, SCHEMA)
    assert bind("n in :x", {"x": np.array([1, 2])}, SCHEMA) == expected
    assert bind("n in :x", {"x": (np.int64(1), 2)}, SCHEMA) == expected
    assert bind({"n": {"$in": np.array([1, 2])}}, None, SCHEMA) == expected
    assert bind({"n": {"$in": {1, 2}}}, None, SCHEMA) == expected
    assert "a list: write" in fault({"n": np.array([1])})
    assert bind("n in :x", {"x": []}, SCHEMA) == bind({"n": {"$in": []}}, None, SCHEMA)


def test_a_condition_is_text_or_a_dict() -> None:
    with pytest.raises(TypeError, match="where must be text or a dict, not int"):
        bind(5, None, SCHEMA)  # type: ignore[arg-type]


def test_nesting_has_a_limit() -> None:
    deep: dict[str, object] = {"n": 1}
    for _ in range(16):
        deep = {"$not": deep}
    assert bind(deep, None, SCHEMA) == bind("n = 1", None, SCHEMA)
    assert "more than 16 levels" in fault({"$not": deep})
    assert bind("(" * 16 + "n = 1" + ")" * 16, None, SCHEMA) == bind("n = 1", None, SCHEMA)
    assert "more than 16 levels" in fault("(" * 17 + "n = 1" + ")" * 17)
    assert "more than 16 levels" in fault("(" * 100_000)
    assert "more than 16 levels" in fault("not " * 60_000)


def test_a_cycle_ends() -> None:
    cycle: dict[str, object] = {}
    cycle["$not"] = cycle
    assert "more than 16 levels" in fault(cycle)


def test_size_has_a_limit() -> None:
    bind(" or ".join(["n = 1"] * MAX_TERMS), None, SCHEMA)
    assert "more than 1000 comparisons" in fault(" or ".join(["n = 1"] * (MAX_TERMS + 1)))
    assert "more than 1000 comparisons" in fault({"$or": [{"n": 1}] * (MAX_TERMS + 1)})
    assert "more than 10000 values" in fault({"n": {"$in": [1] * (MAX_VALUES + 1)}})
    assert "more than 10000 values" in fault("n in :x", x=[1] * (MAX_VALUES + 1))
    assert "10000000 characters" in fault("n" * 10_000_000)


@given(st.text(max_size=40))
@settings(max_examples=500, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        bind(text, None, SCHEMA)
    except QueryError as error:
        assert str(error)


WORDS = ["n", "brand", "and", "or", "not", "in", "(", ")", ",", "is", "null", "=", "<", "1", "'a'"]


@given(st.lists(st.sampled_from([*WORDS, ":x", "tags", "has", "like", "'a%'", '"n"', "true"])))
@settings(max_examples=500, deadline=None)
def test_any_words_are_read_or_refused(words: list[str]) -> None:
    try:
        bind(" ".join(words), {"x": 1}, SCHEMA)
    except QueryError as error:
        assert str(error)


@pytest.mark.parametrize("text", ["'" * (MAX_TEXT - 1), '"' * (MAX_TEXT - 1), " " * MAX_TEXT])
def test_no_text_takes_long(text: str) -> None:
    with pytest.raises(QueryError):
        parse(text)
