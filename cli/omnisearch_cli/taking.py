"""Options of the commands that take files in: which ones, and how much of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypedDict, cast

import click

import omnisearch as om
from omnisearch_cli import filters, settings

_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)


class ReadingFlags(TypedDict):
    """The options of how files are read, as click gives them."""

    jobs: int | None
    max_memory: int | None
    max_pixels: int | None
    max_pages: int | None
    max_hours: float | None
    max_text: int | None
    ocr: bool


class Flags(ReadingFlags):
    """The options, as click gives them."""

    modalities: tuple[str, ...]
    exclude: tuple[str, ...]
    hidden: bool
    ignore: bool
    follow_symlinks: bool
    one_file_system: bool
    regions: bool | None
    whole: bool | None


def _size(context: click.Context, parameter: click.Parameter, text: str | None) -> int | None:
    if text is None:
        return None
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise click.BadParameter(f"{text!r} is no size, such as 800M or 4G")
    size = float(found[1]) * 1024 ** _UNITS[found[2].lower()]
    if size >= 2**63:
        raise click.BadParameter(f"{text!r} is more than any machine has")
    return int(size)


_number = click.IntRange(1)
_FILES = (
    click.option(
        "--exclude",
        multiple=True,
        metavar="PATTERN",
        help="Leave out what matches, as in .gitignore; may be repeated.",
    ),
    click.option(
        "--modality",
        "modalities",
        multiple=True,
        type=click.Choice(filters.MODALITIES),
        help="Only files of it; may be repeated.",
    ),
    click.option("--hidden", is_flag=True, help="Take hidden files and folders too."),
    click.option(
        "--ignore/--no-ignore",
        default=True,
        help="Leave out .git, node_modules and their like, and what .omnisearchignore names.",
    ),
    click.option(
        "--follow-symlinks", is_flag=True, help="Follow links that stay below their root."
    ),
    click.option(
        "--one-file-system/--all-file-systems",
        default=True,
        help="Stay on the file system of each root.",
    ),
    click.option(
        "--regions/--no-regions",
        default=None,
        help="Find pictures by parts of them, too. Default: as the collection was last told.",
    ),
    click.option(
        "--whole/--no-whole",
        default=None,
        help="Find long texts by the mean of their passages, too. Default: as last told, first on.",
    ),
)
_READING = (
    settings.setting("--jobs", type=click.IntRange(1, 256), help="Decoders. Default: all cores."),
    settings.setting(
        "--max-memory",
        metavar="SIZE",
        callback=_size,
        help="Of everything together, as 2G. Default: a quarter of the machine's.",
    ),
    settings.setting("--max-pixels", type=_number, help="Of a picture."),
    settings.setting(
        "--max-pages", type=_number, help="Of a document; what is beyond is left out."
    ),
    settings.setting(
        "--max-hours",
        type=click.FloatRange(0, min_open=True),
        help="Of a sound or film; what is beyond is left out.",
    ),
    settings.setting(
        "--max-text", type=_number, help="Characters of a text; the rest is left out."
    ),
    click.option(
        "--ocr/--no-ocr",
        default=True,
        help="Read print in pictures and pages without words, where the extra ocr is installed.",
    ),
)


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options, in the order in which they stand here."""
    for option in reversed((*_FILES, *_READING)):
        command = option(command)
    return command


def reading(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of how files are read."""
    for option in reversed(_READING):
        command = option(command)
    return command


def given(flags: Flags) -> om.IngestOptions:
    """Give what was asked for to the library."""
    told: dict[str, Any] = {
        **how(flags),
        "modalities": flags["modalities"] or None,
        "exclude": flags["exclude"],
        "hidden": flags["hidden"],
        "ignore": flags["ignore"],
        "follow_symlinks": flags["follow_symlinks"],
        "one_file_system": flags["one_file_system"],
        "regions": flags["regions"],
        "whole": flags["whole"],
    }
    return cast(om.IngestOptions, told)


def how(flags: ReadingFlags) -> om.ReencodeOptions:
    """Give how files are to be read."""
    return {
        "jobs": flags["jobs"],
        "max_memory": flags["max_memory"],
        "max_pixels": flags["max_pixels"],
        "max_pages": flags["max_pages"],
        "max_hours": flags["max_hours"],
        "max_text": flags["max_text"],
        "ocr": flags["ocr"],
    }
