"""What a decoder says is believed in bounds only: it may have been taken over."""

import io
import wave
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from omnisearch.errors import DecoderError, MediaError
from omnisearch.media.cutting import whole
from omnisearch.media.cutting.stream import Outgoing
from omnisearch.media.pool.piece import Piece

HEAD = {"what": "picture", "width": 4, "height": 2}


def bytes_of(count: int, **fields: Any) -> Piece:
    return Piece(fields, {"bytes": np.ones(count, np.uint8)})


def rows(height: int, width: int = 4, depth: int = 3) -> Piece:
    return Piece({}, {"rows": np.full((height, width, depth), 7, np.uint8)})


def test_a_picture_is_put_together_from_rows() -> None:
    found = whole.picture(iter([Piece(HEAD), rows(1), rows(1)]))
    assert np.asarray(found).tolist() == np.full((2, 4, 3), 7).tolist()


@pytest.mark.parametrize(
    "pieces",
    [
        [],
        [Piece({"what": "sound"})],
        [Piece({**HEAD, "width": 10**9, "height": 10**9}), rows(1)],
        [Piece({**HEAD, "width": -4}), rows(2)],
        [Piece({**HEAD, "width": True}), rows(2)],
        [Piece(HEAD), rows(1)],
        [Piece(HEAD), rows(3)],
        [Piece(HEAD), rows(2), rows(1)],
        [Piece(HEAD), rows(2, 5)],
        [Piece(HEAD), rows(2, 4, 1)],
        [Piece(HEAD), Piece({})],
    ],
)
def test_what_is_no_picture_is_refused(pieces: list[Piece]) -> None:
    with pytest.raises(DecoderError):
        whole.picture(iter(pieces))


SOUND = {"what": "sound", "rate": 8_000, "channels": 2}


def test_a_sound_is_as_long_as_its_samples() -> None:
    out = io.BytesIO()
    whole.sound(iter([Piece(SOUND), bytes_of(4_000), bytes_of(4_000)]), out, 1.0)
    out.seek(0)
    with wave.open(out) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, 8_000, 2_000)


@pytest.mark.parametrize(
    ("head", "error"),
    [
        ({**SOUND, "rate": 0}, DecoderError),
        ({**SOUND, "rate": 10**9}, DecoderError),
        ({**SOUND, "channels": 1_000}, DecoderError),
        ({**SOUND, "channels": "2"}, DecoderError),
        (SOUND, MediaError),
    ],
)
def test_a_sound_of_any_length_is_refused(head: dict[str, Any], error: type[Exception]) -> None:
    endless = (bytes_of(1 << 16) for _ in iter(int, 1))

    def pieces() -> Iterator[Piece]:
        yield Piece(head)
        yield from endless

    with pytest.raises(error):
        whole.sound(pieces(), io.BytesIO(), 10.0)


FILM = Piece({"what": "film", "form": "mp4", "begin_s": 1.5})


def test_bytes_go_where_they_belong() -> None:
    out = io.BytesIO()
    pieces = [FILM, bytes_of(3, at=2), bytes_of(2, at=0), Piece({"what": "end", "end_s": 2})]
    assert whole.film(iter(pieces), out, 100) == ("mp4", 1.5, 2.0)
    assert out.getvalue() == b"\1" * 5


@pytest.mark.parametrize("at", [-1, 1 << 40, None, 1.0, True, "0"])
def test_bytes_that_belong_nowhere_are_refused(at: object) -> None:
    with pytest.raises(DecoderError):
        whole.film(iter([FILM, bytes_of(3, at=at)]), io.BytesIO(), 100)


@pytest.mark.parametrize(
    "head",
    [
        {"what": "film", "form": "exe", "begin_s": 0.0},
        {"what": "film", "form": "mp4", "begin_s": None},
        {"what": "film", "form": "mp4", "begin_s": True},
        {"what": "film", "form": ["mp4"], "begin_s": 0.0},
    ],
)
def test_a_film_says_what_it_is(head: dict[str, Any]) -> None:
    with pytest.raises(DecoderError):
        whole.film(iter([Piece(head)]), io.BytesIO(), 100)


@pytest.mark.parametrize("ends", [[], [None], ["4"], [1.0], [float("nan")], [True], [4.0, 4.0]])
def test_a_film_says_up_to_where_it_goes(ends: list[object]) -> None:
    told = [Piece({"what": "end", "end_s": one}) for one in ends]
    with pytest.raises(DecoderError):
        whole.film(iter([FILM, bytes_of(3, at=0), *told]), io.BytesIO(), 100)


def test_a_film_shows_so_many_seconds() -> None:
    told = Piece({"what": "end", "end_s": 4.5})
    made = whole.film(iter([FILM, bytes_of(3, at=0), told]), io.BytesIO(), 100)
    assert made == ("mp4", 1.5, 4.5)


def test_a_file_without_a_place_is_written_in_pieces() -> None:
    out = Outgoing()
    out.write(b"0123")
    out.seek(1)
    out.write(b"ab")
    assert out.tell() == 3
    out.seek(0, 2)
    out.write(b"4")
    assert not list(out.taken(100))
    file = io.BytesIO()
    whole.page(iter([Piece({"what": "file"}), *out.taken(0)]), file, 100)
    assert file.getvalue() == b"0ab34"
    assert not list(out.taken(0))
