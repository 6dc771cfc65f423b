"""What is learnt of a collection: behind its writer, when it grew, and never an error."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import xxhash

import omnisearch as om
from omnisearch.encoder.parts import Modality
from omnisearch.encoder.protocol import Asked
from omnisearch.encoder.space import Space
from omnisearch.errors import OmnisearchError
from tests.encoder.plain import Plain

DIM = 32
TAG = "6291f85ad263b02d"  # of the space, "toy aaaa 32"
Vector = npt.NDArray[np.float32]


class Toy(Plain):
    """Words as sums of directions, one for each."""

    modalities: tuple[Modality, ...] = ("text",)
    dim, dims, name = DIM, (DIM,), "toy"
    space = Space("toy", "aaaa", DIM)

    def __init__(self) -> None:
        self.encoded = 0

    def embed(self, rows: Sequence[om.Row], asked: Asked) -> list[Vector | OmnisearchError]:
        self.encoded += len(rows)
        texts = [part.text for row in rows for part in row.parts if isinstance(part, om.Text)]
        return [np.sum([_direction(word) for word in text.split()], axis=0) for text in texts]


def _direction(word: str) -> Vector:
    rng = np.random.default_rng(xxhash.xxh3_64_intdigest(word.encode()))
    return rng.normal(size=DIM).astype(np.float32)


def items(first: int, last: int) -> list[om.Item]:
    return [om.Item(f"t{n}", text=f"w{n % 7} w{n % 11} w{n}") for n in range(first, last)]


def files(path: Path) -> list[Path]:
    return sorted((path / "calibration").glob("*.cal"))


def confidences(col: om.Collection) -> list[float | None]:
    return [hit.confidence for hit in col.query(text="w3 w5", mode="vector")]


def test_it_is_learnt_behind_a_write_and_read_by_others(tmp_path: Path) -> None:
    path, toy = tmp_path / "c", Toy()
    with om.open(path, encoder=om.Encoder(toy)) as col:
        col.add(items(0, 200))
        shipped = confidences(col)
    (kept,) = files(path)
    assert kept.name == f"000000000001.{TAG}.cal" and kept.stat().st_mode & 0o777 == 0o400
    with om.open(path, mode="r", encoder=om.Encoder(Toy())) as reader:
        learnt = confidences(reader)
    assert learnt != shipped and all(one is not None and 0 < one < 1 for one in learnt)


def test_it_is_learnt_again_when_a_tenth_has_come(tmp_path: Path) -> None:
    path, toy = tmp_path / "c", Toy()
    encoder = om.Encoder(toy)
    for first, last, name in ((0, 200, 1), (200, 210, 1), (210, 230, 2)):
        with om.open(path, encoder=encoder) as col:
            col.add(items(first, last))
        (kept,) = files(path)
        assert kept.name == f"{name:012d}.{TAG}.cal", (first, last)
    asked = toy.encoded - 230
    assert 240 <= asked < 480  # its questions are encoded once, besides known inputs


def test_few_rows_and_vectors_of_ones_own_are_left_alone(tmp_path: Path) -> None:
    with om.open(tmp_path / "few", encoder=om.Encoder(Toy())) as col:
        col.add(items(0, 30))
        assert confidences(col)[0] is not None
    vectors = np.random.default_rng(1).normal(size=(300, 8)).astype("f4")
    with om.open(tmp_path / "own") as col:
        col.add_vectors([f"v{n}" for n in range(300)], vectors)
        col.compact()
        hits = col.query(vector=vectors[7], k=3)
        assert hits[0].id == "v7" and hits[0].confidence is None
        assert list(hits.scores) == sorted(hits.scores, reverse=True)
        assert [hit.id for hit in hits] == col.search(vectors[7], k=3).ids
    assert not files(tmp_path / "few") and not files(tmp_path / "own")


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "text", "gone"])
def test_a_damaged_one_is_as_if_there_were_none(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "c"
    with om.open(path, encoder=om.Encoder(Toy())) as col:
        col.add(items(0, 200))
        col.compact()
    with om.open(path, mode="r", encoder=om.Encoder(Toy())) as col:
        learnt = confidences(col)
    (kept,) = files(path)
    kept.chmod(0o600)
    raw = bytearray(kept.read_bytes())
    match damage:
        case "flip":
            raw[len(raw) // 2] ^= 4
            kept.write_bytes(raw)
        case "cut":
            kept.write_bytes(raw[:100])
        case "empty":
            kept.write_bytes(b"")
        case "text":
            kept.write_bytes(b"not a calibration at all, but a text of some length")
        case _:
            kept.unlink()
    with om.open(path, mode="r", encoder=om.Encoder(Toy())) as col:
        assert None not in confidences(col) and confidences(col) != learnt
    with om.open(path, encoder=om.Encoder(Toy())) as col:
        col.compact()
    with om.open(path, mode="r", encoder=om.Encoder(Toy())) as col:
        assert confidences(col) == learnt


@pytest.mark.parametrize("damage", ["flip", "cut", "gone"])
def test_what_is_near_to_every_question_may_be_lost(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "c"
    with om.open(path, encoder=om.Encoder(Toy())) as col:
        col.add(items(0, 200))
        col.compact()
        expected = confidences(col)
    (near,) = (path / "calibration").glob("*.near")
    near.chmod(0o600)
    raw = bytearray(near.read_bytes())
    assert len(raw) == 8 + 16 + 8 + 26 + 8 + 2 * 200
    if damage == "gone":
        near.unlink()
    else:
        raw[-9] ^= 64
        near.write_bytes(raw if damage == "flip" else raw[:-3])
    with om.open(path, mode="r", encoder=om.Encoder(Toy())) as col:
        assert confidences(col) == expected


def test_each_state_of_a_transaction_has_its_own_confidences(tmp_path: Path) -> None:
    path = tmp_path / "c"
    with om.open(path, encoder=om.Encoder(Toy())) as col:
        col.add(items(0, 1))
        seen = []
        with col.transaction():
            for first, last in ((1, 2), (2, 110)):
                col.add(items(first, last))
                seen.append(confidences(col))
        seen.append(confidences(col))
        with om.open(path, mode="r", encoder=om.Encoder(Toy())) as reader:
            assert seen == [seen[0], confidences(reader), confidences(reader)]
        assert seen[0][0] != seen[1][0]
        with pytest.raises(KeyError), col.transaction():
            col.add(items(110, 120))
            assert confidences(col) != seen[-1]
            raise KeyError
        assert confidences(col) == seen[-1]


def test_a_collection_that_is_let_go_learns_nothing_more(tmp_path: Path) -> None:
    col = om.open(tmp_path / "c", encoder=om.Encoder(Toy()))
    col.add(items(0, 200))
    gone = weakref.ref(col)
    del col
    gc.collect()
    assert gone() is None and not files(tmp_path / "c")
    with om.open(tmp_path / "c", encoder=om.Encoder(Toy())) as again:
        assert again.count() == 200
