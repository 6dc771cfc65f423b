"""A question whose words were read: its options as the words have them, and what is left to ask."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import cast

from omnisearch import moments
from omnisearch.encoder.parts import Text
from omnisearch.query.given import Given
from omnisearch.query.options import QueryOptions, Wish
from omnisearch.routing.known import Known
from omnisearch.routing.route import route
from omnisearch.storage.generation import Generation


def applied(now: Generation, whole: Given, options: QueryOptions) -> tuple[Given, Wish]:
    """Let the words of a question change what it is asked with, but for what was given."""
    wish = Wish.of(options)
    texts = [one for one in whole.parts if isinstance(one, Text) and one.weight > 0]
    if not texts:
        return whole, wish
    beside = whole.like or whole.more or whole.less or whole.vector is not None
    today = date.today() if wish.today is None else moments.moment(wish.today).date()
    given = dict(options)
    if beside or len(texts) < len(whole.parts):
        given["mode"] = wish.mode  # of more than words, spelling is not all
    found = route(" ".join(one.text for one in texts), Known(now), today, given)
    if len(texts) == 1 and found.text != texts[0].text:
        parts = (replace(one, text=found.text) if one is texts[0] else one for one in whole.parts)
        whole = replace(whole, parts=tuple(parts))
    changed = Wish.of(cast(QueryOptions, {**options, **found.options}))
    return whole, replace(
        changed, favours=found.favours, order=found.order, understood=found.understood
    )
