from pathlib import Path

import pytest

import omnisearch as om
from omnisearch.encoder.ocr import installed
from omnisearch.ingest import bounds
from omnisearch.ingest.extraction import EXTRACTOR
from omnisearch.ingest.options import Options
from tests.encoder.printed import LINES, needs_ocr, pdf_of, scanned, sheet
from tests.ingest.folder import contents, write_picture
from tests.media.pdf import Sheet, pdf


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Make a scan of two pages, a picture of print, a pattern, and a page with real words."""
    folder = tmp_path / "files"
    folder.mkdir()
    first, second = sheet(LINES[:5], points=12), sheet(LINES[5:9], points=12, top=300)
    (folder / "scan.pdf").write_bytes(pdf_of(scanned(first), second))
    sheet(LINES[9:11], side=600, points=14, left=40, top=200).save(folder / "sign.png")
    write_picture(folder / "pattern.png")
    (folder / "typed.pdf").write_bytes(pdf(Sheet(("A typed page of words",))))
    return folder


def said(col: om.Collection, name: str) -> dict[str, str | None]:
    """Give what the segments of a file say, by their spans and views."""
    rows = [row for row in col.iterate() if row.metadata["file.name"] == name]
    return {f"{row.view} {row.span}": row.words for row in rows}


@pytest.mark.skipif(installed(), reason="the extra ocr is installed")
def test_without_the_extra_a_run_says_how_many_pages_were_not_read(
    source: Path, col: om.Collection
) -> None:
    report = col.ingest(source)
    assert report.complete
    assert report.warnings == (
        "2 pages have no words that can be extracted. To read what pictures show, "
        "pip install 'omnisearch[ocr]'; the next ingest then reads them",
    )
    again = col.ingest(source)
    assert (again.unchanged, again.stored, again.warnings) == (4, 0, ())


def test_a_run_may_leave_print_unread(source: Path, col: om.Collection) -> None:
    report = col.ingest(source, ocr=False)
    assert (report.stored, report.warnings) == (4, ())
    assert [said(col, name).popitem() for name in ("scan.pdf", "sign.png")] == [
        ("content PageSpan(page=2, box=None)", None),
        ("content RegionSpan(box=(0.0, 0.0, 1.0, 1.0))", "sign"),
    ]
    versions = {row.metadata["file.name"]: row.metadata["file.extractor"] for row in col.iterate()}
    assert versions.pop("scan.pdf") == -EXTRACTOR  # so a run that can read it knows
    assert {versions.pop(name) for name in ("sign.png", "pattern.png")} == {-EXTRACTOR}
    assert set(versions.values()) == {EXTRACTOR}
    assert col.ingest(source, ocr=False).unchanged == 4


@needs_ocr
def test_print_of_scans_and_pictures_is_found_with_its_place(
    source: Path, col: om.Collection
) -> None:
    report = col.ingest(source)
    assert (report.stored, report.warnings) == (4, ())
    told = said(col, "scan.pdf")
    assert told["content PageSpan(page=1, box=None)"] == " ".join(LINES[:5])
    assert told["content PageSpan(page=2, box=None)"] == " ".join(LINES[5:9])
    question = col.encoder.encode(["what does a violin need?"], target="text")[0]
    best = next(hit for hit in col.search(question, k=5) if hit.view == "words")
    assert best.uri == (source / "sign.png").as_uri()
    assert best.snippet == " ".join(LINES[9:11])
    assert best.modality == "image"
    assert isinstance(best.span, om.RegionSpan)
    x, y, *_ = best.span.box
    assert x == pytest.approx(40 / 595, abs=0.02)
    assert y == pytest.approx(200 / 842, abs=0.02)
    question = col.encoder.encode(["granite cliffs and sea birds"], target="text")[0]
    best = next(hit for hit in col.search(question, k=5) if hit.view == "words")
    assert isinstance(best.span, om.PageSpan)
    assert best.span.page == best.metadata["doc.page"] == 2
    assert best.span.box is not None
    assert best.span.box[1] == pytest.approx(300 / 842, abs=0.02)
    assert list(said(col, "pattern.png").values()) == ["pattern"]
    assert all(words == "A typed page of words" for words in said(col, "typed.pdf").values())


@needs_ocr
def test_fewer_files_are_read_at_once_where_print_takes_memory() -> None:
    without, with_print = (
        bounds.of(Options(jobs=8, max_memory=2 << 30, ocr=ocr)) for ocr in (False, True)
    )
    assert without.workers > with_print.workers >= 1
    assert with_print.segments <= without.segments


@needs_ocr
def test_scans_that_were_left_unread_are_read_by_the_next_run(
    tmp_path: Path, source: Path, col: om.Collection, encoder: om.Encoder
) -> None:
    col.ingest(source, ocr=False)
    assert col.ingest(source, ocr=False).unchanged == 4
    report = col.ingest()
    assert (report.stored, report.unchanged) == (3, 1)
    assert "violin" in " ".join(filter(None, said(col, "sign.png").values()))
    assert " ".join(LINES[:5]) in said(col, "scan.pdf").values()
    assert col.ingest().unchanged == 4
    with om.open(tmp_path / "other", encoder=encoder) as other:
        other.ingest(source / "scan.pdf")
    once = contents(tmp_path / "other")
    both = contents(tmp_path / "collection")
    assert {row: both[row][-1] for row in once} == {row: one[-1] for row, one in once.items()}
