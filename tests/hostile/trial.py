"""One hostile file sent through the pool, as ingest would: what became of it, and how soon."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from omnisearch.errors import EmptyError, MediaError, UnsupportedTypeError
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.piece import Piece
from omnisearch.media.pool.pool import Pool
from tests.hostile.case import Outcome

ENOUGH = 100  # segments: whether more come as well is no question of safety


@dataclass(frozen=True)
class Trial:
    """What became of a file, the seconds to its first segment or its end, and all seconds."""

    outcome: Outcome
    first_s: float
    whole_s: float
    segments: int
    reason: str
    words: str  # all that it was taken to say


def tried(pool: Pool, path: Path) -> Trial:
    """Decode a file to its end, or until there is enough of it."""
    begun, first_s, found = time.monotonic(), None, list[Piece]()
    outcome: Outcome = "stored"
    reason = ""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        for piece in pool.decode(descriptor, Ask(path.name)):
            found.append(_without_arrays(piece))
            if first_s is None and piece.fields.get("what") != "item":
                first_s = time.monotonic() - begun
            if len(found) > ENOUGH:
                break
        if any(piece.fields.get("truncated") for piece in found):
            outcome = "truncated"
    except (UnsupportedTypeError, EmptyError) as error:
        outcome, reason = "skipped", str(error)
    except MediaError as error:
        outcome, reason = "failed", str(error)
    finally:
        os.close(descriptor)
    whole_s = time.monotonic() - begun
    segments = sum(piece.fields.get("what") == "segment" for piece in found)
    if not segments and outcome in ("stored", "truncated"):
        outcome, reason = "failed", "no segment came"
    said = " ".join(str(dict(piece.fields)) for piece in found)
    first_s = whole_s if first_s is None else first_s
    return Trial(outcome, first_s, whole_s, segments, reason, said)


def _without_arrays(piece: Piece) -> Piece:
    return Piece(piece.fields)
