"""Search text, images, audio, video and documents by vector; here is what users import.

Names are loaded when they are first used, so that importing omnisearch costs nothing.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from omnisearch import errors

# ONNX Runtime reports to its makers from 1.31 on, and reads this when it is imported: nothing of
# ours leaves the machine.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

if TYPE_CHECKING:
    from omnisearch.collection import Collection
    from omnisearch.comparing import Comparison, compare_encoders
    from omnisearch.context.chat import Chat
    from omnisearch.context.citing import CitationChecker
    from omnisearch.context.context import Context
    from omnisearch.context.parts import Citation, ContextPart
    from omnisearch.cutting.cutter import Cutter, Extracted, file_states, thumbnail
    from omnisearch.encoder.encoder import Encoder
    from omnisearch.encoder.parts import Audio, Document, Image, Row, Text, Video
    from omnisearch.encoder.registry import EncoderInfo
    from omnisearch.encoder.sources import part_of
    from omnisearch.encoder.space import Space
    from omnisearch.encoder.speeds import Speed
    from omnisearch.estimating import estimate
    from omnisearch.evaluation.answers import Compared
    from omnisearch.evaluation.retrieval import Interval
    from omnisearch.ingest.estimate import Estimate, KindEstimate
    from omnisearch.ingest.following.follower import WatchEvent
    from omnisearch.ingest.npy import write_npy
    from omnisearch.ingest.options import IngestOptions
    from omnisearch.ingest.reencoding.report import (
        ReencodeEstimate,
        ReencodeReport,
        ReencodeStatus,
        SpaceStatus,
        Unable,
    )
    from omnisearch.ingest.report import FailedFile, Files, IngestReport, Progress
    from omnisearch.ingest.vector_files import VectorBatch, VectorFile, read_vectors
    from omnisearch.ingest.vector_folder import write_vectors
    from omnisearch.kept import KeptEncoder
    from omnisearch.media.pool.report import SandboxReport, sandbox
    from omnisearch.media.sniff import kind_of
    from omnisearch.media.source import Stream
    from omnisearch.opening import open
    from omnisearch.query.hits import Batch, Hits
    from omnisearch.records import (
        CompactReport,
        Details,
        Hit,
        Item,
        PageSpan,
        Problem,
        Record,
        RegionSpan,
        RepairReport,
        Stats,
        TextSpan,
        TimeSpan,
        VerifyReport,
    )
    from omnisearch.reencoding import (
        ReencodeOptions,
        discard_encoder,
        estimate_reencode,
        reencode,
        reencode_status,
        rollback_encoder,
    )
    from omnisearch.relations.records import Related, Step, Topic
    from omnisearch.removal import Forgotten
    from omnisearch.reranking.question import Question
    from omnisearch.rewriting.policy import read_policy
    from omnisearch.rewriting.rules import Rule
    from omnisearch.storage.repair import doctor, reclaim, repair
    from omnisearch.watching import watch

__version__ = "0.1.0"

_HOMES = {
    "omnisearch.collection": ("Collection",),
    "omnisearch.comparing": ("Comparison", "compare_encoders"),
    "omnisearch.context.chat": ("Chat",),
    "omnisearch.context.citing": ("CitationChecker",),
    "omnisearch.context.context": ("Context",),
    "omnisearch.context.parts": ("Citation", "ContextPart"),
    "omnisearch.cutting.cutter": ("Cutter", "Extracted", "file_states", "thumbnail"),
    "omnisearch.encoder.encoder": ("Encoder",),
    "omnisearch.kept": ("KeptEncoder",),
    "omnisearch.encoder.parts": ("Audio", "Document", "Image", "Row", "Text", "Video"),
    "omnisearch.encoder.registry": ("EncoderInfo",),
    "omnisearch.encoder.sources": ("part_of",),
    "omnisearch.encoder.space": ("Space",),
    "omnisearch.encoder.speeds": ("Speed",),
    "omnisearch.estimating": ("estimate",),
    "omnisearch.evaluation.answers": ("Compared",),
    "omnisearch.evaluation.retrieval": ("Interval",),
    "omnisearch.ingest.estimate": ("Estimate", "KindEstimate"),
    "omnisearch.ingest.following.follower": ("WatchEvent",),
    "omnisearch.ingest.npy": ("write_npy",),
    "omnisearch.ingest.options": ("IngestOptions",),
    "omnisearch.ingest.reencoding.report": (
        "ReencodeEstimate",
        "ReencodeReport",
        "ReencodeStatus",
        "SpaceStatus",
        "Unable",
    ),
    "omnisearch.ingest.report": ("FailedFile", "Files", "IngestReport", "Progress"),
    "omnisearch.ingest.vector_files": ("VectorBatch", "VectorFile", "read_vectors"),
    "omnisearch.ingest.vector_folder": ("write_vectors",),
    "omnisearch.media.pool.report": ("SandboxReport", "sandbox"),
    "omnisearch.media.sniff": ("kind_of",),
    "omnisearch.media.source": ("Stream",),
    "omnisearch.opening": ("open",),
    "omnisearch.query.hits": ("Batch", "Hits"),
    "omnisearch.records": (
        "CompactReport",
        "Details",
        "Hit",
        "Item",
        "PageSpan",
        "Problem",
        "Record",
        "RegionSpan",
        "RepairReport",
        "Stats",
        "TextSpan",
        "TimeSpan",
        "VerifyReport",
    ),
    "omnisearch.reencoding": (
        "ReencodeOptions",
        "discard_encoder",
        "estimate_reencode",
        "reencode",
        "reencode_status",
        "rollback_encoder",
    ),
    "omnisearch.relations.records": ("Related", "Step", "Topic"),
    "omnisearch.removal": ("Forgotten",),
    "omnisearch.reranking.question": ("Question",),
    "omnisearch.rewriting.policy": ("read_policy",),
    "omnisearch.rewriting.rules": ("Rule",),
    "omnisearch.storage.repair": ("doctor", "reclaim", "repair"),
    "omnisearch.watching": ("watch",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Audio",
    "Batch",
    "Chat",
    "Citation",
    "CitationChecker",
    "Collection",
    "CompactReport",
    "Compared",
    "Comparison",
    "Context",
    "ContextPart",
    "Cutter",
    "Details",
    "Document",
    "Encoder",
    "EncoderInfo",
    "Estimate",
    "Extracted",
    "FailedFile",
    "Files",
    "Forgotten",
    "Hit",
    "Hits",
    "Image",
    "IngestOptions",
    "IngestReport",
    "Interval",
    "Item",
    "KeptEncoder",
    "KindEstimate",
    "PageSpan",
    "Problem",
    "Progress",
    "Question",
    "Record",
    "ReencodeEstimate",
    "ReencodeOptions",
    "ReencodeReport",
    "ReencodeStatus",
    "RegionSpan",
    "Related",
    "RepairReport",
    "Row",
    "Rule",
    "SandboxReport",
    "Space",
    "SpaceStatus",
    "Speed",
    "Stats",
    "Step",
    "Stream",
    "Text",
    "TextSpan",
    "TimeSpan",
    "Topic",
    "Unable",
    "VectorBatch",
    "VectorFile",
    "VerifyReport",
    "Video",
    "WatchEvent",
    "compare_encoders",
    "discard_encoder",
    "doctor",
    "errors",
    "estimate",
    "estimate_reencode",
    "file_states",
    "kind_of",
    "open",
    "part_of",
    "read_policy",
    "read_vectors",
    "reclaim",
    "reencode",
    "reencode_status",
    "repair",
    "rollback_encoder",
    "sandbox",
    "thumbnail",
    "watch",
    "write_npy",
    "write_vectors",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _HOME:
        raise AttributeError(f"module 'omnisearch' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
