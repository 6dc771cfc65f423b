import re
from pathlib import Path

import click
import pytest

from omnisearch.query.given import Named
from omnisearch.query.options import QueryOptions
from omnisearch_cli.program import omnisearch
from tests.cli.place import ROOT
from tests.docs.commands import blocks, carried_out, printed

PAGE = (ROOT / "docs" / "query.md").read_text("utf-8")
PLAIN = {
    "--help",
    "--json",
    "--no-json",
    "--quiet",
    "--no-helper",
    "--index",
    "--encoder",
}  # as of every command


Printed = list[tuple[str, str]]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Printed]:
    folder = tmp_path_factory.mktemp("query")
    return folder, printed(PAGE, folder)


def test_the_blocks_print_what_is_shown(ran: tuple[Path, Printed]) -> None:
    for part, text in ran[1]:
        assert part.endswith(text)


def test_the_commands_run(ran: tuple[Path, Printed]) -> None:
    folder, _ = ran
    commands = "".join(text for kind, text in blocks(PAGE) if kind == "sh")
    carried_out(commands, folder, OMNISEARCH_INDEX="library")
    assert (folder / "circle.png").exists()


def test_every_option_is_told_and_shown() -> None:
    command = omnisearch.get_command(click.Context(omnisearch), "query")
    assert command is not None
    flags = {
        flag
        for option in command.params
        if isinstance(option, click.Option)
        for flag in (*option.opts, *option.secondary_opts)
    }
    told = set(re.findall(r"(?<![\w-])--?[a-z][a-z0-9-]*", PAGE))
    assert flags - PLAIN - told == set()
    options = {*QueryOptions.__annotations__, *Named.__annotations__}
    assert {name for name in options if f"{name}=" not in PAGE} == set()
