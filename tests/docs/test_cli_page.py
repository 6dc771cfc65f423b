import re
from pathlib import Path

import click
import pytest

from omnisearch_cli.program import COMMANDS, omnisearch
from omnisearch_cli.settings import NAMES

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text("utf-8")


def flags(command: click.Command) -> set[str]:
    found = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    return {flag for option in found for flag in (*option.opts, *option.secondary_opts)}


def section(name: str) -> str:
    return PAGE.split(f"\n## {name}\n")[1].split("\n## ")[0]


def get(name: str) -> click.Command:
    command = omnisearch.get_command(click.Context(omnisearch), name)
    assert command is not None
    return command


@pytest.mark.parametrize("name", COMMANDS)
def test_options_and_page_agree(name: str) -> None:
    described = set(
        re.findall(r"`(-[a-z]\b|--[a-z0-9-]+)", re.sub(r"```.*?```", "", section(name), flags=re.S))
    )
    existing = flags(get(name))
    assert described - {"--ids", "--yes", "--json"} <= existing
    assert existing <= described


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_a_help_text(name: str) -> None:
    for option in get(name).params:
        assert not isinstance(option, click.Option) or option.help, option.name


def test_settings_are_those_with_a_variable() -> None:
    found = {
        str(option.envvar)
        for name in COMMANDS
        for option in get(name).params
        if option.envvar is not None
    }
    assert found == {f"OMNISEARCH_{name.upper()}" for name in NAMES}
    described = re.findall(
        r"`--([a-z-]+)`", PAGE.split("\n## Settings\n")[1].split("are\nsettings")[0]
    )
    assert {name.replace("-", "_") for name in described} == NAMES
