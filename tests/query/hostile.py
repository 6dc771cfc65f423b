"""Hostile files as questions: each is asked with, or refused in one line, soon, by this process."""

from __future__ import annotations

import time
from pathlib import Path

from omnisearch.decoding import Decoding
from omnisearch.encoder.parts import Audio, Document, Image, Part, Video
from omnisearch.errors import MediaError
from tests.hostile.case import Case
from tests.hostile.files import CASES
from tests.hostile.test_hostile import ENDLESS, WAITED
from tests.hostile.watch import Lookout

LONGEST_S = 600.0  # ten times what a whole file may take, for a busy machine
WAYS = 5  # to ask with a file


def ending() -> list[Case]:
    """List the files that do not keep a decoder busy until it is stopped."""
    return [case for case in CASES.values() if case.name not in {WAITED, *ENDLESS}]


def parts(path: Path) -> list[Part]:
    """Give the ways to ask with a file: pieces of it, and the whole last."""
    return [
        Image(path, box=(0.25, 0.25, 0.5, 0.5)),
        Audio(path, from_s=1.0, to_s=2.0),
        Video(path, from_s=0.5, to_s=1.5),
        Document(path, 2),
        Image(path),
    ]


def asked(decode: Decoding, folder: Path, case: Case, ways: slice) -> list[str]:
    """Ask with a file in some ways; gives what was wrong."""
    with Lookout(folder) as lookout:
        path = case.write(folder, lookout.bait)
        faults = [_fault(decode, part, case) for part in parts(path)[ways]]
        path.unlink()
        return [*filter(None, faults), *map(str, lookout.touched())]


def _fault(decode: Decoding, part: Part, case: Case) -> str:
    begun = time.monotonic()
    try:
        said = "" if decode(part).windows else f"{case.name} has no windows"
    except MediaError as error:
        said = str(error)
    if time.monotonic() - begun >= LONGEST_S:
        return f"{case.name} takes too long"
    named = case.name in said or not case.name.isprintable()
    fair = not said or (said.isprintable() and len(said) < 400 and named)
    return "" if fair else f"{case.name}: {said!r}"
