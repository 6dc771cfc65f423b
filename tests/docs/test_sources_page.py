"""The page about documents and tables: its programs run, and it says what the code reads."""

from __future__ import annotations

import re
from pathlib import Path

from omnisearch.ingest.tables import (
    columnar,
    columns,
    delimited,
    jobs,
    jsonlines,
    packed,
    source,
)
from omnisearch.media.caps import CAPS
from omnisearch.media.office import directory, elements, mail, sheets
from omnisearch.media.office.archive import Budget
from omnisearch.media.sniff import PACKAGE_ENDS
from tests.docs.commands import printed

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sources.md").read_text("utf-8")


def test_the_blocks_run_and_print_what_is_shown(tmp_path: Path) -> None:
    for part, text in printed(PAGE, tmp_path):
        assert part == text


def test_every_ending_is_told() -> None:
    told = set(re.findall(r"\.[a-z]{3,4}\b", PAGE.split("## Where a hit is")[0]))
    assert told >= PACKAGE_ENDS


def test_every_kind_of_table_is_told() -> None:
    told = PAGE.split("\n## Tables\n")[1]
    for end in (*source.ENDS, columnar.STATE, *packed.ENDS):
        assert f"`{end}`" in told, end
    for role in columns.ROLES:
        assert f"`{role}`" in told, role
    limits = told.split("### Limits of tables")[1]
    for number in (delimited.LONGEST, jsonlines.LONGEST, jobs.MOST_ID, CAPS.text):
        assert f"{number:,}" in limits, number


def test_every_limit_is_told() -> None:
    limits = PAGE.split("## What is too much")[1]
    for number in (
        CAPS.pages,
        CAPS.text,
        sheets.ROWS,
        Budget().elements,
        directory.MEMBERS,
        Budget().bytes,
        Budget().ratio,
        elements.DEPTH,
        elements.TOKEN_BYTES,
        mail.BYTES,
    ):
        assert f"{number:,}" in limits, number


def test_what_is_linked_is_there() -> None:
    for target in re.findall(r"\]\(([\w./-]+\.md)", PAGE):
        assert (ROOT / "docs" / target).is_file(), target
