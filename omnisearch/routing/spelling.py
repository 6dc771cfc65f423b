"""Spelling: what is code, a number of a form or in quotes is looked for as it is spelt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from omnisearch.routing.finding import Finding
from omnisearch.routing.known import Known
from omnisearch.routing.question import Question
from omnisearch.routing.vocabulary import LITTLE
from omnisearch.storage.words.quotes import QUOTED

_CODE: Final = re.compile(
    r"[A-Za-z]\w*_\w+(?:\(\))?"  # snake_case, IMG_0042
    r"|[a-z]+[A-Z]\w*(?:\(\))?|\w+\(\)"  # camelCase, call()
    r"|\w+(?:::|->)\w[\w:>-]*"
    r"|--[a-z][\w-]+|0x[0-9a-fA-F]+"
    r"|(?=[a-f]*[0-9])[0-9a-f]{7,64}"  # the name of a commit
    r"|[A-Z]+-?\d[\w-]*"  # INV-2024-17
    r"|[\w-]+\.[a-z][a-z0-9]{1,4}"  # notes.txt
)


def spelling(asked: Question, known: Known) -> Iterator[Finding]:
    """Find questions of which all that is no little word is code or a quotation."""
    quoted = [match[0] for match in QUOTED.finditer(asked.text)]
    codes = list[str]()
    for raw in QUOTED.sub(" ", asked.text).split():
        word = raw.strip("?!,;")
        if _CODE.fullmatch(word):
            codes.append(word)
        elif word and word.casefold() not in LITTLE:
            return
    if known.says(" ".join([*quoted, *codes])):
        why = "what is spelt so: code and quotations are compared by their letters"
        yield Finding("spelling", 0, len(asked.text), why, {"mode": "words"})
