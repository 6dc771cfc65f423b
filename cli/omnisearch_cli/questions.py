"""The whole of `omnisearch query`: from flags to the printed answer.

It uses the folder, the environment and the streams of the process as they are when it is called, so
a process that stays may run it for another; `opened` is what opens a collection there.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import click
from click.core import ParameterSource

import omnisearch as om
from omnisearch_cli import (
    batches,
    discovery,
    joining,
    known,
    output,
    parts,
    reranking,
    rules,
    vectors,
)
from omnisearch_cli.answers import last, printed
from omnisearch_cli.answers.screen import Screen
from omnisearch_cli.thumbnails import drawing

if TYPE_CHECKING:
    from omnisearch_cli.program import Opened

NO_HIT, SOME_FAILED = 1, 3
_OF_A_QUESTION = (400, 404, 415)  # the status of what one question is to blame for
_OPTIONS = (
    "k where path after before mode combine fuse min_confidence min_score group_by collapse "
    "diverse follow route rerank rerank_depth rerank_deadline expand spelling offset cursor recall "
    "explain"
).split()
_IDS = ("like", "more", "less")
_OF_A_LINE = {*parts.Flags.__annotations__, *parts.Pieces.__annotations__, *_IDS, "vector", "row"}


class Shown(TypedDict):
    """How answers are given, and from which collection."""

    encoder: str | None
    index: Path | None
    json: bool | None
    paths: bool
    paths0: bool
    quiet: bool
    thumbnails: str | None


class Flags(parts.Flags, parts.Pieces, reranking.Flags, rules.Flags, Shown):
    """All of the command line, as click gives it."""

    like: tuple[str, ...]
    more: tuple[str, ...]
    less: tuple[str, ...]
    vector: str | None
    row: int | None
    batch: str | None
    k: int
    modality: tuple[str, ...]
    where: str | None
    path: tuple[str, ...]
    after: str | None
    before: str | None
    mode: str | None
    combine: str | None
    fuse: str | None
    min_confidence: float | None
    min_score: float | None
    group_by: str | None
    collapse: bool | None
    diverse: bool | float | None
    follow: bool | None
    route: str | None
    expand: bool | None
    expand_by: tuple[str, ...]
    spelling: str | None
    offset: int | None
    cursor: str | None
    recall: float | None
    explain: bool


def opened(path: Path) -> AbstractContextManager[om.Collection]:
    """Open a collection for one question."""
    return om.open(path, create=False, mode="r")


def run(flags: Flags, opened: Opened = opened) -> int:
    """Ask, print the answer, and give the exit code."""
    form = _form(flags)
    path = discovery.for_reading(flags["index"])
    options = _options(flags)
    if flags["encoder"] is not None:
        opened = partial(opened_by, flags["encoder"])
    if flags["batch"] is not None:
        _check_alone(flags)
        with found(opened, path) as col:
            return _batch(col, flags["batch"], {**options, **_question(flags, path, col)}, flags)
    given = parts.parts(flags, flags, quiet=flags["quiet"])
    vector = vectors.read(flags["vector"], flags["row"])
    if not given and vector is None and not any((flags["like"], flags["more"], flags["less"])):
        raise click.UsageError(
            'nothing is asked: give words (omnisearch query "a red bicycle"), a file, --like ID '
            "or --vector FILE"
        )
    with found(opened, path) as col:
        question = {**options, **_question(flags, path, col), "parts": given, "vector": vector}
        hits = col.query(**question)
        said = bool(hits.remarks) and not (flags["quiet"] or col.count())
        return _show(path, hits, form, flags, said=said)


def opened_by(name: str | None, path: Path) -> AbstractContextManager[om.Collection]:
    """Open a collection for one question, with the encoder if one was named."""
    if name is None or not discovery.is_collection(path):
        return opened(path)  # says so, before a server is asked or a model fetched
    return om.open(path, create=False, mode="r", encoder=joining.encoder(name))


def found(opened: Opened, path: Path) -> AbstractContextManager[om.Collection]:
    """Open a collection; where there is none, those that are known are named."""
    try:
        return opened(path)
    except om.errors.CollectionNotFoundError as error:
        raise click.UsageError(f"{error}. {known.told()}") from error


def _check_alone(flags: Flags) -> None:
    """Refuse parts beside a batch, since nobody knows to which question they belong."""
    given: Mapping[str, Any] = flags
    for one in click.get_current_context().command.params:
        if one.name in _OF_A_LINE and given[one.name] not in (None, ()):
            told = one.opts[0] if isinstance(one, click.Option) else "the words"
            raise click.UsageError(
                f"--batch has whole questions, each in its line: leave {told} out"
            )


def _form(flags: Flags) -> printed.Form:
    if flags["paths"] + flags["paths0"] + (flags["json"] is True) > 1:
        raise click.UsageError("--json, --paths and --paths0 are three forms: choose one")
    if flags["paths0"]:
        return "paths0"
    if flags["paths"]:
        return "paths"
    return "json" if output.wants_json(flags["json"]) else "table"


def _options(flags: Flags) -> dict[str, Any]:
    """Give the options that were named; the engine knows what holds for the others."""
    given: Mapping[str, Any] = flags
    found = {name: given[name] for name in _OPTIONS if given[name] not in (None, ())}
    if click.get_current_context().get_parameter_source("k") is ParameterSource.DEFAULT:
        del found["k"]  # words may say how many, if nobody else did
    if flags["modality"]:
        found["modality"] = list(flags["modality"])
    if flags["expand_by"]:
        found["expand"] = list(flags["expand_by"])
    return {**found, **rules.given(flags)}


def _question(flags: Flags, path: Path, col: om.Collection) -> dict[str, Any]:
    """Give the ids that are asked with; a small number is a hit of the last query here."""
    given: Mapping[str, Any] = flags
    return {name: [_id(path, col, one) for one in given[name]] for name in _IDS if given[name]}


def _id(path: Path, col: om.Collection, name: str) -> str:
    if not (name.isascii() and name.isdigit()) or col.get([name])[0] is not None:
        return name
    found = last.recall(path)
    hit = None if found is None else found.named(int(name))
    if hit is None:
        raise om.errors.QueryError(
            f"{name} is neither a stored id nor the number of a hit of your last query here"
        )
    return hit


def _show(path: Path, hits: om.Hits, form: printed.Form, flags: Flags, *, said: bool) -> int:
    """Print hits; `said` is why there are none, which needs no second line."""
    tell(hits, flags["explain"], quiet=flags["quiet"])
    first = hits.offset + 1
    with drawing.drawing(flags["thumbnails"] if form == "table" else None) as draw:
        for line in printed.printed(hits, form, screen(), first, draw):
            output.write(line)
    last.remember(path, hits, first)
    if hits:
        lacking = printed.without_file(hits) if form in ("paths", "paths0") else 0
        if lacking:
            output.say(f"{lacking:,} of {len(hits):,} hits belong to no file, and have no path")
        return NO_HIT if lacking == len(hits) else 0
    if not said and (form == "table" or sys.stderr.isatty()):
        output.say("no hits")
    return NO_HIT


def tell(hits: om.Hits, explain: bool, *, quiet: bool, of: str = "") -> None:
    """Say on stderr what is worth knowing beside the hits, and `of` which question it is."""
    if not quiet:
        for remark in hits.remarks:
            output.say(f"{of}{remark}")
    if explain:
        output.say(f"{of}{hits.explain or 'nothing to explain'}")
        if hits.cursor is not None:
            output.say(f"{of}to go on behind these: --cursor {hits.cursor}")


def screen() -> Screen:
    """Look at what stdout is."""
    return Screen.of(
        os.environ,
        terminal=sys.stdout.isatty(),
        columns=shutil.get_terminal_size().columns,
        encoding=sys.stdout.encoding or "utf-8",
    )


def _batch(col: om.Collection, file: str, options: dict[str, Any], flags: Flags) -> int:
    """Answer the questions of a file, one a line; one that is wrong is said, and others go on."""
    form, asked, failed, found = _form(flags), 0, 0, 0
    for number, question in batches.questions(file):
        asked += 1
        if isinstance(question, Exception):
            failed += 1
            output.complain(str(question))
            continue
        try:
            hits = col.query(**{**options, **question})
        except (om.errors.OmnisearchError, ValueError, TypeError) as error:
            if not _is_own(error, question):
                raise  # it would be the same for every line
            failed += 1
            output.complain(f"{batches.named(file, number)}: {error}")
            continue
        found += len(hits)
        of = f"{batches.named(file, number)}: "
        tell(hits, flags["explain"], quiet=flags["quiet"], of=of)
        batches.show(number, question, hits, form, screen())
    if not asked:
        raise click.UsageError(f"{batches.named(file)} has no line: give a question in each")
    if failed:
        return 2 if failed == asked else SOME_FAILED
    return 0 if found else NO_HIT


def _is_own(error: Exception, question: Mapping[str, Any]) -> bool:
    """Tell whether a question is itself to blame: for a vector of another space it is."""
    if isinstance(error, om.errors.SpaceMismatchError):
        return question.get("vector") is not None
    return getattr(error, "status", 400) in _OF_A_QUESTION
