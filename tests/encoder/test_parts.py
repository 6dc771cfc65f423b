"""What may be given, before anything is opened."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from omnisearch.encoder.parts import Audio, Document, Image, Row, Text, Video, as_part, as_row

FRAME = np.zeros((9, 9, 3), np.uint8)
WRONG: list[Any] = [1.5, "2"]


def test_parts_know_their_modality_and_have_weight_one() -> None:
    given = (Text("a"), Image("a"), Audio("a"), Video("a"), Document("a"))
    assert [part.modality for part in given] == ["text", "image", "audio", "video", "document"]
    assert {part.weight for part in given} == {1.0}
    assert Row("a", given[1]).modalities == {"text", "image"}
    assert as_row(given[2]).parts == (given[2],)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Text("a", weight=0), "weight is 0: any finite number but 0"),
        (lambda: Image("a", weight=float("nan")), "weight is nan"),
        (lambda: Image("a", box=(0.5, 0, 0.6, 1)), r"box is \(0.5, 0, 0.6, 1\)"),
        (lambda: Image("a", box=(0, 0, 0, 1)), "fractions inside the picture"),
        (lambda: Audio("a", from_s=3, to_s=2), "from_s=3, to_s=2: seconds from 0 on"),
        (lambda: Video("a", from_s=-1), "from_s=-1"),
        (lambda: Video("a", to_s=float("nan")), "to_s=nan"),
        (lambda: Video([FRAME], from_s=1), "from_s and to_s are times in a file, and frames have"),
        (lambda: Video(np.stack([FRAME]), to_s=1), "leave out the frames that are not meant"),
        (lambda: Document("a", page=0), "page is 0: whole numbers from 1 on"),
        (lambda: Document("a", page=WRONG[0]), r"page is 1\.5: whole numbers"),
        (lambda: Document("a", page=WRONG[1]), "page is '2'"),
        (lambda: Row(), "a Row needs at least one part"),
    ],
)
def test_impossible_parts_are_refused_where_they_are_made(make: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()


def test_real_numbers_of_any_kind_are_kept_as_plain_ones() -> None:
    quarter, half = np.float32(0.25), Fraction(1, 2)
    sound = Audio("a", from_s=half, to_s=np.int64(3), weight=Decimal(2))  # type: ignore[arg-type]
    film = Video("a", from_s=np.float32(1), to_s=Decimal("1.5"))  # type: ignore[arg-type]
    picture = Image("a", box=[quarter, Decimal(0), half, 1])  # type: ignore[arg-type]
    page = Document("a", page=np.int64(2))  # type: ignore[arg-type]
    assert picture.box == (0.25, 0.0, 0.5, 1.0)
    assert (sound.from_s, sound.to_s, sound.weight) == (0.5, 3.0, 2.0)
    assert (film.from_s, film.to_s, page.page) == (1.0, 1.5, 2)
    plain = (*picture.box, sound.from_s, sound.to_s, sound.weight, film.from_s, film.to_s)
    assert {type(one) for one in plain} == {float}
    assert type(picture.box) is tuple and type(page.page) is int


@pytest.mark.parametrize("value", ["1", True, np.True_, 1j, np.array([1.0]), b"1"])
def test_what_is_no_number_is_named(value: Any) -> None:
    with pytest.raises(TypeError, match=r"from_s is .*: a number of seconds"):
        Audio("a", from_s=value)
    with pytest.raises(TypeError, match=r"to_s is .*: a number of seconds"):
        Video("a", to_s=value)
    with pytest.raises(ValueError, match=r"page is .*: whole numbers from 1 on"):
        Document("a", page=value)
    with pytest.raises(ValueError, match=r"box is .*as fractions of the picture, 0 to 1"):
        Image("a", box=(value, 0, 1, 1))


@pytest.mark.parametrize("value", [10**400, 10**5000, Fraction(10**400)], ids=["a", "b", "c"])
def test_numbers_beyond_a_float_are_named(value: Any) -> None:
    for make in (
        lambda: Audio("a", from_s=value),
        lambda: Video("a", to_s=value),
        lambda: Image("a", box=(0, 0, value, 1)),
        lambda: Document("a", page=int(value)),
    ):
        with pytest.raises(ValueError, match=r"^(from_s|to_s|box|page) has more digits than are"):
            make()
    with pytest.raises(ValueError, match="from_s=sNaN, to_s=None: seconds from 0 on"):
        Audio("a", from_s=Decimal("sNaN"))  # type: ignore[arg-type]


def test_other_types_are_refused_with_those_that_are_taken() -> None:
    with pytest.raises(TypeError, match="Text takes a str, not bytes"):
        Text(b"a")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="int is no part: give a string, Text"):
        as_part(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Row is no part"):
        Row(Row("a"))  # type: ignore[arg-type]


def test_parts_with_arrays_can_be_kept_in_sets() -> None:
    picture = Image(np.zeros((2, 2, 3), np.uint8))
    assert len({picture, picture, Image(np.zeros((2, 2, 3), np.uint8))}) == 2


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (None, "not NoneType"),
        (7, "not int"),
        (FRAME, r"not an array of shape \(9, 9, 3\)"),
        (Image("a"), "not Image"),
    ],
)
def test_a_film_is_a_file_or_frames(source: Any, said: str) -> None:
    with pytest.raises(TypeError, match=f"Video takes a path, bytes, a list of frames .*{said}"):
        Video(source)
    assert Video([FRAME]).modality == Video(np.stack([FRAME])).modality == "video"


def test_what_is_forgotten_or_mixed_up_is_named() -> None:
    wrong: list[Any] = [np.zeros(16_000), (np.zeros(16_000),), (16_000, np.zeros(9)), None]
    for source in wrong:
        with pytest.raises(TypeError, match=r"Audio takes a path, bytes or \(samples, rate\)"):
            Audio(source)
        if source is not None:
            with pytest.raises(TypeError, match="Audio takes a path, bytes or"):
                Video("a", sound=source)
    positional: Any = Audio
    with pytest.raises(TypeError, match="positional"):
        positional("a", 0.2, 0.5)
    words: Any = 5
    with pytest.raises(TypeError, match="words of a Document are a str, not int"):
        Document("a", words=words)
