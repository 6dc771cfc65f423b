"""What `context` and `ask` take alike: words, filters, and how much is read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

import omnisearch as om
from omnisearch_cli import discovery, filters, questions, reranking, rules, settings

_FILTERS = (
    "where",
    "path",
    "after",
    "before",
    "min_confidence",
    "follow",
    "route",
    *reranking.NAMES,
)


class Flags(reranking.Flags):
    """The flags of both, as click gives them."""

    words: tuple[str, ...]
    budget: int
    max_media: int
    modality: tuple[str, ...]
    where: str | None
    path: tuple[str, ...]
    after: str | None
    before: str | None
    min_confidence: float | None
    follow: bool | None
    route: str | None
    policy: str | None
    encoder: str | None
    index: Path | None


def options(function: Any) -> Any:  # noqa: ANN401
    """Add what both take."""
    for add in reversed(
        (
            click.argument("words", nargs=-1, metavar="WORDS...", required=True),
            click.option(
                "--budget",
                type=click.IntRange(1),
                default=2000,
                show_default=True,
                help="Tokens that all sources take, with small pictures.",
            ),
            click.option(
                "--max-media",
                type=click.IntRange(0),
                default=4,
                show_default=True,
                help="Small pictures among them, at most.",
            ),
            filters.modality,
            filters.where,
            filters.path,
            filters.after,
            filters.before,
            filters.min_confidence,
            click.option(
                "--follow",
                is_flag=True,
                default=None,
                help="Look also where names in good hits lead.",
            ),
            filters.route,
            reranking.options,
            rules.policy,
            settings.encoder_to_ask,
            settings.index,
        )
    ):
        function = add(function)
    return function


def found(flags: Flags) -> om.Context:
    """Find the sources for a question, in the collection that is meant."""
    given: Mapping[str, Any] = flags
    question = {name: given[name] for name in _FILTERS if given[name] not in (None, ())}
    if flags["modality"]:
        question["modality"] = list(flags["modality"])
    if held := rules.of_policy(flags["policy"]):
        question["policy"] = held
    words = " ".join(flags["words"])
    path = discovery.for_reading(flags["index"])
    with questions.found(partial(questions.opened_by, flags["encoder"]), path) as col:
        budget, media = flags["budget"], flags["max_media"]
        return col.context(words, budget_tokens=budget, max_media=media, **question)
