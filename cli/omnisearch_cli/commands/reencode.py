"""`omnisearch reencode`: another encoder for a collection, beside the old one until it is whole."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal, Unpack

import click

import omnisearch as om
from omnisearch_cli import (
    asking,
    changing,
    discovery,
    drawing,
    joining,
    known,
    output,
    settings,
    taking,
)

EXAMPLES = """\b
Examples:
  omnisearch reencode --encoder google/embeddinggemma-2 --estimate
  omnisearch reencode --encoder google/embeddinggemma-2 --build-only
  omnisearch reencode --compare questions.jsonl
  omnisearch reencode --status
  omnisearch reencode --switch
  omnisearch reencode --rollback
"""
_MODES = ("estimate", "build_only", "switch", "rollback", "discard", "compare", "status")


class Flags(taking.ReadingFlags):
    """The options, as click gives them."""

    wanted: str | None
    estimate: bool
    build_only: bool
    switch: bool
    rollback: bool
    discard: bool
    compare: Path | None
    status: bool
    from_words: bool
    leave_out: bool
    force: bool
    yes: bool
    index: Path | None
    json: bool | None
    quiet: bool


@click.command("reencode", epilog=EXAMPLES)
@click.option(
    "--encoder",
    "wanted",
    metavar="NAME",
    help="The encoder that is to answer, as for embed. Default: the one that was begun.",
)
@click.option("--estimate", is_flag=True, help="Only say what would be done, and what it takes.")
@click.option("--build-only", is_flag=True, help="Encode everything, and let the old one answer.")
@click.option("--switch", is_flag=True, help="Let what was built answer.")
@click.option("--rollback", is_flag=True, help="Go back to the encoder before.")
@click.option("--discard", is_flag=True, help="Remove what was built, and stay with the old one.")
@click.option(
    "--compare",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Ask both encoders the questions of a JSON Lines file.",
)
@click.option("--status", is_flag=True, help="Say which encoders there are, and what each lacks.")
@click.option("--from-words", is_flag=True, help="Keep what is said in items without a file.")
@click.option("--leave-out", is_flag=True, help="Go on without what cannot be encoded.")
@click.option("--force", is_flag=True, help="Go back, though that loses what came since.")
@taking.reading
@click.option("--yes", is_flag=True, help="Neither try nor ask before.")
@settings.index
@settings.json
@settings.quiet
def command(**flags: Unpack[Flags]) -> int:
    """Encode everything in the collection by another encoder, then let that one answer.

    It is built beside the old one from the files, while the collection is used and changed as
    ever; one commit switches. What is encoded is kept: an interrupted run goes on when it is
    started again. The encoder before can be gone back to until the next change.
    """
    chosen = [mode for mode in _MODES if flags[mode]]  # type: ignore[literal-required]
    if len(chosen) > 1:
        named = " and ".join(f"--{mode.replace('_', '-')}" for mode in chosen[:2])
        raise click.UsageError(f"{named} are two things: ask for one")
    mode = chosen[0] if chosen else "whole"
    if flags["wanted"] is not None and mode in ("rollback", "discard", "status"):
        raise click.UsageError(f"--{mode} takes no --encoder")
    reading = mode in ("estimate", "compare", "status")
    path = (discovery.for_reading if reading else discovery.for_writing)(flags["index"])
    with _opened(path, "r" if reading else "a") as col:
        return _MODE.get(mode, _build)(col, flags)


def _opened(path: Path, mode: Literal["r", "a"]) -> om.Collection:
    """Open what is there; where nothing is, those that are known are named."""
    if not discovery.is_collection(path):
        fault = f"{path} is no collection: name one with --index"
        raise click.UsageError(f"{fault}. {known.told()}", click.get_current_context())
    return om.open(path, create=False, mode=mode)


def _encoder(name: str | None) -> om.Encoder | str | None:
    """Give what is told to the library, which finds by its name again what is no server."""
    if name is None or not name.startswith(("http://", "https://")):
        return name
    return om.Encoder.load(name, key=settings.encoder_key(), say=output.say)


def _build(col: om.Collection, flags: Flags) -> int:
    encoder, from_words = _encoder(flags["wanted"]), flags["from_words"]
    if not flags["yes"] and not flags["switch"]:
        found = om.estimate_reencode(col, encoder, from_words=from_words, **taking.how(flags))
        if found.space != found.before and not _agreed(found, flags):
            return 2
    lines = output.wants_json(flags["json"])
    quiet = flags["quiet"]
    with drawing.shown_and_kept("encoded", quiet=quiet, lines=lines, always=True) as show:
        report = om.reencode(
            col,
            encoder,
            switch=not flags["build_only"],
            from_words=from_words,
            leave_out=flags["leave_out"],
            progress=show,
            **taking.how(flags),
        )
    for warning in () if quiet else report.warnings:
        output.say(f"warning: {warning}")
    changing.report(report, flags["json"])
    if flags["switch"] and not report.switched:
        output.say(f"nothing was switched: {report.space} answers already")
    return 0


def _agreed(found: om.ReencodeEstimate, flags: Flags) -> bool:
    """Say what it takes, and ask whoever sits at a terminal."""
    if not flags["quiet"]:
        for line in changing.expected(found):
            output.say(output.escape(line))
    if found.unable and not flags["leave_out"]:
        return True  # it is refused with the reasons, and what can be done
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    return asking.agreed("Go on?")


def _estimate(col: om.Collection, flags: Flags) -> int:
    given = taking.how(flags)
    encoder, from_words = _encoder(flags["wanted"]), flags["from_words"]
    with drawing.shown(quiet=flags["quiet"], lines=False) as show:
        found = om.estimate_reencode(col, encoder, from_words=from_words, progress=show, **given)
    changing.estimate(found, flags["json"])
    return 0


def _rollback(col: om.Collection, flags: Flags) -> int:
    generation = om.rollback_encoder(col, force=flags["force"])
    space = col.stats()["space"]
    if output.wants_json(flags["json"]):
        output.line({"space": space, "generation": generation})
    else:
        output.result(f"{space} answers again; --rollback once more undoes that")
    return 0


def _status(col: om.Collection, flags: Flags) -> int:
    changing.status(om.reencode_status(col), flags["json"])
    return 0


def _discard(col: om.Collection, flags: Flags) -> int:
    terminal = sys.stdin.isatty() and sys.stderr.isatty()
    question = "Remove what was encoded for another encoder?"
    if terminal and not flags["yes"] and not asking.agreed(question):
        return 2
    freed = om.discard_encoder(col)
    if output.wants_json(flags["json"]):
        output.line({"discarded_bytes": freed})
    else:
        output.result(f"{drawing.size(freed)} removed" if freed else "nothing was being built")
    return 0


def _compare(col: om.Collection, flags: Flags) -> int:
    assert flags["compare"] is not None
    encoder = joining.encoder(flags["wanted"])  # one of the two, where no name loads it
    found = om.compare_encoders(col.path, flags["compare"], encoder=encoder)
    changing.comparison(found, flags["json"])
    return 0


_MODE: dict[str, Callable[[om.Collection, Flags], int]] = {
    "estimate": _estimate,
    "rollback": _rollback,
    "discard": _discard,
    "compare": _compare,
    "status": _status,
}
