"""Collections of files of every released format open with today's code and answer as they did."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import omnisearch as om
from omnisearch.records import span_of
from omnisearch.storage import layout, origin
from omnisearch.storage.rows import original
from omnisearch.storage.words.asking import ask
from tests.formats.make_files import AT, CANARIES, DIM, ITEMS, LEDGER, SPACE, said, segments, spans

HERE = Path(__file__).parent
VERSIONS = sorted(HERE.glob("files-v*"))
GONE, MISSING = (4, 104), 3
SHOWN = [n for n in range(ITEMS) if n not in (*GONE, MISSING)]


@pytest.fixture(params=VERSIONS, ids=lambda path: str(path.name))
def golden(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    root = Path(shutil.copytree(request.param, tmp_path / "golden"))
    for name in layout.FOLDERS:  # git keeps no empty folder
        (root / name).mkdir(exist_ok=True)
    return root


def check(root: Path) -> None:
    """Compare everything with what was put in."""
    with om.open(root, mode="r") as col:
        assert col.verify().ok
        figures = col.stats()
        assert (figures["items"], figures["segments"]) == (len(SHOWN), 2 * len(SHOWN))
        assert (figures["space"], figures["missing"], figures["failures"]) == (SPACE, 1, 1)
        rows = segments(SHOWN)
        now = col._need()
        positions = now.find(rows.ids)
        assert original(now, positions) == pytest.approx(rows.vectors, rel=2e-3, abs=2e-3)
        for name, record in zip(rows.ids, col.get(rows.ids), strict=True):
            n, part = int(name.split("#")[0].removeprefix("item ")), int(name.split("#")[1][0])
            assert record is not None
            assert (record.item, record.span) == (f"item {n}", span_of(spans(n)[part]))
            assert record.words == (said(n) if part == 0 else None)
            assert record.view == ("words" if name.endswith("~words") else "content")
            assert (record.metadata["price"], record.metadata["file.modified"]) == (n / 4, AT)
        assert col.count("price >= 25 and price < 26") == 12  # items 100 to 103


def words_of(root: Path, question: str) -> list[str]:
    with om.open(root, mode="r") as col:
        now = col._need()
        found = now.words.scores(ask(question, stems=True), now.shown)
        return sorted(now.id_at(position) for position in found.positions.tolist())


def test_files_of_an_old_collection_are_what_they_were(golden: Path) -> None:
    check(golden)
    with om.open(golden, mode="r") as col:
        assert [(one.path, one.stage, one.reason) for one in col.files.failures] == [
            (b"/home/me/files/broken.png", "decode", "is cut short")
        ]
        assert col._handle.need().read_ledger() == LEDGER
        assert np.allclose(
            origin.unpacked(dict(_canaries(col)))["text"], CANARIES["text"], atol=1e-3
        )
        hit = col.query(vector=_vector(9), k=1, recall=1.0)[0]
        assert (hit.id, hit.modality) == ("item 9#0", "document")
        assert hit.locations == (
            "file:///home/me/files/sub/9.bin",
            "file:///home/me/files/copy/9.bin",
        )
        (moved,) = col.get(["item 2#1"])
        assert moved is not None and moved.locations == ("0:new/2.bin",)


def test_words_of_an_old_collection_are_found(golden: Path) -> None:
    marked = [f"item {n}#0~words" for n in SHOWN]
    assert words_of(golden, "runners") == sorted(marked)  # another form of what all say
    violin = [n for n in SHOWN if 3 in (n % 10, n // 10 % 10)]
    assert words_of(golden, "VIOLIN") == sorted(f"item {n}#0~words" for n in violin)
    assert words_of(golden, '"number 17"') == ["item 17#0~words"]
    assert words_of(golden, "京都") == sorted(marked)


def test_an_old_collection_of_files_can_be_written(golden: Path) -> None:
    before = {one: words_of(golden, one) for one in ("violin", "runner", '"number 17"')}
    with om.open(golden) as col:
        col.compact()
    check(golden)
    assert {one: words_of(golden, one) for one in before} == before


def test_old_files_are_exported_and_come_back(golden: Path, tmp_path: Path) -> None:
    with om.open(golden, mode="r") as col:
        assert col.export(tmp_path / "out") == 3 * len(SHOWN)
    with om.open(tmp_path / "again") as col:
        for part in om.read_vectors(tmp_path / "out").batches():
            col.restore(part)
        assert col._handle.need().read_ledger() == LEDGER
        assert col.count() == 3 * len(SHOWN)
    assert words_of(tmp_path / "again", "violin") == words_of(golden, "violin")


def _vector(n: int) -> np.ndarray:
    found: np.ndarray = segments([n]).vectors[0]
    assert found.shape == (DIM,)
    return found


def _canaries(col: om.Collection) -> dict[str, str]:
    return col._need().sealed.manifest.canaries
