"""What a file of a question is cut into: a box, a time, a page, or all of it as ingest cuts it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from PIL import Image

from omnisearch.errors import MediaError
from omnisearch.ingest.extraction import item, question
from omnisearch.media.pool.ask import Ask
from omnisearch.media.pool.piece import Piece
from omnisearch.records import PageSpan, RegionSpan, Span, TimeSpan
from tests.media import made

RATE = 16_000


def cut(content: bytes, name: str, span: Span | None = None, modality: str = "") -> list[Piece]:
    tree = None if span is None else span.as_json()
    ask = Ask(name, modality=modality or None, span=tree)
    return list(question.pieces(io.BytesIO(content), ask))


def segments(pieces: list[Piece]) -> list[Mapping[str, Any]]:
    assert pieces[0].fields["what"] == "item" and pieces[-1].fields["what"] == "end"
    return [piece.fields for piece in pieces[1:-1]]


def png(array: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.asarray(array, np.uint8)).save(file, "PNG")
    return file.getvalue()


def same(one: list[Piece], other: list[Piece]) -> None:
    assert [piece.fields for piece in one] == [piece.fields for piece in other]
    for mine, theirs in zip(one, other, strict=True):
        assert mine.arrays.keys() == theirs.arrays.keys()
        for name, array in mine.arrays.items():
            np.testing.assert_array_equal(array, theirs.arrays[name])


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (png(np.full((40, 60, 3), 90)), "a.png"),
        (made.sound(made.tone(3.0, RATE), RATE), "a.wav"),
        (made.film(made.Shot(sound_s=4.0)), "a.mp4"),
        (b"Some words that stand in a note.", "a.txt"),
    ],
)
def test_a_whole_file_is_cut_as_ingest_cuts_it(content: bytes, name: str) -> None:
    same(cut(content, name), list(item.pieces(io.BytesIO(content), Ask(name))))


def test_a_box_is_cut_from_the_picture_as_it_was() -> None:
    array = np.zeros((2_000, 3_000, 3), np.uint8)
    array[1_000:, 1_500:] = (0, 200, 0)
    pieces = cut(png(array), "a.png", RegionSpan((0.5, 0.5, 0.5, 0.5)))
    (image,) = (piece.arrays["image"] for piece in pieces[1:-1])
    assert min(image.shape[:2]) >= 672
    assert (np.abs(image[5:-5, 5:-5].astype(int) - (0, 200, 0)) <= 2).all()


def test_a_time_of_a_sound_is_cut_where_it_is_quiet() -> None:
    content = made.sound(made.tone(40.0, RATE), RATE)
    (one,) = segments(cut(content, "a.wav", TimeSpan(12.0, 18.0)))
    assert one["span"] == {"start_s": 12.0, "end_s": 18.0}
    several = segments(cut(content, "a.wav", TimeSpan(5.0, 1e9)))
    assert len(several) >= 4
    assert several[0]["span"]["start_s"] == 5.0
    assert several[-1]["span"]["end_s"] == pytest.approx(40.0, abs=0.1)


def test_a_time_of_a_film_is_as_many_windows_as_shots_would_be() -> None:
    content = made.film(made.Shot(frames=300, sound_s=30.0))
    pieces = cut(content, "a.mp4", TimeSpan(2.0, 1e9))
    spans = [one["span"] for one in segments(pieces)]
    assert [(round(one["start_s"]), round(one["end_s"])) for one in spans] == [
        (2, 11),
        (11, 21),
        (21, 30),
    ]
    assert all({"frames", "sound"} <= piece.arrays.keys() for piece in pieces[1:-1])


def test_the_sound_of_a_film_is_taken_where_a_sound_is_asked_for() -> None:
    content = made.film(made.Shot(sound_s=5.0))
    (one,) = segments(cut(content, "a.mp4", modality="audio"))
    assert one["modality"] == "audio"
    (piece,) = segments(cut(content, "a.mp4", TimeSpan(1.0, 2.0), "audio"))
    assert piece["modality"] == "audio"
    silent = segments(cut(made.film(made.Shot()), "a.mp4", modality="audio"))
    assert {one["modality"] for one in silent} == {"video"}


@pytest.mark.parametrize(
    ("content", "name", "span", "message"),
    [
        (b"A note.", "a.txt", RegionSpan((0, 0, 1, 1)), "a box is cut from pictures only"),
        (b"A note.", "a.txt", TimeSpan(0, 1), "times are those of sounds and films"),
        (png(np.zeros((9, 9, 3))), "a.png", PageSpan(2), "is a picture, and has no pages"),
        (made.sound(made.tone(1, RATE), RATE), "a.wav", TimeSpan(9, 10), "from 9 s on"),
        (made.film(made.Shot()), "a.mp4", TimeSpan(90, 99), "no frame from 90 s on"),
        (made.film(made.Shot()), "a.mp4", RegionSpan((0, 0, 1, 1)), "is a film, and a box"),
    ],
)
def test_a_piece_that_is_not_there_is_said(
    content: bytes, name: str, span: Span, message: str
) -> None:
    with pytest.raises(MediaError, match=message):
        cut(content, name, span)


def test_a_beginning_of_something_is_no_text_where_a_medium_is_asked_for() -> None:
    with pytest.raises(MediaError, match="is nothing that can be read: copy it again"):
        cut(b"\x89PNG", "the file given", modality="image")
    assert len(segments(cut(b"A note.", "note", modality="image"))) == 1


def test_page_one_of_what_has_no_pages_is_all_of_it() -> None:
    assert len(segments(cut(b"A note.", "a.txt", PageSpan(1)))) == 1
