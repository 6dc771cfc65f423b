"""`late`: what an encoder brings along; it sees the question decoded, words and pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import omnisearch as om
from omnisearch.encoder.parts import Part
from omnisearch.encoder.protocol import Seen
from omnisearch.errors import RerankerError


class Reddest:
    """Judges by how red a picture is; what shows nothing has no score."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.lists: list[int] = []

    def scores(self, query: Sequence[Part], candidates: Sequence[Seen]) -> Any:
        self.asked.append(tuple(type(part).__name__ for part in query))
        self.lists.append(len(candidates))
        pictures = [one.picture() for one in candidates]
        return np.array([np.nan if one is None else one[..., 0].mean() for one in pictures])


class Bringing:
    """The shipped model, and a reranker beside it."""

    def __init__(self, reranker: object) -> None:
        self._model, self.reranker = om.Encoder.load().model, reranker

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("shown")
    for red in (250, 90, 170, 10):
        Image.new("RGB", (48, 40), (red, 60, 200)).save(home / f"red-{red}.png")
    for name in ("one", "two"):
        (home / f"{name}.txt").write_text(f"A picture of {name} colour is described here.")
    return home


@pytest.fixture(scope="module")
def stored(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("col") / "c"
    with om.open(path) as col:
        assert not col.ingest(folder, jobs=1).failed
    return path


@pytest.fixture
def own() -> Reddest:
    return Reddest()


@pytest.fixture
def col(stored: Path, own: Reddest) -> Iterator[om.Collection]:
    model: Any = Bringing(own)
    with om.open(stored, mode="r", encoder=om.Encoder(model)) as found:
        yield found


def reds(hits: om.Hits) -> list[str]:
    names = [str(hit.metadata["file.name"]) for hit in hits]
    return [name for name in names if name.startswith("red")]


SORTED = ["red-250.png", "red-170.png", "red-90.png", "red-10.png"]


def test_pictures_are_read_again_and_what_shows_nothing_stays(
    col: om.Collection, own: Reddest
) -> None:
    before = col.query("a colour", k=6)
    found = col.query("a colour", k=6, rerank="late")
    assert reds(found) == SORTED and sorted(reds(before)) == sorted(SORTED)
    for old, new in zip(before, found, strict=True):
        assert (old.modality, new.modality).count("text") in (0, 2)
        assert old.modality != "text" or (old.id == new.id and new.reranked is None)
    assert [hit.reranked for hit in found if hit.modality == "image"] == [250, 170, 90, 10]
    assert own.asked == [("Text",)] and own.lists == [6]


def test_a_question_is_handed_over_as_it_was_decoded(
    col: om.Collection, own: Reddest, folder: Path
) -> None:
    found = col.query(image=folder / "red-10.png", k=6, rerank={"image": "late"})
    assert reds(found) == SORTED
    assert own.asked == [("Image",)] and own.lists == [4]
    found = col.query(like=found.ids[0], k=6, rerank="late")
    assert found.remarks == ("not reranked by late: the question has no part that it reads",)


def test_a_picture_that_has_gone_keeps_its_place(
    col: om.Collection, folder: Path, tmp_path: Path
) -> None:
    gone = folder / "red-170.png"
    aside = gone.rename(tmp_path / "aside.png")
    try:
        found = col.query("a colour", k=6, rerank="late", modality="image")
    finally:
        aside.rename(gone)
    scores = {str(hit.metadata["file.name"]): hit.reranked for hit in found}
    assert scores == {"red-250.png": 250, "red-170.png": None, "red-90.png": 90, "red-10.png": 10}


def test_a_reranker_that_gives_nonsense_is_told_of(stored: Path) -> None:
    class Endless(Reddest):
        def scores(self, query: Sequence[Part], candidates: Sequence[Seen]) -> Any:
            return [float("inf")] * len(candidates)

    model: Any = Bringing(Endless())
    with om.open(stored, mode="r", encoder=om.Encoder(model)) as col:
        with pytest.raises(RerankerError, match="reranker of omni-mini gave inf for hit"):
            col.query("a colour", rerank="late")
    model = Bringing(None)
    with om.open(stored, mode="r", encoder=om.Encoder(model)) as col:
        with pytest.raises(om.errors.QueryError, match="brings no reranker along"):
            col.query("a colour", rerank="late")
