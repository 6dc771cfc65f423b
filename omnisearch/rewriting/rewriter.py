"""A function of whoever asks, which puts others in the place of the question's words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from omnisearch.encoder.parts import PARTS, Row, Text
from omnisearch.errors import OmnisearchError, QueryError
from omnisearch.query.given import Given, given
from omnisearch.values import short

Rewriter = Callable[[str], object]
_LONGEST = 200  # characters of a remark: more is a text, and no question
_REMEDY = "give back a text, a part such as om.Image, or a list of them"


def rewritten(question: Given, rewriter: Rewriter) -> tuple[Given, tuple[str, ...]]:
    """Rewrite the words that are wanted, before anything is read; gives what to say of it.

    Media, ids, vectors and what leads away stay as they are. Without words nothing is called.
    """
    if not callable(rewriter):
        raise TypeError(f"rewriter is {short(rewriter)}: a function of the question's words")
    wanted = [part for part in question.parts if isinstance(part, Text) and part.weight > 0]
    if not wanted:
        return question, ()
    words = " ".join(part.text for part in wanted)
    try:
        fresh = rewriter(words)
    except OmnisearchError:
        raise
    except Exception as error:
        fault = f"the rewriter raised {type(error).__name__}: {error}"
        raise QueryError(f"{fault}; ask without it, or mend it") from error
    return _placed(question, wanted, fresh, words)


def _placed(
    question: Given, wanted: list[Text], fresh: object, words: str
) -> tuple[Given, tuple[str, ...]]:
    some = fresh if isinstance(fresh, list) else [fresh]
    if not some or not all(isinstance(one, (str, Row, *PARTS)) for one in some):
        raise QueryError(f"the rewriter gave {short(fresh)} for {short(words)}: {_REMEDY}")
    try:
        parts = [part for one in some for part in given(one).parts]
    except QueryError as error:
        raise QueryError(f"the rewriter gave {short(fresh)}: {error}") from error
    kept = [part for part in question.parts if not any(part is one for one in wanted)]
    said = " + ".join(part.text if isinstance(part, Text) else part.modality for part in parts)
    told = said if len(said) <= _LONGEST else short(said)
    remarks = () if said == words else (f"asked in other words: {told}",)
    return replace(question, parts=(*parts, *kept)), remarks
