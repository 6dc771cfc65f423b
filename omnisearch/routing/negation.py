"""Words that turn what stands behind them into its opposite, and words that are only quoted.

"not by Ada" must never be asked as "by Ada": what is left out costs places, what is turned around
costs the answer. So a "not" speaks for what follows it closely, though it may mean another word.
"""

from __future__ import annotations

import re
from typing import Final

from omnisearch.routing.finding import Finding
from omnisearch.routing.question import Question
from omnisearch.routing.vocabulary import LITTLE
from omnisearch.storage.words.quotes import QUOTED

_NEAR: Final = 4  # words that say something, up to what is turned around
_VERBS: Final = "do|does|did|is|are|was|were|has|have|had|ca|wo|would|could|should|must|need|ai"
_SIGNS: Final = "!=|<>|≠"
_NOT: Final = (
    rf"(?<!\w)(?:not|cannot|no|none|nobody|nothing|nowhere|never|without|neither|nor|unless|"
    rf"except\w*|but|exclud\w*|omit\w*|ignor\w*|skip\w*|minus|(?:{_VERBS})n['\u2019 ]?t|"
    r"(?:other|rather)\s+than|(?:apart|aside|different)\s+from|instead\s+of|besides|outside)(?!\w)"
    rf"|{_SIGNS}"
)
_NEGATION: Final = re.compile(_NOT, re.IGNORECASE)
_DIRECTLY: Final = re.compile(rf"[\s,]*(?:{_NOT})", re.IGNORECASE)
_BEHIND: Final = re.compile(
    r"\s*(?:(?:is|are)\s+)?(?:excluded|excepted|aside|apart|omitted)(?!\w)", re.IGNORECASE
)
_ENDS: Final = re.compile(r"[.?!](?=\s)|[;\n]")
_UNEQUAL: Final = re.compile(_SIGNS)
_HEADS: Final = ("kinds", "extremes")  # take words between what they say


def is_negated(asked: Question, one: Finding) -> bool:
    """Tell whether the question says the opposite of a finding."""
    if _BEHIND.match(asked.text, one.end) or _UNEQUAL.search(asked.text, one.start, one.end):
        return True
    if one.rule in _HEADS and _NEGATION.search(asked.text, one.start, one.end):
        return True
    if one.rule == "extremes" and _DIRECTLY.match(asked.text, one.end):
        return True  # "the newest, but not pictures"
    clause = _ENDS.split(asked.text[: one.start])[-1]
    return any(_telling(clause[match.end() :]) < _NEAR for match in _NEGATION.finditer(clause))


def _telling(text: str) -> int:
    return sum(word.strip(",:()\"'").casefold() not in LITTLE for word in text.split())


def is_quoted(asked: Question, one: Finding) -> bool:
    """Tell whether a finding lies within quotation marks; `by "Ada"` begins before them."""
    spans = (quoted.span() for quoted in QUOTED.finditer(asked.text))
    return any(first <= one.start and one.end <= end for first, end in spans)
