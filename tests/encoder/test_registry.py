"""Names to encoders, before anything is loaded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from omnisearch.encoder import registry
from omnisearch.encoder.encoder import Encoder
from omnisearch.encoder.http import HttpModel
from omnisearch.encoder.model import ModelFiles
from omnisearch.errors import EncoderFilesError, EncoderNotFoundError
from tests.encoder.conftest import SHIPPED_FOLDER


def test_the_shipped_encoder_is_known_by_its_name_and_its_folder(own: Path) -> None:
    by_name, by_folder = Encoder.describe(), Encoder.describe(own)
    assert by_name.where == str(SHIPPED_FOLDER) and by_folder.where == str(own)
    assert by_name.name == by_folder.name == "omni-mini"
    assert by_name.fingerprint == by_folder.fingerprint == Encoder.load(own).space.fingerprint
    assert by_name.bytes == by_folder.bytes > 50e6
    assert by_name.dims == (384,)


def test_the_manual_says_how_large_the_shipped_encoder_is() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "encoders.md").read_text("utf-8")
    told = re.search(r"under (\d+) MB, (\d+) with speech", manual)
    assert told is not None
    assert SHIPPED_FOLDER is not None
    files = ModelFiles(SHIPPED_FOLDER)
    speech = files.model["graphs"]["speech"]["file"], files.model["speech"]["tokenizer"]
    whole = Encoder.describe().bytes
    without = whole - sum(files.stored[name].bytes for name in speech)
    for size, most in zip((without, whole), map(int, told.groups()), strict=True):
        assert most - 10 < size / 1e6 < most


def test_what_lies_here_is_listed_and_the_shipped_comes_first() -> None:
    listed = Encoder.known()
    assert listed[0] == Encoder.describe("omni-mini")


def test_a_server_is_told_before_anything_is_sent() -> None:
    told: list[str] = []
    address = "http://127.0.0.1:9/v1#nobody"
    model = registry.load(address, threads=1, say=told.append, key="abc")
    assert isinstance(model, HttpModel)
    assert len(told) == 1 and "every text is sent to http://127.0.0.1:9" in told[0]
    assert "abc" not in told[0]
    info = Encoder.describe(address)
    assert info.where == "leaves this machine" and info.modalities == ("text",)


@pytest.mark.parametrize("name", ["omni-maxi", "no such name", "./nothing/here/at/all"])
def test_an_unknown_name_says_what_there_is(name: str) -> None:
    for call in (Encoder.load, Encoder.describe):
        with pytest.raises(
            EncoderNotFoundError, match=r"there is no encoder .*omni-mini, a folder"
        ):
            call(name)


def test_a_damaged_description_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text("{", "utf-8")
    with pytest.raises(EncoderFilesError, match=r"model\.json"):
        Encoder.describe(tmp_path)
    with pytest.raises(EncoderFilesError, match=r"model\.json"):
        Encoder.load(tmp_path)
