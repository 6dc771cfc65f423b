"""Which answer is meant: the number of a hit of the last query here, or an id."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import click

import omnisearch as om
from omnisearch_cli import output
from omnisearch_cli.answers import last


def details(
    col: om.Collection,
    name: str,
    *,
    is_id: bool = False,
    environment: Mapping[str, str] = os.environ,
) -> om.Details:
    """Give what is known of an answer; a number counts the hits of the last query first.

    Of such a hit it is also known how good an answer it was.
    """
    found = last.recall(col.path, environment)
    if is_id or not (name.isascii() and name.isdigit()):
        return _stored(col, name, f"no hit, segment or item has the id {name}")
    hit = None if found is None else found.hit(int(name))
    if hit is None:
        return _stored(col, name, _unknown(name, found))
    if col.details(name) is not None:
        output.say(f"{name} is taken for hit {name} of your last query; --id takes it for an id")
    gone = f"hit {name} of your last query is not stored any more: ask again"
    now = _stored(col, hit.id, gone)
    known: dict[str, Any] = {"score": hit.score, "confidence": hit.confidence, "parts": hit.parts}
    return replace(now, hit=replace(now.hit, **known, folded=hit.folded))


def _stored(col: om.Collection, name: str, fault: str) -> om.Details:
    found = col.details(name) if name else None
    if found is None:
        raise click.UsageError(fault, click.get_current_context(silent=True))
    return found


def _unknown(name: str, found: last.Last | None) -> str:
    if found is None:
        return f"there is no hit {name}: no query was asked here yet, ask one or give an id"
    if not found.hits:
        return f"there is no hit {name}: your last query here found nothing"
    end = found.first + len(found.hits) - 1
    return f"there is no hit {name}: your last query here found {found.first:,} to {end:,}"
