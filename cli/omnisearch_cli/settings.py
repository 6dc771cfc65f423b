"""Options that also stand in the environment and in the user's `omnisearch.toml`, each said once.

The command line wins over the environment, and that over the file. What asks a question or destroys
something is no setting.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterable, MutableMapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
NAMES = frozenset(
    (
        "ask_endpoint ask_model encoder explain index jobs json kind limit max_hours max_memory "
        "max_pages max_pixels max_text metric no_helper quiet recall threads thumbnails"
    ).split()
)
KINDS = ("auto", "flat", "scan", "ivfpq", "hnsw")
METRICS = ("cosine", "ip", "l2")


def setting(*flags: str, **attributes: Any) -> Decorator:  # noqa: ANN401
    """Make an option whose long flag is also a variable of the environment."""
    long = next(flag for flag in flags if flag.startswith("--")).split("/")[0]
    variable = "OMNISEARCH_" + long.removeprefix("--").upper().replace("-", "_")
    return click.option(*flags, envvar=variable, show_envvar=True, **attributes)


class Folder(click.Path):
    """The name of a folder; an empty one, of a variable that is not set, would mean this folder."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str | bytes | os.PathLike[str]:
        """Refuse an empty name."""
        if value == "":
            self.fail("it is empty: name a folder, or leave it out", param, ctx)
        return super().convert(value, param, ctx)


index = setting(
    "--index",
    type=Folder(path_type=Path),
    metavar="FOLDER",
    help="The collection. Default: the nearest .omnisearch folder upwards.",
)
json = setting(
    "--json/--no-json",
    default=None,
    help="Print JSON Lines, or a table. Default: a table on a terminal, JSON Lines in a pipe.",
)
encoder = setting(
    "--encoder",
    metavar="NAME",
    default="omni-mini",
    show_default=True,
    help="omni-mini, a folder, a model of the hub (org/name) or a server (http://…/v1#model).",
)
encoder_of_collection = setting(
    "--encoder",
    metavar="NAME",
    help="As for embed. Default: the collection's, or omni-mini for a new one.",
)
encoder_to_ask = setting(
    "--encoder",
    metavar="NAME",
    help="As for embed, for a collection whose encoder no name loads, as a server's. "
    "Default: the collection's.",
)
threads = setting(
    "--threads",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Threads per tower.",
)
quiet = setting("--quiet", is_flag=True, help="Show no progress and no remarks.")


def encoder_key() -> str | None:
    """Give the key for a server of embeddings; no flag, since others could see it in a list."""
    return os.environ.get("OMNISEARCH_ENCODER_KEY") or None


def read(commands: Iterable[str]) -> MutableMapping[str, Any]:
    """Read the user's file as defaults for every command; a wrong name in it is an error."""
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    path = folder / "omnisearch.toml"
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{path} cannot be read: {error}") from error
    values = {name.replace("-", "_"): value for name, value in values.items()}
    for name in values:
        if name not in NAMES:
            near = get_close_matches(name, NAMES, 1) or [", ".join(sorted(NAMES))]
            raise click.UsageError(f"{path}: there is no setting {name!r}, only {near[0]}")
    if "limit" in values:
        values["k"] = values.pop("limit")
    return {command: values for command in commands}
