"""JSON and JSON Lines: names and values as words, whatever is around them, however deep they lie.

The text is read sign by sign and never as a tree, so neither depth nor damage stops it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from omnisearch.ingest.extraction.passages import Block

# a string that never closes goes on to the end
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*+)(?:"|\\?\Z)(\s*:)?|([-+\w.]+)|[{}\[\],]', re.DOTALL)
_BROKEN = re.compile("[\ud800-\udfff]")
_LONG = 400  # characters of a block: a fourth of a passage


def fields(text: str) -> Iterator[Block]:
    """Give names and values, one after another; an object that ends, ends a block."""
    said: list[str] = []
    places: list[tuple[int, int]] = []
    length = end = 0
    for found in _TOKEN.finditer(text):
        string, names, plain = found.groups()
        sign = string is None and plain is None
        if said and (found[0] in "}]" if sign else length > _LONG):
            said[-1] = said[-1].rstrip(", ") + "\n"
            yield Block(places[0][1], end, "".join(said), places)
            said, places, length = [], [], 0
        if sign:
            continue
        word = _read(string) if string is not None else plain
        places.append((length, found.start() + (string is not None)))
        said.append(f"{word}{': ' if names else ', '}")
        length += len(said[-1])
        end = found.end()
    if said:
        yield Block(places[0][1], end, "".join(said).rstrip(", "), places)


def _read(string: str) -> str:
    """Read what stands between quotes; half characters are replaced."""
    if "\\" not in string:
        return string
    try:
        found = str(json.loads(f'"{string}"', strict=False))
    except ValueError:
        return string
    return _BROKEN.sub("\ufffd", found)
