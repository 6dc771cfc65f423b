"""Kinds: "a photo of", "which recording", "page about" at the head of a question."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from omnisearch.routing.finding import Finding
from omnisearch.routing.known import Known
from omnisearch.routing.question import Question
from omnisearch.routing.vocabulary import COUNT, KIND, kinds_named, number_named

_HEAD: Final = re.compile(
    r"\s*(?:(?:please|show|find|get|give|play|search|look|me|us|for|in|on|from|which|what|any|all|some|a|an|"
    r"the|my|our|these|those|i|want|need|see)\s+)*"
    rf"(?:(?P<count>{COUNT})\s+)?(?:[a-z-]+\s+)??(?P<noun>{KIND})"
    r"(?:\s+(?:of|with|from|showing|shows?|where|that|which|about|in|on|taken|is|are|says?|tells?)\b|\s*:|\s*[?.!]*$)"
)


def kinds(asked: Question, known: Known) -> Iterator[Finding]:
    """Find which kind of thing is named first."""
    match = _HEAD.match(asked.plain)
    named = () if match is None else kinds_named(match["noun"])
    if match is None or not named:
        return
    changes = {"modality": list(named)}
    count = number_named(match["count"]) if match["count"] else None
    why = f"the kind {' or '.join(named)}"
    if count is not None and count > 1:
        yield Finding("counts", *match.span("count"), f"{count} hits", {"k": count})
    yield Finding("kinds", 0, match.end("noun"), why, changes, certain=False, spent=True)
