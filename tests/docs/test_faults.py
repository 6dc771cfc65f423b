"""The table of faults names tests that exist, and topics of hostile files that have files."""

import re
from pathlib import Path

from tests.hostile.files import CASES

TESTS = Path(__file__).parents[1]
TABLE = (TESTS / "README.md").read_text("utf-8")
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def test_every_test_that_is_named_exists() -> None:
    named = set(NAMED.findall(TABLE))
    assert len(named) > 50
    for file, name in named:
        text = (TESTS / file).read_text("utf-8")
        assert re.search(rf"^def {name}\(", text, re.MULTILINE), f"{file}::{name}"


def test_every_fault_has_a_test() -> None:
    rows = [line for line in TABLE.splitlines() if re.match(r"\| \d+ \|", line)]
    numbers = [int(line.split("|")[1]) for line in rows]
    assert numbers == sorted(set(numbers)) and len(numbers) == 31
    assert all(NAMED.search(line) for line in rows)


def test_topics_have_files() -> None:
    topics = {case.topic for case in CASES.values()}
    told = set(re.findall(r'[(,] ?"([a-z ]+)"(?=[,):])', TABLE))
    assert told and told <= topics
