"""Pictures inside documents are cut out as they are; of pages that nobody drew there are words."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import omnisearch as om
from omnisearch.errors import MediaError, QueryError
from omnisearch.ingest.scans import _within
from omnisearch.records import Modality
from tests.media.office.raw import paragraph, picture, word

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def col(tmp_path_factory: pytest.TempPathFactory) -> Iterator[om.Collection]:
    """Take in a document with words, two pictures, and words."""
    folder = tmp_path_factory.mktemp("files")
    drawn = "".join(
        f'<w:p><w:r><w:drawing><wp:docPr descr="{shows}"/><a:blip r:embed="r{n}"/>'
        "</w:drawing></w:r></w:p>"
        for n, shows in enumerate(("a sketch of the harbour", ""))
    )
    told = [(f"r{n}", "image", f"media/{n}.png") for n in range(2)]
    more = {f"word/media/{n}.png": picture(n) for n in range(2)}
    body = paragraph("The tide rose at noon.") + drawn + paragraph("The boats came back.")
    (folder / "report.docx").write_bytes(word(body, *told, more=more))
    with om.open(tmp_path_factory.mktemp("col") / "index", encoder=om.Encoder.load()) as made:
        assert made.ingest(folder).stored == 1
        yield made


def hits(col: om.Collection, modality: Modality) -> list[om.Hit]:
    found = col.query(text="harbour", k=10, modality=[modality], group_by="none")
    return sorted(found, key=lambda hit: str(hit.span))


def test_each_picture_is_cut_out_whole(col: om.Collection, tmp_path: Path) -> None:
    found = hits(col, "image")
    assert len(found) == 2
    with om.Cutter() as cutter:
        for number, hit in enumerate(found):
            made = cutter.extract(hit, tmp_path / f"{number}.png")
            expected = np.asarray(Image.open(io.BytesIO(picture(number))))
            assert np.array_equal(np.asarray(Image.open(made.path)), expected)
            shown = cutter.thumbnail(hit, 32)
            assert shown is not None and shown.size == (32, 32)


def test_what_is_printed_in_a_picture_is_a_box_of_it(col: om.Collection, tmp_path: Path) -> None:
    hit = hits(col, "image")[1]
    assert isinstance(hit.span, om.PageSpan)
    box = _within(hit.span.box, (0.25, 0.5, 0.5, 0.25))
    part = replace(hit, span=om.PageSpan(1, box))
    with om.Cutter() as cutter:
        made = cutter.extract(part, tmp_path / "part.png")
    whole = np.asarray(Image.open(io.BytesIO(picture(1))))
    assert np.array_equal(np.asarray(Image.open(made.path)), whole[32:48, 16:48])


def test_of_a_page_there_are_words_and_no_picture(col: om.Collection, tmp_path: Path) -> None:
    (hit,) = hits(col, "document")
    details = col.details(hit.id)
    assert details is not None
    with om.Cutter() as cutter:
        assert cutter.thumbnail(hit) is None
        made = cutter.extract(details, tmp_path)
        assert made.path.name.startswith("report_page1") and made.path.suffix == ".txt"
        said = made.path.read_text().split("\n\n")
        assert said[0] == "The tide rose at noon." and said[-1].strip() == "The boats came back."
        with pytest.raises(QueryError, match=r"no pdf is made of document; give one of .txt"):
            cutter.extract(details, tmp_path / "page.pdf")


def test_a_picture_that_is_gone_is_told(col: om.Collection, tmp_path: Path) -> None:
    hit = replace(hits(col, "image")[0], span=om.PageSpan(7, (0.0, 0.5, 1.0, 0.1)))
    with om.Cutter() as cutter, pytest.raises(MediaError, match="no picture there any more"):
        cutter.extract(hit, tmp_path / "a.png")


def test_a_document_may_be_asked_with(col: om.Collection, tmp_path: Path) -> None:
    path = tmp_path / "question.docx"
    path.write_bytes(word(paragraph("When did the tide rise?")))
    assert col.query(document=path, k=1)[0].metadata["file.name"] == "report.docx"
