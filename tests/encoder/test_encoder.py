"""Encoder over a model of three numbers: order, weights, sums, errors in their places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from omnisearch.encoder.encoder import Encoder
from omnisearch.encoder.parts import Audio, Image, Modality, Part, Row, Text, Video
from omnisearch.encoder.protocol import Asked
from omnisearch.encoder.space import Space
from omnisearch.errors import (
    DimensionError,
    EncodingError,
    OmnisearchError,
    PartError,
    SpaceMismatchError,
)

Vector = npt.NDArray[np.float32]
KNOWN = {
    "x": [2, 0, 0],
    "y": [0, 3, 0],
    "z": [0, 0, 4],
    "zero": [0, 0, 0],
    "nan": [1, np.nan, 0],
    "short": [1, 2],
}


class Three:
    """Reads names of directions, and pictures as their sum with the words."""

    name, dim, dims = "three", 3, (2, 3)
    modalities: tuple[Modality, ...] = ("text", "image")
    space = Space("three", "f00d", 3)

    def __init__(self, **known: list[float]) -> None:
        self.asked: list[Asked] = []
        self._known = {name: np.array(vector, np.float32) for name, vector in known.items()}

    def joins(self, parts: Sequence[Part]) -> bool:
        return {part.modality for part in parts} == {"text", "image"}

    def passages(self, text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]

    def known(self) -> Mapping[str, Vector]:
        return self._known

    def embed(self, rows: Sequence[Row], asked: Asked) -> list[Vector | OmnisearchError]:
        self.asked.append(asked)
        return [self._one(row) for row in rows]

    def _one(self, row: Row) -> Vector | OmnisearchError:
        if len(row.parts) > 1:
            return np.array([9, 0, 0], np.float32)
        (part,) = row.parts
        if isinstance(part, Image):
            return np.array([0, 0, 1], np.float32)
        assert isinstance(part, Text)
        if part.text in KNOWN:
            return np.array(KNOWN[part.text], np.float32)
        if part.text == "bad":
            return PartError("nobody knows it: give another")
        return np.array([1, 1, 1], np.float32)


def vector(one: Vector | OmnisearchError) -> list[float]:
    assert not isinstance(one, OmnisearchError), one
    return list(one.tolist())


def test_vectors_have_length_one_and_keep_the_order() -> None:
    found = Encoder(Three()).encode(["y", Text("x"), Row("z")])
    assert found.dtype == np.float32 and found.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert Encoder(Three()).encode([]).shape == (0, 3)


def test_a_bad_part_is_named_and_the_others_go_on() -> None:
    encoder = Encoder(Three())
    found = encoder.encode_each(["x", "bad", "zero", "nan", "short", "y"])
    assert [vector(one) for one in (found[0], found[5])] == [[1, 0, 0], [0, 1, 0]]
    assert isinstance(found[1], PartError)
    faults = [str(one) for one in found[2:5] if isinstance(one, EncodingError)]
    assert [fault.split("gave ")[1].split(":")[0] for fault in faults] == [
        "only zeros",
        "numbers that are not finite",
        "a vector of shape (2,), not (3,)",
    ]
    with pytest.raises(PartError, match="part 1: nobody knows it: give another") as raised:
        encoder.encode(["x", "bad", "zero"])
    assert raised.value.place == 1


def test_parts_of_weight_one_are_read_together_and_others_added() -> None:
    encoder, picture = Encoder(Three()), Image("unopened")
    assert encoder.encode([Row("y", picture)]).tolist() == [[1, 0, 0]]
    away = encoder.encode([Row("y", picture, Text("z", weight=-0.5))])[0]
    np.testing.assert_allclose(away, np.array([1, 0, -0.5]) / np.sqrt(1.25), atol=1e-6)
    apart = encoder.encode([Row("x", "y")])[0]  # two texts are not joined by this model
    np.testing.assert_allclose(apart, [0.5**0.5, 0.5**0.5, 0], atol=1e-6)
    assert encoder.encode([Text("x", weight=-2)]).tolist() == [[-1, 0, 0]]


def test_parts_that_take_each_other_away_are_an_error() -> None:
    with pytest.raises(PartError, match="part 0: the parts take each other away"):
        Encoder(Three()).encode([Row("x", Text("x", weight=-1))])


def test_a_modality_that_is_lacking_is_named() -> None:
    found = Encoder(Three()).encode_each([Audio("a.wav"), "x"])
    assert str(found[0]) == "three does not read audio, only text, image: " + (
        "leave this part out, or choose another encoder"
    )
    assert vector(found[1]) == [1, 0, 0]


def test_a_target_asks_as_a_query() -> None:
    model = Three()
    encoder = Encoder(model)
    encoder.encode(["x"])
    encoder.encode(["x"], role="query")
    encoder.encode(["x"], "image")
    assert model.asked == [Asked(), Asked("query"), Asked("query", "image")]
    with pytest.raises(ValueError, match="target is 'smell': None or one of text, image"):
        encoder.encode(["x"], "smell")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="parts is a str: give a list"):
        encoder.encode("x")


def test_vectors_are_cut_only_to_lengths_that_were_trained() -> None:
    two = Encoder(Three(), dim=2)
    assert two.encode(["x", "other"]).tolist() == [[1, 0], pytest.approx([0.5**0.5] * 2)]
    assert str(two.space) == "three f00d 2" and two.dim == 2
    assert isinstance(two.encode_each(["z"])[0], EncodingError)
    with pytest.raises(
        DimensionError, match="dim is 256: three was made for 2 or 3, leave dim out"
    ):
        Encoder(Three(), dim=256)


@pytest.mark.parametrize("dim", [3.0, "3", None, np.float32(2)])
def test_a_length_is_a_whole_number(dim: Any) -> None:
    if dim is None:
        assert Encoder(Three(), dim=dim).dim == Encoder(Three(), dim=np.int64(3)).dim == 3  # type: ignore[arg-type]
        return
    with pytest.raises(TypeError, match=r"dim is .*: a whole number"):
        Encoder(Three(), dim=dim)


def test_a_role_is_document_or_query() -> None:
    role: Any = "bogus"
    with pytest.raises(ValueError, match="role is 'bogus': document or query"):
        Encoder(Three()).encode(["x"], role=role)


class Careless(Three):
    """A model of a user's own that gives something else than what is asked for."""

    name = "careless"

    def __init__(self, given: Any) -> None:
        super().__init__()
        self.given = given

    def embed(self, rows: Sequence[Row], asked: Asked) -> list[Vector | OmnisearchError]:
        return self.given  # type: ignore[no-any-return]


@pytest.mark.parametrize("given", [[], [np.ones(3)], [np.ones(3)] * 3, np.ones((1, 3)), iter([])])
def test_as_many_vectors_as_rows_are_asked_for(given: Any) -> None:
    with pytest.raises(EncodingError, match=r"careless gave [013] vectors for 2 rows: its embed"):
        Encoder(Careless(given)).encode_each(["x", "y"])


def test_vectors_of_any_kind_are_taken_and_no_others() -> None:
    for given in ([[0, 2, 2]], np.array([[0, 2, 2]], ">i2"), iter([(0.0, 2.0, 2.0)])):
        found = Encoder(Careless(given)).encode(["x"])
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, [[0, 0.5**0.5, 0.5**0.5]], rtol=1e-6)
    for wrong in (None, "abc", [1, [2], 3], np.array([1j, 0, 0]), [], [[1, 2, 3]]):
        (one,) = Encoder(Careless([wrong])).encode_each(["x"])
        assert isinstance(one, EncodingError) and str(one).startswith("careless gave ")


def test_strayed_vectors_of_known_inputs_are_refused() -> None:
    right, wrong = Three(text=[1, 1, 1], image=[0, 0, 1]), Three(text=[1, 1, 1], image=[0, 1, 1])
    for model in (right, wrong):
        for name, vector in model._known.items():
            model._known[name] = vector / np.linalg.norm(vector)
    Encoder(right).check()
    Encoder(Three()).check()  # nothing is known of it
    with pytest.raises(SpaceMismatchError, match=r"three f00d 3 gives other .* image 0\.7071"):
        Encoder(wrong).check()


def test_a_model_without_ears_says_so() -> None:
    with pytest.raises(PartError, match="three writes no speech down: use omni-mini"):
        Encoder(Three()).transcribe("a.wav")


def test_speech_is_written_down_of_sounds_only(mini: Encoder) -> None:
    film: Any = Video("a.mp4")
    with pytest.raises(TypeError, match=r"not Video: the sound of a film is om\.Audio\(its path\)"):
        mini.transcribe(film)
