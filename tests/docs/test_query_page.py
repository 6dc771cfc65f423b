import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from omnisearch.query.given import Named
from omnisearch.query.options import QueryOptions
from omnisearch_cli.program import omnisearch
from tests.cli.place import ROOT, environment
from tests.docs.commands import carried_out

PAGE = (ROOT / "docs" / "query.md").read_text("utf-8")
BLOCKS = re.findall(r"```(python|text|sh)\n(.*?)```", PAGE, re.DOTALL)
MARK = "-" * 9
PLAIN = {
    "--help",
    "--json",
    "--no-json",
    "--quiet",
    "--no-helper",
    "--index",
    "--encoder",
}  # as of every command


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("query")
    shown = [
        text if kind == "python" else f"print({MARK!r})" for kind, text in BLOCKS if kind != "sh"
    ]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(shown)],
        cwd=found,
        env=environment(found),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    (found / "printed").write_text(done.stdout)
    return found


def test_the_blocks_print_what_is_shown(folder: Path) -> None:
    printed = (folder / "printed").read_text().split(f"{MARK}\n")
    expected = [text for kind, text in BLOCKS if kind == "text"]
    for part, text in zip(printed, expected, strict=False):
        assert part.endswith(text)


def test_the_commands_run(folder: Path) -> None:
    commands = "".join(text for kind, text in BLOCKS if kind == "sh")
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
