"""Known inputs are compared when their modality is first encoded; no tower is opened for less."""

from pathlib import Path

import numpy as np
import pytest

import omnisearch as om
from omnisearch.encoder.encoder import Encoder
from omnisearch.encoder.omni_mini import OmniMini
from omnisearch.errors import SpaceMismatchError

PICTURE = om.Image(np.zeros((8, 8, 3), np.uint8))


def test_words_open_the_graph_of_words_only() -> None:
    encoder = Encoder.load()
    encoder.expect(encoder.model.known())
    assert isinstance(encoder.model, OmniMini)
    encoder.encode(["dog on the beach"], role="query")
    assert encoder.model.files.opened == {"text"}


def test_what_strayed_is_told_when_it_is_encoded() -> None:
    encoder = Encoder.load()
    kept = dict(encoder.model.known())
    kept["image"] = -kept["image"]
    encoder.expect(kept)
    assert encoder.encode(["dog"]).shape == (1, encoder.dim)
    for _ in range(2):  # it does not pass the second time
        with pytest.raises(SpaceMismatchError, match=r"collection was made .*image -"):
            encoder.encode([PICTURE])
    with pytest.raises(SpaceMismatchError):
        encoder.encode([om.Row(PICTURE, "in blue")])
    assert encoder.encode(["dog"]).shape == (1, encoder.dim)


def test_pictures_with_words_have_an_input_of_their_own() -> None:
    encoder = Encoder.load()
    kept = dict(encoder.model.known())
    kept["composed"] = -kept["composed"]
    encoder.expect(kept)
    assert len(encoder.encode(["dog", PICTURE])) == 2
    with pytest.raises(SpaceMismatchError, match="composed -"):
        encoder.encode([om.Row(PICTURE, "in blue")])


def test_a_reader_asks_with_words_without_opening_towers(tmp_path: Path) -> None:
    with om.open(tmp_path / "c") as col:
        col.add([om.Item("a", text="a dog on the beach")])
    with om.open(tmp_path / "c", create=False, mode="r") as col:
        assert [hit.item for hit in col.query(text="dog")] == ["a"]
        assert isinstance(col.encoder.model, OmniMini)
        assert col.encoder.model.files.opened == {"text"}


def test_collections_that_share_an_encoder_are_all_heeded() -> None:
    encoder = Encoder.load()
    kept = dict(encoder.model.known())
    encoder.expect({**kept, "text": -kept["text"]})
    encoder.expect(kept)
    with pytest.raises(SpaceMismatchError, match="text -"):
        encoder.encode(["dog"])
