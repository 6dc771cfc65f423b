"""What was learnt from a collection, as bytes: magic, version, checksum, then JSON.

It is derived data: whoever finds it damaged or of another version learns it anew.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xxhash

from omnisearch.encoder.calibration.background import Background
from omnisearch.encoder.calibration.crowd import Crowd
from omnisearch.encoder.parts import Modality
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


def unpack(content: bytes) -> Learnt:
    """Read it; nothing is parsed before its checksum is right."""
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
    record = json.loads(body)
    rows = {(kind, view): rows for kind, view, rows in record["rows"]}
    backgrounds = {
        (query, kind, view): Background(middle, width)
        for query, kind, view, middle, width in record["backgrounds"]
    }
    crowd = None
    if "crowd" in record:
        usual = {(kind, view): mean for kind, view, mean in record["crowd"]["usual"]}
        flat = np.frombuffer(base64.b64decode(record["crowd"]["questions"]), "<f2")
        crowd = Crowd(flat.reshape(-1, record["crowd"]["dim"]).astype(np.float32), usual)
    return Learnt(rows, backgrounds, crowd)


def _fault(what: str) -> CorruptCollectionError:
    return CorruptCollectionError(f"{what}: learn it anew from the collection's vectors")
