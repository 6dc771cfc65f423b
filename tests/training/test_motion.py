import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from omnisearch.training.data import motion
from omnisearch.training.data.made import seeded
from omnisearch.training.data.splits import split_of_all
from omnisearch.training.data.sprites import Bank
from omnisearch.training.data.synthesis import LENGTH
from tests.training.shapes import bank as make_bank
from tests.training.shapes import made


@pytest.fixture(scope="module")
def bank() -> Bank:
    return make_bank()


def _pictures(row: Any) -> list[npt.NDArray[np.int64]]:
    return [np.asarray(Image.open(io.BytesIO(frame))).astype(np.int64) for frame in row["frames"]]


@pytest.fixture
def rows(bank: Bank) -> list[Any]:
    named = {"dog": bank.entries["train"][0][1], "rain": "rain"}
    return made(motion.films(bank, named, 0, 64))


def test_films_have_eight_frames_that_change(rows: list[Any]) -> None:
    for row in rows:
        pictures = _pictures(row)
        assert len(pictures) == 8 and pictures[0].shape == (224, 224, 3)
        assert np.abs(pictures[0] - pictures[-1]).mean() > 0.3, row["captions"][0]


def test_twins_stand_beside_captions_and_differ(rows: list[Any]) -> None:
    for row in rows:
        assert len(row["twin"]) <= len(row["captions"])
        assert not set(row["twin"]) & set(row["captions"])
        for twin, caption in zip(row["twin"], row["captions"], strict=False):
            assert twin != caption


def test_the_last_caption_says_nothing_of_order(rows: list[Any]) -> None:
    words = {"then", "left", "right", "turns", "grows", "moves", "appears", "first", "after"}
    for row in rows:
        assert not words & set(row["captions"][-1].split()), row["captions"][-1]


def test_backwards_is_the_same_frames_in_the_other_order(bank: Bank) -> None:
    film = motion._moving(bank, seeded(0), "train")
    back = film.reversed()
    assert back.frames == film.frames[::-1]
    assert (back.forwards, back.backwards) == (film.backwards, film.forwards)


@pytest.mark.parametrize("seed", range(6))
def test_things_move_as_it_is_said(bank: Bank, seed: int) -> None:
    film = motion._moving(bank, seeded(seed), "train")
    first, last = film.frames[0][0], film.frames[-1][0]
    if "left to right" in film.forwards[0]:
        assert first.x < last.x and first.y == last.y
    else:
        assert "down" in film.forwards[0] and first.y < last.y and first.x == last.x


def test_growing_is_growing_and_things_appear_one_by_one(bank: Bank) -> None:
    film = motion._growing(bank, seeded(0), "train")
    sizes = [frame[0].size for frame in film.frames]
    assert sizes == sorted(sizes) and sizes[-1] > 3 * sizes[0]
    film = motion._appearing(bank, seeded(0), "train")
    counts = [len(frame) for frame in film.frames]
    assert counts == sorted(counts) and counts[0] == 1 and counts[-1] in (2, 3)


def test_some_films_have_a_sound_and_its_concept_counts_for_the_split(rows: list[Any]) -> None:
    loud = [row for row in rows if row["pcm"] is not None]
    assert 0 < len(loud) < len(rows)
    for row in loud:
        assert len(row["pcm"]) == 2 * LENGTH
        assert any("with the sound of" in caption for caption in row["captions"])
    for row in rows:
        assert row["split"] == split_of_all(row["concept"].split("+"))
