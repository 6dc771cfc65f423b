"""Folders: "in the folder trips"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from omnisearch.query.options import QueryOptions
from omnisearch.routing.finding import Finding
from omnisearch.routing.known import Known
from omnisearch.routing.question import Question
from omnisearch.schema import LOCATIONS

_IN: Final = r"(?<!\w)(?:in|from|of|below|under|within)\s+(?:the\s+|my\s+|our\s+)"
_FOLDER: Final = r"(?:folder|directory)"
_NAME: Final = r"[\"']?(?P<name>[^\s\"'?,;*\[\]\\]{1,80})[\"']?"
_FORMS: Final = (
    re.compile(rf"{_IN}?{_FOLDER}\s+(?:called\s+|named\s+)?{_NAME}", re.IGNORECASE),
    re.compile(rf"{_IN}(?P<name>[\w./-]{{1,80}})\s+{_FOLDER}(?!\w)", re.IGNORECASE),
)


def folders(asked: Question, known: Known) -> Iterator[Finding]:
    """Find the folder whose files are meant, if there is one."""
    if LOCATIONS not in known.columns:
        return
    for match in (found for form in _FORMS for found in form.finditer(asked.text)):
        name = match["name"].strip("./")
        for spelt in dict.fromkeys((name, name.lower(), name.capitalize())):
            changes: QueryOptions = {"path": [f"**/{spelt}/**", f"{spelt}/**"]}
            if name and known.passes(changes):
                why = f"files of the folder {spelt!r}"
                yield Finding("folders", *match.span(), why, dict(changes), spent=True)
                return
