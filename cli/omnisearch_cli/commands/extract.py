"""`omnisearch extract`: the moment itself, as a file of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict, Unpack

import click

import omnisearch as om
from omnisearch_cli import discovery, output, settings
from omnisearch_cli.answers import chosen, places

EXAMPLES = """\b
Examples:
  omnisearch extract 3
  omnisearch extract 1 -o clip.wav
  omnisearch extract 2 -o crop.png
  omnisearch extract 4 -o page.pdf
  omnisearch extract 5 -o clip.mp4 --around 2
  omnisearch extract 3 -o ./moments/
"""
_EARLIER_S = 0.1  # that nobody notices


class Flags(TypedDict):
    """The options, as click gives them."""

    target: str | None
    around_s: float
    force: bool
    is_id: bool
    index: Path | None
    json: bool | None
    quiet: bool


@click.command("extract", epilog=EXAMPLES)
@click.argument("name", metavar="N|ID")
@click.option(
    "-o",
    "--output",
    "target",
    metavar="FILE|FOLDER",
    help="Where it goes; the ending says in which form. Default: this folder, a name is picked.",
)
@click.option(
    "--around",
    "around_s",
    metavar="SECONDS",
    type=click.FloatRange(0, 86_400, max_open=True),
    default=0.0,
    help="Of a sound or film, so much more before and behind.",
)
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@click.option("--id", "is_id", is_flag=True, help="N is an id, though it is a number.")
@settings.index
@settings.json
@settings.quiet
def command(name: str, **flags: Unpack[Flags]) -> None:
    """Write the moment of an answer to a file: a sound, a part of a film, a picture, a page.

    N is the number of a hit of your last query here; an ID is one of a hit or of an item. Sounds
    become .wav, films .mp4, .webm or .mkv by copying, what is seen .png, .jpg or .webp, pages .pdf
    and words .txt. Prints the path.
    """
    path = discovery.for_reading(flags["index"])
    with om.open(path, create=False, mode="r") as col:
        found = chosen.details(col, name, is_id=flags["is_id"])
    made = _made(found, flags)
    if not flags["quiet"]:
        _tell(found, made, flags["around_s"])
    if output.wants_json(flags["json"]):
        output.line({"path": str(made.path), "begin_s": made.begin_s, "end_s": made.end_s})
    else:
        output.result(str(made.path))


def _made(found: om.Details, flags: Flags) -> om.Extracted:
    """Cut it; what is wrong with the place where it goes is a wrong use."""
    target = flags["target"]
    try:
        with om.Cutter() as cutter:
            return cutter.extract(found, target, around_s=flags["around_s"], force=flags["force"])
    except FileExistsError as error:
        fault = f"{error.filename} is there already: --force overwrites it"
    except (FileNotFoundError, NotADirectoryError):
        fault = f"the folder of {target} is not there: make it first"
    except IsADirectoryError:
        fault = f"{target} is a folder: give the name of a file in it"
    raise click.UsageError(fault, click.get_current_context(silent=True))


def _tell(found: om.Details, made: om.Extracted, around_s: float) -> None:
    """Say where a film begins if that is earlier, and that words are those of an older file."""
    if made.path.suffix == ".txt" and (fault := _fault(found.hit)) is not None:
        unit = places.unit(found.hit)
        output.say(f"the {unit} {fault}: these are the words that it had then")
    span = found.hit.span
    if not isinstance(span, om.TimeSpan) or made.begin_s is None or made.end_s is None:
        return
    early_s = max(0.0, span.start_s - around_s) - made.begin_s
    if early_s > _EARLIER_S:
        shown = f"it shows {made.begin_s:.1f} to {made.end_s:.1f} s"
        output.say(f"{shown}, from {early_s:.1f} s earlier on: a copy begins with a key frame")


def _fault(hit: om.Hit) -> str | None:
    """Say why words are not those of a file as it is; None where nobody would think so."""
    if (since := places.missing(hit)) is not None:
        return f"is {since}"
    states = om.file_states(hit)
    if not states or "there" in states:
        return None
    return f"{'has changed' if 'changed' in states else 'is gone'} since it was taken in"
