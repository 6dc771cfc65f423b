"""Twenty documents of each kind, whose every sentence is found by its words and on its page."""

from __future__ import annotations

from pathlib import Path

import pytest

import omnisearch as om
from tests.media.office.passages import sentence
from tests.media.office.writers import WRITERS

DOCUMENTS, PAGES, SENTENCES = 20, 3, 4
MODULES = {"docx": "docx", "pptx": "pptx", "xlsx": "openpyxl"}


def number(document: int, page: int, place: int) -> int:
    return (document * PAGES + page) * SENTENCES + place


def pages(document: int) -> list[list[str]]:
    return [
        [sentence(number(document, page, place)) for place in range(SENTENCES)]
        for page in range(PAGES)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("kind", WRITERS)
def test_every_sentence_is_found_where_it_stands(
    kind: str, tmp_path: Path, col: om.Collection
) -> None:
    if kind in MODULES:
        pytest.importorskip(MODULES[kind])
    folder = tmp_path / "files"
    folder.mkdir()
    for document in range(DOCUMENTS):
        (folder / f"{document}.{kind}").write_bytes(WRITERS[kind](pages(document)))
    report = col.ingest(folder)
    assert (report.stored, report.failed, report.skipped) == (DOCUMENTS, 0, 0)
    missed = []
    for document in range(DOCUMENTS):
        for page in range(PAGES):
            for place in range(SENTENCES):
                said = sentence(number(document, page, place))
                hit = col.query(text=f'"{said}"', mode="words", k=1)[0]
                assert hit.metadata["file.type"] == kind and hit.modality == "document"
                where = hit.metadata["file.name"], hit.span and hit.span.as_json()["page"]
                if where != (f"{document}.{kind}", page + 1):
                    missed.append((said, where))
    assert missed == []
