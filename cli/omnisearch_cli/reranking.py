"""`--rerank`: what judges the best hits once more, for every command that asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

import click

from omnisearch_cli.filters import MODALITIES

NAMES = ("rerank", "rerank_depth", "rerank_deadline")
_CROSS = "cross:"
_PLAIN = ("late", "none")

Chosen = str | dict[str, str] | None


class Flags(TypedDict):
    """What is said of it, as click gives it."""

    rerank: Chosen
    rerank_depth: int | None
    rerank_deadline: float | None


def options(function: Any) -> Any:  # noqa: ANN401
    """Add the options to a command."""
    rerank = click.option(
        "--rerank",
        multiple=True,
        metavar="[KIND:]HOW",
        callback=_chosen,
        help="Judge the best hits once more: late, cross:MODEL or none; of one modality: "
        "text:cross:MODEL. May be repeated.",
    )
    depth = click.option(
        "--rerank-depth", type=click.IntRange(1), help="How many hits that are. Default: 50."
    )
    deadline = click.option(
        "--rerank-deadline",
        type=click.FloatRange(0, min_open=True),
        metavar="SECONDS",
        help="How long it may take; then hits stay in their order. Default: 10.",
    )
    return rerank(depth(deadline(function)))


def needs_model(flags: Flags) -> bool:
    """Tell whether something is loaded for it that only this process should hold."""
    told = flags["rerank"]
    models = told.values() if isinstance(told, Mapping) else [told]
    return any(one is not None and one.startswith(_CROSS) for one in models)


def _chosen(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> Chosen:
    """Read what was given: one for all, some for their modalities, or some and one for the rest."""
    named, others = dict[str, str](), list[str]()
    for text in given:
        kind, colon, how = text.partition(":")
        if colon and how in _PLAIN and kind not in MODALITIES and f"{kind}:" != _CROSS:
            raise click.BadParameter(f"there is no modality {kind!r}: {', '.join(MODALITIES)}")
        if not colon or kind not in MODALITIES:
            others.append(text)
        elif kind in named:
            raise click.BadParameter(f"{kind} is named twice: {named[kind]} and {how}")
        else:
            named[kind] = how
    if len(others) > 1:
        raise click.BadParameter(f"{others[0]} and {others[1]} are both for all: choose one")
    if not named:
        return others[0] if others else None
    return {**(dict.fromkeys(MODALITIES, others[0]) if others else {}), **named}
