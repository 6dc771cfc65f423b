"""Pieces of a file that a test holds in memory."""

from __future__ import annotations

import io
from typing import Any

from omnisearch.ingest.extraction.item import pieces
from omnisearch.media.caps import CAPS, Caps
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.piece import Piece


def extracted(content: bytes, name: str, caps: Caps = CAPS) -> tuple[Piece, list[Piece], Piece]:
    """The item, its segments, and how it ended."""
    item, *segments, end = pieces(io.BytesIO(content), Ask(name, caps))
    assert item.fields["what"] == "item" and end.fields["what"] == "end"
    assert {one.fields["what"] for one in segments} == {"segment"}
    return item, segments, end


def said(content: bytes, name: str, caps: Caps = CAPS) -> list[str]:
    """What the segments of a file say."""
    return [str(one.fields["words"]) for one in extracted(content, name, caps)[1]]


def spans(segments: list[Piece]) -> list[dict[str, Any]]:
    """Where segments are."""
    return [dict(one.fields["span"]) for one in segments]
