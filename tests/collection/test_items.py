"""Records of several parts: one vector together, one for the words, all or nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import xxhash
from PIL import Image

import omnisearch as om
from omnisearch.encoder.parts import Modality, Part
from omnisearch.encoder.protocol import Asked
from omnisearch.encoder.space import Space
from omnisearch.errors import InputError, OmnisearchError, PartError, SpaceMismatchError
from omnisearch.remembered import lasting
from omnisearch.storage.handle import Handle, Options
from omnisearch.storage.ledger import Ledger
from omnisearch.storage.origin import Origin
from omnisearch.storage.words.asking import ask
from tests.encoder.plain import Plain

Vector = npt.NDArray[np.float32]
DIM = 8
RED = Image.new("RGB", (8, 8), "red")


class Toy(Plain):
    """Parts by what they hold; those that are read together are one direction of their own."""

    modalities: tuple[Modality, ...] = ("text", "image", "document")
    dim, dims, name = DIM, (DIM,), "toy"
    space = Space("toy", "aaaa", DIM)

    def joins(self, parts: Sequence[Part]) -> bool:
        return True

    def embed(self, rows: Sequence[om.Row], asked: Asked) -> list[Vector | OmnisearchError]:
        return [self._one(row) for row in rows]

    def _one(self, row: om.Row) -> Vector | OmnisearchError:
        told = [part.text if isinstance(part, om.Text) else part.modality for part in row.parts]
        if "bad" in told:
            return PartError("the text is bad")
        return direction("|".join(told))


def direction(told: str) -> Vector:
    vector = np.random.default_rng(xxhash.xxh3_64_intdigest(told.encode())).normal(size=DIM)
    return (vector / np.linalg.norm(vector)).astype("f4")


@pytest.fixture
def col(tmp_path: Path) -> om.Collection:
    return om.open(tmp_path / "c", encoder=om.Encoder(Toy()))


def test_parts_are_one_vector_and_words_another(col: om.Collection) -> None:
    item = om.Item("sku/1", text="red shoe", image=RED, metadata={"price": 40})
    assert col.add([item, om.Item("note", text="soup")]) == 1
    records = list(col.iterate(vectors=True))
    assert [(one.id, one.item, one.view, one.modality) for one in records] == [
        ("sku/1", "sku/1", "content", "image"),
        ("sku/1~words", "sku/1", "words", "image"),
        ("note", "note", "words", "text"),
    ]
    told = ["red shoe|image", "red shoe", "soup"]
    for record, words in zip(records, told, strict=True):
        assert record.vector == pytest.approx(direction(words), abs=2e-3)
    assert [one.words for one in records] == ["red shoe", "red shoe", "soup"]
    assert [dict(one.metadata) for one in records] == [{"price": 40}, {"price": 40}, {}]
    hit = col.search(direction("red shoe|image"), k=1)[0]
    assert (hit.id, hit.snippet, hit.uri, hit.span) == ("sku/1", "red shoe", None, None)
    stats = col.stats()
    assert (stats["items"], stats["segments"]) == (2, 2)
    assert stats["modalities"] == {"text": 1, "image": 1}


def test_long_words_are_all_found(col: om.Collection) -> None:
    col.add([om.Item("long", text="much " * 5000 + "needle"), om.Item("other", text="hay")])
    now = col._handle.need().reading()
    found = now.words.scores(ask("needle"))
    assert [now.id_at(at) for at in found.positions.tolist()] == ["long"]
    snippet = col.search(direction("hay"), k=2)[1].snippet
    assert snippet is not None
    assert snippet.endswith("much …")
    assert len(snippet) < 250


def test_a_stored_id_is_refused_or_replaced_whole(col: om.Collection) -> None:
    col.add([om.Item("a", text="one", image=RED, metadata={"n": 1})])
    for again in (om.Item("a", text="two"), om.Item("a", image=RED)):
        with pytest.raises(InputError, match=r"'a'.* is stored already.*replace=True"):
            col.add([om.Item("b", text="three"), again])
    assert (col.generation, col.count()) == (1, 2)
    assert col.add([om.Item("a", text="two")], replace=True) == 2
    assert [(one.id, one.view, one.words) for one in col.iterate()] == [("a", "words", "two")]


def test_deleting_an_item_deletes_all_its_rows(col: om.Collection) -> None:
    col.add([om.Item(name, text="x", image=RED) for name in ("a", "b", "c")])
    assert col.delete(["a", "nobody"]) == 2
    assert col.delete(["b~words"]) == 1
    assert [one.id for one in col.iterate()] == ["b", "c", "c~words"]
    assert col.delete(["c"], purge=True) == 2
    assert [one.id for one in col.iterate()] == ["b"]


def test_metadata_of_an_item_stays_the_same_in_all_its_rows(col: om.Collection) -> None:
    col.add([om.Item(name, text="x", image=RED, metadata={"n": 1, "m": 1}) for name in ("a", "b")])
    col.update(["a"], metadata=[{"n": 2, "m": None}])
    assert [dict(one.metadata) for one in col.iterate(where="n = 2")] == [{"n": 2}, {"n": 2}]
    assert col.count("n = 1 and m = 1") == 2
    col.update(["b~words"], metadata=[{"n": 3}])
    assert [one.id for one in col.iterate(where="n = 3")] == ["b~words"]
    with pytest.raises(InputError, match="the same row"):
        col.update(["b", "b~words"], metadata=[{"n": 4}, {"n": 5}])
    with pytest.raises(InputError, match="'nobody' is not stored"):
        col.update(["b", "nobody"], metadata=[{"n": 4}, {"n": 5}])
    assert col.count("n > 3") == 0


def test_a_user_may_name_rows_like_words(tmp_path: Path) -> None:
    with om.open(tmp_path / "own") as own:
        own.add_vectors(["a", "a~words"], np.eye(2))
        assert own.delete(["a"]) == 1
        assert own.get(["a~words"])[0] is not None


def test_a_page_gives_its_words(col: om.Collection) -> None:
    col.add([om.Item("p", document=om.Document(RED, words="an invoice"))])
    assert [(one.id, one.modality, one.words) for one in col.iterate()] == [
        ("p", "document", "an invoice"),
        ("p~words", "document", "an invoice"),
    ]


BAD: dict[str, tuple[Any, type[Exception], str]] = {
    "no part": ([om.Item("a")], InputError, "item 'a' has no part"),
    "a reserved name": ([om.Item("a", text="x", metadata={"file.name": 1})], InputError, "taken"),
    "no file": ([om.Item("a", document="/no/such.pdf")], PartError, "item 'a'.*does not open"),
    "a page of nothing": ([om.Item("a", document=b"%PDF-1.4")], PartError, "item 'a'"),
    "what the model refuses": ([om.Item("a", text="bad")], PartError, "item 'a': the text is bad"),
    "no list": (om.Item("a", text="x"), TypeError, "list of omnisearch.Item"),
    "no item": (["a"], TypeError, "item 0 is str"),
    "no text": ([om.Item("a", text=b"x")], TypeError, "text is bytes"),  # type: ignore[arg-type]
    "no mapping": ([om.Item("a", text="x", metadata=3)], TypeError, "no mapping"),  # type: ignore[arg-type]
    "twice": ([om.Item("a", text="x"), om.Item("a", text="y")], InputError, "comes twice"),
    "an empty id": ([om.Item("", text="x")], InputError, "is empty"),
    "NaN": ([om.Item("a", text="x", metadata={"n": float("nan")})], InputError, "NaN"),
    "what it cannot hear": ([om.Item("a", audio=b"x")], PartError, "does not read audio"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said_and_nothing_is_stored(col: om.Collection, case: str) -> None:
    items, error, said = BAD[case]
    with pytest.raises(error, match=said):
        col.add(items)
    assert not col.path.exists()
    col.add([om.Item("good", text="x")])
    many = [*items, om.Item("more", text="y")] if isinstance(items, list) else items
    with pytest.raises(error):
        col.add(many)
    assert (col.generation, col.count()) == (1, 1)


def test_nothing_to_add_makes_nothing(col: om.Collection) -> None:
    assert col.add([]) == 0
    assert not col.path.exists()


def test_items_and_own_vectors_never_meet(tmp_path: Path) -> None:
    with om.open(tmp_path / "own") as own:
        own.add_vectors(["a"], np.eye(DIM)[:1])
        with pytest.raises(SpaceMismatchError, match="of the user's own"):
            own.add([om.Item("b", text="x")])
        with pytest.raises(SpaceMismatchError, match="own"):
            _ = own.encoder


def test_an_unknown_encoder_must_be_given_again(col: om.Collection) -> None:
    col.add([om.Item("a", text="x")])
    with om.open(col.path, mode="r") as reader:
        assert reader.count() == 1
        with pytest.raises(SpaceMismatchError, match="made with toy, which is not on this machine"):
            _ = reader.encoder


@pytest.mark.parametrize("name", ["http://127.0.0.1:9/v1#m", "nobody/never"])
def test_no_server_is_asked_because_a_collection_says_so(tmp_path: Path, name: str) -> None:
    handle = Handle(tmp_path / "c", Options())
    handle.for_encoding(Origin(f"{name} aaaa 8", DIM, dict, name))
    handle.drop()
    with om.open(tmp_path / "c") as col, pytest.raises(SpaceMismatchError, match="not on this"):
        col.add([om.Item("a", text="a secret")])


def test_the_name_of_the_encoder_outlives_compaction_and_repair(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    name = lasting(os.path.relpath(tmp_path / "model"))
    assert name == str(tmp_path / "model")
    assert lasting("omni-mini") == "omni-mini"
    handle = Handle(tmp_path / "c", Options())
    store = handle.for_encoding(Origin("toy aaaa 8", DIM, dict, name))
    store.write_ledger(Ledger(ignored=frozenset(["0:a"])))
    handle.drop()
    with om.open(tmp_path / "c", encoder=om.Encoder(Toy())) as col:
        col.add([om.Item("a", text="x")])
        col.compact()
    (tmp_path / "c" / "HEAD").unlink()
    assert om.repair(tmp_path / "c").ok
    handle = Handle(tmp_path / "c", Options())
    made = handle.origin()
    assert made is not None
    assert (made.encoder, made.dim) == (name, DIM)
    assert handle.need().read_ledger().ignored == {"0:a"}
    handle.drop()
