"""Which candidates may be shown: each is judged as an answer to what it must, or must not, be near.

A reference is asked as any question is, so a threshold is a confidence: how sure it is that a hit
would be a right answer to it, judged alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from omnisearch.query.asked import Asked, Reference
from omnisearch.query.candidates import Segments
from omnisearch.query.hits import Answers
from omnisearch.query.judged import Judged, Whys
from omnisearch.query.names import numbered
from omnisearch.query.options import Wish, log_odds
from omnisearch.storage.generation import Generation
from omnisearch.storage.words.asking import ask
from omnisearch.storage.words.scoring import Totals

if TYPE_CHECKING:
    from omnisearch.query.grouping import Grouped
    from omnisearch.query.judging import Judge

STRAY = "near nothing that is allowed"
ALONE = Wish(group_by="none")


class Screen:
    """Holds candidates against the references of one question, of which each has its judge."""

    def __init__(self, now: Generation, asked: Asked, judge: Callable[[Asked], Judge]) -> None:
        self._references = asked.references
        self._judges = [judge(one.asked) for one in self._references]
        self._said = [_said(now, one) for one in self._references]

    def why(self, segments: Segments) -> Whys | None:
        """Say of each candidate (n,) why it must not be shown, "" where it may; None: all may."""
        if not self._references:
            return None
        found = np.full(len(segments), "", object)
        allowed: npt.NDArray[np.bool_] | None = None
        for reference, judge, said in zip(self._references, self._judges, self._said, strict=True):
            near = judge.judge(segments, (), said).odds >= log_odds(reference.at)
            if reference.deny:
                found[near & (found == "")] = reference.reason
            else:
                allowed = near if allowed is None else allowed | near
        if allowed is not None:
            found[~allowed & (found == "")] = STRAY
        return found


def _said(now: Generation, reference: Reference) -> Totals | None:
    words = reference.asked.words
    return None if words is None else now.words.totals(ask(words))


def withheld(judged: Judged, grouped: Grouped, wish: Wish) -> dict[str, int]:
    """Count by reason what would stand above the last hit, or anywhere where there are fewer."""
    places = grouped.withheld
    if judged.why is None or not len(places):
        return {}
    if len(grouped.places) >= wish.reach:
        places = places[judged.order[places] >= judged.order[grouped.places[: wish.reach]].min()]
    owners = keys = judged.segments.keys[places]
    if wish.group_by == "item" and len(keys):
        owners = numbered(judged.segments.now, keys)
    why: list[str] = judged.why[places].tolist()
    counts = Counter(reason for _, reason in set(zip(owners.tolist(), why, strict=True)))
    return dict(sorted(counts.items()))


def counted(found: Answers, judged: Judged, grouped: Grouped, wish: Wish) -> Answers:
    """Say beside hits what was withheld."""
    gone = withheld(judged, grouped, wish)
    if not gone:
        return found
    told = ", ".join(f"{reason} ({count:,})" for reason, count in gone.items())
    return replace(found, withheld=gone, remarks=(*found.remarks, f"withheld: {told}"))
