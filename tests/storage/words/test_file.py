"""words.bin is derived: damaged, absent or foreign, what rows say is found all the same."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import omnisearch as om
from omnisearch.errors import CorruptCollectionError
from omnisearch.storage import changes, maintenance
from omnisearch.storage.handle import Handle, Options
from omnisearch.storage.origin import Origin
from omnisearch.storage.words.asking import ask
from omnisearch.storage.words.building import build
from omnisearch.storage.words.file import encode, open_words
from omnisearch.storage.words.loose import Block
from omnisearch.storage.words.scoring import Words
from tests.storage.words.test_scores import segments, texts

WORDS = "shards/*/words.bin"


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    handle = Handle(tmp_path / "c", Options())
    store = handle.for_encoding(Origin("toy 0 4", 4, dict))
    store.write(changes.keeping(segments(texts())))
    maintenance.compact_whole(store)
    handle.drop()
    yield tmp_path / "c"


def answers(root: Path, question: str = "red dog") -> list[int]:
    handle = Handle(root, Options(writable=False))
    found = handle.need().reading().words.scores(ask(question))
    handle.drop()
    return [int(position) for position in found.positions]


def test_the_bytes_are_these() -> None:
    data = b"".join(encode(build(["b a b", None, "a"])))
    assert data[:16].hex() == "4f4d4e49574f5244" + "01000000" + "01010100"
    assert np.frombuffer(data, "<u8", 7, 16).tolist() == [3, 2, 3, 4, 2, 2, 2]
    assert len(data) == 64 * 14
    sections = [data[at : at + 64] for at in range(128, len(data), 64)]
    assert [section.rstrip(b"\0").hex() for section in sections] == [
        "030001",
        "0000000000000000" + "0100000000000000" + "02",
        b"ab".hex(),
        "0000000000000000" + "0200000000000000" + "03",
        "00000000" + "02",
        "010102",
        "0000000000000000" + "0200000000000000" + "04",
        "0100" + "0002",
        "0000000000000000" + "0100000000000000" + "02",
        b"ab".hex(),
        "0000000000000000" + "0100000000000000" + "02",
        "00000000" + "01",
    ]


def test_it_reads_back_and_every_cut_is_refused() -> None:
    said = texts()
    data = b"".join(encode(build(said)))
    again = open_words(memoryview(data), len(said))
    both = [Words(len(said), [Block(0, one)]) for one in (again, build(said))]
    one, other = (words.scores(ask("red dog")) for words in both)
    assert one.positions.tolist() == other.positions.tolist()
    for size in range(0, len(data), 61):
        with pytest.raises(ValueError, match=r"words\.bin"):
            open_words(memoryview(data[:size]), len(said))
    with pytest.raises(ValueError, match="rows, not"):
        open_words(memoryview(data), len(said) + 1)


def test_no_byte_of_a_foreign_file_reads_past_an_array() -> None:
    """Whoever writes the file also writes its checksum, so every number may be a lie."""
    said = texts(rows=20)
    data = b"".join(encode(build(said)))
    asked = [ask("red dog 京都 猫"), ask('"on the"'), ask("runs", stems=True)]
    random = np.random.default_rng(4)
    for place in range(0, len(data), 3):
        lie = bytearray(data)
        lie[place] = int(random.integers(256))
        try:
            words = Words(20, [Block(0, open_words(memoryview(bytes(lie)), 20))])
            for one in asked:
                ranked = words.scores(one)
                assert ((ranked.positions >= 0) & (ranked.positions < 20)).all()
        except (ValueError, CorruptCollectionError):
            pass


@pytest.mark.parametrize("fault", ["flip", "gone", "short", "of another shard"])
def test_a_damaged_file_is_built_anew_and_mended(root: Path, tmp_path: Path, fault: str) -> None:
    wanted = answers(root)
    assert wanted
    (path,) = root.glob(WORDS)
    path.chmod(0o600)
    data = path.read_bytes()
    match fault:
        case "flip":
            path.write_bytes(data[:200] + bytes([data[200] ^ 1]) + data[201:])
        case "gone":
            path.unlink()
        case "short":
            path.write_bytes(data[:-64])
        case _:
            path.write_bytes(b"".join(encode(build(["x"]))))
    assert answers(root) == wanted
    problems = om.doctor(root).problems
    assert [problem.path for problem in problems] == [str(path)]
    assert "--repair" in problems[0].remedy
    assert om.repair(root).ok
    assert answers(root) == wanted


def test_a_collection_without_words_has_no_file(tmp_path: Path) -> None:
    with om.open(tmp_path / "c") as col:
        col.add_vectors(["a"], [[1, 0]], metadata=[{"text": "red"}])
        col.compact()
        assert list((tmp_path / "c").glob(WORDS)) == []
    assert answers(tmp_path / "c", "red") == []


def test_purged_words_are_in_no_file(root: Path, tmp_path: Path) -> None:
    secret = "abrakadabra"
    handle = Handle(root, Options())
    store = handle.for_changing()
    for then in (maintenance.seal, lambda store: None):
        store.write(changes.keeping(segments([f"the word {secret} is said"], 900)))
        then(store)
        assert answers(root) != []
    handle.drop()
    copy = Path(shutil.copytree(root, tmp_path / "before"))
    assert holding(copy, secret)
    with om.open(root, encoder=None) as col:
        assert col.delete(["row 900"], purge=True) == 1
    assert holding(root, secret) == []


def holding(root: Path, secret: str) -> list[Path]:
    files = [path for path in root.rglob("*") if path.is_file()]
    return [path for path in files if secret.encode() in path.read_bytes()]
