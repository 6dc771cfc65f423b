"""Documents with bytes changed and tags torn out: each is read or refused, no reader breaks."""

from __future__ import annotations

import io
import random
import re
import zipfile
from contextlib import suppress

import pytest

from omnisearch.errors import MediaError
from omnisearch.ingest.extraction.item import pieces
from omnisearch.media.pool.ask import Ask
from tests.media.office.passages import sentence
from tests.media.office.writers import WRITERS

MUTANTS = 60
PAGES = [[sentence(4 * page + place) for place in range(4)] for page in range(2)]
OURS = ("epub", "eml", "odt")  # written without another library
READ = re.compile(r".*\.(xml|rels|xhtml|opf)")


def changed(whole: bytes, chance: random.Random) -> bytes:
    found = bytearray(whole)
    for _ in range(chance.choice((1, 3, 20))):
        found[chance.randrange(len(found))] = chance.randrange(256)
    return bytes(found[: chance.choice((len(found), chance.randrange(1, len(found))))])


def torn(whole: bytes, chance: random.Random) -> bytes:
    """Take a stretch between two tags out of a part."""
    with zipfile.ZipFile(io.BytesIO(whole)) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    name = chance.choice([one for one in parts if READ.fullmatch(one)])
    tags = [found.start() for found in re.finditer(b"<", parts[name])]
    first, last = sorted((chance.choice(tags), chance.choice(tags)))
    parts[name] = parts[name][:first] + parts[name][last:]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for one, content in parts.items():
            file.writestr(one, content)
    return out.getvalue()


@pytest.mark.parametrize("kind", WRITERS)
def test_a_mutant_is_read_or_refused(kind: str) -> None:
    if kind not in OURS:
        pytest.importorskip({"xlsx": "openpyxl"}.get(kind, kind))
    whole, chance = WRITERS[kind](PAGES), random.Random(7)
    for number in range(MUTANTS):
        tear = torn if number % 2 and kind != "eml" else changed
        with suppress(MediaError):
            list(pieces(io.BytesIO(tear(whole, chance)), Ask(f"a.{kind}")))
