"""A collection belongs to the encoder that made it; vectors of two spaces never meet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import omnisearch as om
from omnisearch.encoder.parts import Modality
from omnisearch.encoder.protocol import Asked
from omnisearch.encoder.space import Space
from omnisearch.errors import OmnisearchError, SpaceMismatchError
from tests.encoder.plain import Plain

Vector = npt.NDArray[np.float32]
UNITS = np.eye(4, dtype=np.float32)


class Letters(Plain):
    """Texts by their first letter, turned by some angle that the fingerprint does not tell."""

    modalities: tuple[Modality, ...] = ("text",)
    dim, dims = 4, (4,)

    def __init__(self, fingerprint: str, angle: float = 0.0) -> None:
        self.name, self.angle = "letters", angle
        self.space = Space(self.name, fingerprint, 4)

    def embed(self, rows: Sequence[om.Row], asked: Asked) -> list[Vector | OmnisearchError]:
        turned = np.array([np.cos(self.angle), np.sin(self.angle), 0, 0], np.float32)
        return [turned for _ in rows]


def encoder(fingerprint: str, angle: float = 0.0) -> om.Encoder:
    return om.Encoder(Letters(fingerprint, angle))


@pytest.fixture
def made(tmp_path: Path) -> Path:
    path = tmp_path / "collection"
    with om.open(path, encoder=encoder("aaaa")) as col:
        col.add_vectors(["a", "b"], UNITS[:2])
        assert col.stats()["space"] == "letters aaaa 4"
    return path


def test_the_space_is_kept_and_the_same_encoder_goes_on(made: Path) -> None:
    for _ in range(2):
        with om.open(made, encoder=encoder("aaaa")) as col:
            col.upsert(["c"], UNITS[2:3])
            col.compact()
            assert col.stats()["space"] == "letters aaaa 4"
    assert om.open(made, mode="r", encoder=encoder("aaaa")).count() == 3


@pytest.mark.parametrize("mode", ["a", "r"])
def test_another_space_is_refused_with_both_names_and_a_remedy(made: Path, mode: str) -> None:
    said = "holds vectors of letters aaaa 4, not of letters bbbb 4: open it with the encoder that"
    with pytest.raises(SpaceMismatchError, match=said):
        om.open(made, mode=mode, encoder=encoder("bbbb"))  # type: ignore[arg-type]
    assert om.open(made).count() == 2


def test_an_encoder_that_changed_behind_its_fingerprint_is_found(made: Path) -> None:
    om.open(made, encoder=encoder("aaaa", angle=0.02)).close()
    with pytest.raises(SpaceMismatchError, match=r"when this collection was made .*text 0\.99"):
        om.open(made, encoder=encoder("aaaa", angle=0.1))
    om.open(made, mode="r", encoder=encoder("aaaa", angle=0.1))  # nothing is written there


def test_own_vectors_do_not_go_among_those_of_an_encoder(made: Path) -> None:
    with om.open(made) as col:
        with pytest.raises(SpaceMismatchError, match="not of own vectors: open it with encoder="):
            col.add_vectors(["own"], UNITS[3:])
        col.update(["a"], metadata=[{"price": 1}])
        assert col.delete(["b"]) == 1
        assert [hit.id for hit in col.search(UNITS[0])] == ["a"]


def test_a_collection_of_own_vectors_takes_no_encoder(tmp_path: Path) -> None:
    with om.open(tmp_path / "own") as col:
        col.add_vectors(["a"], UNITS[:1])
    with pytest.raises(SpaceMismatchError, match="holds vectors of own vectors, not of letters"):
        om.open(tmp_path / "own", encoder=encoder("aaaa"))


def test_vectors_of_another_length_were_not_made_by_it(tmp_path: Path) -> None:
    with om.open(tmp_path / "new", encoder=encoder("aaaa")) as col:
        with pytest.raises(SpaceMismatchError, match="3 dimensions, letters aaaa 4 gives 4"):
            col.add_vectors(["a"], np.ones((1, 3)))
        assert col.generation == 0


def test_repair_and_snapshots_keep_the_space(made: Path, tmp_path: Path) -> None:
    with om.open(made) as col:
        col.snapshot(tmp_path / "copy")
    om.repair(tmp_path / "copy")
    with pytest.raises(SpaceMismatchError, match="text"):
        om.open(tmp_path / "copy", encoder=encoder("aaaa", angle=0.1))
    om.open(tmp_path / "copy", encoder=encoder("aaaa")).close()
