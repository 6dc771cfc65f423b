"""What was learnt from a collection, as bytes: magic, version, checksum, then JSON.

It is derived data: whoever finds it damaged or of another version learns it anew.
"""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xxhash

from omnisearch.encoder.calibration.background import Background
from omnisearch.encoder.calibration.crowd import Crowd
from omnisearch.encoder.parts import MODALITIES, Modality
from omnisearch.errors import CorruptCollectionError, UnsupportedFormatError
from omnisearch.records import View

MAGIC = b"OMNICAL\n"
VERSION = 1
_HEADER = struct.Struct("<8sH16s")  # magic, version, XXH3-128 of what follows
Target = tuple[Modality, View]
Key = tuple[Modality, Modality, View]


@dataclass(frozen=True)
class Learnt:
    """Distinct rows of each modality and view, backgrounds, and what is crowded."""

    rows: Mapping[Target, float]
    backgrounds: Mapping[Key, Background]
    crowd: Crowd | None


def pack(learnt: Learnt) -> bytes:
    """Write it; the same content gives the same bytes."""
    record: dict[str, Any] = {
        "rows": [[*target, rows] for target, rows in sorted(learnt.rows.items())],
        "backgrounds": [
            [*key, one.middle, one.width] for key, one in sorted(learnt.backgrounds.items())
        ],
    }
    if learnt.crowd is not None:
        crowd = learnt.crowd
        questions = crowd.questions.astype("<f2").tobytes()
        record["crowd"] = {
            "usual": [[*target, usual] for target, usual in sorted(crowd.usual.items())],
            "dim": crowd.questions.shape[1],
            "questions": base64.b64encode(questions).decode("ascii"),
        }
    body = json.dumps(record, separators=(",", ":"), allow_nan=False).encode()
    return _HEADER.pack(MAGIC, VERSION, xxhash.xxh3_128_digest(body)) + body


def unpack(content: bytes, dim: int | None = None) -> Learnt:
    """Read it; nothing is parsed before its checksum is right. `dim` is that of the vectors."""
    if len(content) < _HEADER.size or not content.startswith(MAGIC):
        raise _fault(f"{len(content)} bytes are no calibration")
    _, version, digest = _HEADER.unpack_from(content)
    if version != VERSION:
        raise UnsupportedFormatError(
            f"the calibration has version {version}, this release reads {VERSION}: learn it anew"
        )
    body = content[_HEADER.size :]
    if xxhash.xxh3_128_digest(body) != digest:
        raise _fault("the checksum of the calibration is wrong")
    try:
        found = _learnt(json.loads(body))
        if found.crowd is not None and dim not in (None, found.crowd.questions.shape[1]):
            raise ValueError(f"questions of {found.crowd.questions.shape[1]} numbers, not {dim}")
        return found
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise _fault(f"the calibration does not read ({error!r})") from error


def _learnt(record: dict[str, Any]) -> Learnt:
    """Take what was read apart; a number that is none of these is a ValueError."""
    rows = {_target(kind, view): _number(rows) for kind, view, rows in record["rows"]}
    backgrounds: dict[Key, Background] = {}
    for query, kind, view, middle, width in record["backgrounds"]:
        if query not in MODALITIES or not _number(width) > 0:
            raise ValueError(f"{query!r} with a width of {width!r}")
        backgrounds[query, *_target(kind, view)] = Background(_number(middle), _number(width))
    return Learnt(rows, backgrounds, _crowd(record["crowd"]) if "crowd" in record else None)


def _crowd(record: dict[str, Any]) -> Crowd:
    usual = {_target(kind, view): _number(mean) for kind, view, mean in record["usual"]}
    flat = np.frombuffer(base64.b64decode(record["questions"], validate=True), "<f2")
    questions = flat.reshape(-1, record["dim"]).astype(np.float32)
    if not len(questions) or not np.isfinite(questions).all():
        raise ValueError("questions without a vector")
    return Crowd(questions, usual)


def _target(kind: object, view: object) -> Target:
    if kind not in MODALITIES or view not in ("content", "words"):
        raise ValueError(f"{kind!r} of view {view!r}")
    return kind, view


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return float(value)


def _fault(what: str) -> CorruptCollectionError:
    return CorruptCollectionError(f"{what}: learn it anew from the collection's vectors")
