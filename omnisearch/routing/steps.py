"""Relations: "the boat that she sold" needs two steps, and so does "what goes with the invoice"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from omnisearch.routing.finding import Finding
from omnisearch.routing.known import Known
from omnisearch.routing.question import Question

_ASKS: Final = r"(?:where|who|whom|whose|what|which|when|why|how|in|at|on|the)"
_CLAUSE: Final = r"(?:the|a|an)\s+[a-z-]+\s+(?:that|who|whom|which|whose|where)\s+\w+"
_BELONGS: Final = (
    r"what\s+(?:else\s+)?(?:goes|belongs|comes|has\s+to\s+do)\s+(?:together\s+)?(?:with|to)"
)
_FORMS: Final = {
    "a clause says which": re.compile(rf"^\s*{_ASKS}\b.*?(?<!\w)(?P<at>{_CLAUSE})"),
    "one of another's": re.compile(
        r"(?<!\w)(?P<at>the\s+[a-z-]+\s+of\s+the\s+[a-z-]+\s+of\s+(?:the\s+)?\w+)"
    ),
    "what belongs to it": re.compile(
        rf"(?<!\w)(?P<at>{_BELONGS}|(?:related|connected|linked)\s+(?:to|with))(?!\w)"
    ),
}


def steps(asked: Question, known: Known) -> Iterator[Finding]:
    """Find questions whose answer another hit leads to."""
    for why, form in _FORMS.items():
        match = form.search(asked.plain)
        if match is not None:
            told = f"{why}: names in good hits are followed"
            yield Finding("steps", *match.span("at"), told, {"follow": True})
            return
