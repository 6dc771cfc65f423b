from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from omnisearch.errors import DecoderError
from omnisearch.ingest import pieces
from omnisearch.ingest.pieces import EndTold, ItemTold, SegmentTold
from omnisearch.media.pool.piece import Piece

ITEM = {"what": "item", "modality": "text", "type": "text", "columns": {}}
END = {"what": "end", "truncated": False}
SEGMENT = {
    "what": "segment",
    "modality": "text",
    "view": "words",
    "span": {"start": 0, "end": 3},
    "words": "abc",
    "look": None,
}


def given(*fields: Mapping[str, Any], **arrays: Any) -> Iterator[Piece]:
    return iter([Piece(one, arrays if one.get("what") == "segment" else {}) for one in fields])


def test_what_a_decoder_says_is_read_in_order() -> None:
    item, segment, end = pieces.read(given(ITEM, SEGMENT, END))
    assert item == ItemTold("text", "text", {}, False)
    assert isinstance(segment, SegmentTold)
    assert (segment.views, segment.words) == (("words",), "abc")
    assert end == EndTold(False)


@pytest.mark.parametrize(
    "fields",
    [
        [],
        [SEGMENT],
        [ITEM],
        [ITEM, SEGMENT],
        [ITEM, END, SEGMENT],
        [{**ITEM, "modality": "smell"}],
        [{**ITEM, "type": 7}],
        [ITEM, {**SEGMENT, "view": "both sides"}, END],
        [ITEM, {**SEGMENT, "words": None}, END],
        [ITEM, {**SEGMENT, "words": " "}, END],
        [ITEM, {**SEGMENT, "words": ["a"]}, END],
        [ITEM, {**SEGMENT, "span": {"start": 3, "end": 0}}, END],
        [ITEM, {**SEGMENT, "span": "everywhere"}, END],
        [ITEM, {**SEGMENT, "look": 2**63}, END],
        [ITEM, {**SEGMENT, "look": True}, END],
        [ITEM, {**SEGMENT, "modality": "image", "view": "content"}, END],
        [ITEM, {**SEGMENT, "modality": "audio", "view": "both"}, END],
        [ITEM, {**SEGMENT, "modality": []}, END],
    ],
)
def test_nonsense_ends_the_file(fields: list[Mapping[str, Any]]) -> None:
    with pytest.raises(DecoderError, match="the decoder"):
        list(pieces.read(given(*fields)))


def test_facts_of_the_wrong_kind_are_left_out() -> None:
    facts = {
        "image.width": 640,
        "image.height": "tall",
        "image.latitude": float("nan"),
        "image.longitude": 8,
        "image.camera": "  Box \ud800 ",
        "image.taken": 1_000_000,
        "video.taken": 2**62,
        "doc.pages": True,
        "audio.year": 2**70,
        "file.locations": ["0:etc/passwd"],
        "segment.words": "forged",
        "price": 3,
        7: "seven",
    }
    assert pieces.facts(facts) == {
        "image.width": 640,
        "image.longitude": 8.0,
        "image.camera": "Box ?",
        "image.taken": datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC),
    }
    assert pieces.facts("none") == {}


def test_bytes_of_a_segment_are_those_of_its_arrays_and_words() -> None:
    shown = {**SEGMENT, "modality": "image", "view": "both"}
    _, segment, _ = pieces.read(given(ITEM, shown, END, image=np.zeros((10, 10, 3), np.uint8)))
    assert isinstance(segment, SegmentTold)
    assert segment.bytes == 300 + 12
