"""OpenDocument: texts, slides and sheets."""

from __future__ import annotations

import pytest

from omnisearch.errors import MediaError
from omnisearch.media.office.leaf import Room
from omnisearch.media.office.opened import document
from tests.ingest.extracting import extracted
from tests.media.office.raw import odf, package, picture


def lines(content: bytes) -> list[tuple[int, list[str]]]:
    found = document(content, Room(10_000_000, 2_000)).leaves
    return [(one.number, [line for line in one.text.splitlines() if line]) for one in found]


def test_a_text_is_read_with_its_notes_tables_and_pages() -> None:
    body = (
        "<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>"
        "<text:h text:outline-level='1'>Tides</text:h>"
        "<text:p>The tide<text:s/> <text:span>rose</text:span><text:note><text:note-citation>1"
        "</text:note-citation><text:note-body><text:p>At noon.</text:p></text:note-body>"
        "</text:note> high.</text:p><table:table><table:table-row><table:table-cell><text:p>port"
        "</text:p></table:table-cell><table:table-cell><text:p>depth</text:p></table:table-cell>"
        "</table:table-row></table:table><text:p>end of one<text:soft-page-break/>and two</text:p>"
        "<text:soft-page-break/><text:p>three</text:p>"
    )
    assert lines(odf("text", body)) == [
        (1, ["Tides", "The tide  rose high.", "At noon.", "port | depth", "end of one"]),
        (2, ["and two"]),
        (3, ["three"]),
    ]


def test_without_a_layout_styles_part_pages() -> None:
    styles = (
        "<style:style style:name='P1'><style:paragraph-properties fo:break-before='page'/>"
        "</style:style>"
    )
    body = "<text:p>one</text:p><text:p text:style-name='P1'>two</text:p>"
    assert lines(odf("text", body, styles=styles)) == [(1, ["one"]), (2, ["two"])]


def test_slides_have_titles_notes_and_pictures() -> None:
    title = "<draw:frame presentation:class='title'><text:p>Title {0}</text:p></draw:frame>"
    image = "<draw:image xlink:href='Pictures/{0}.png'/><svg:desc>map {0}</svg:desc>"
    notes = "<presentation:notes><text:p>say {0}</text:p></presentation:notes>"
    slide = f"<draw:page>{title}<draw:frame>{image}</draw:frame>{notes}</draw:page>"
    slides = slide.format(1) + slide.format(2)
    more = {f"Pictures/{n}.png": picture(n) for n in (1, 2)}
    item, segments, end = extracted(odf("presentation", slides, more=more), "a.pptx")
    assert item.fields["type"] == "odp" and item.fields["notes"] == ["called .pptx, holds odp"]
    told = [
        (one.fields["modality"], one.fields["span"]["page"], str(one.fields["words"]).split())
        for one in segments
    ]
    assert told == [
        ("document", 1, "Title 1 map 1 say 1".split()),
        ("image", 1, ["map", "1"]),
        ("document", 2, "Title 2 map 2 say 2".split()),
        ("image", 2, ["map", "2"]),
    ]
    assert end.fields["columns"] == {"doc.pages": 2}


def test_sheets_are_read_row_by_row() -> None:
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    empty = "<table:table-cell table:number-columns-repeated='16384'/>"
    rows = "".join(
        f"<table:table-row>{cell.format(a)}{cell.format(b)}{empty}</table:table-row>"
        for a, b in (("port", "depth"), ("Calais", 12))
    )
    far = f"<table:table-row table:number-rows-repeated='1048574'>{empty}</table:table-row>"
    tables = (
        f"<table:table table:name='Ports'>{rows}{far}</table:table><table:table table:name='B'/>"
    )
    assert lines(odf("spreadsheet", tables)) == [
        (1, ["Ports", "port | depth", "Calais | 12"]),
        (2, ["B"]),
    ]


def test_what_a_document_says_of_itself_and_that_it_is_locked() -> None:
    item, _, _ = extracted(odf("text", "<text:p>words</text:p>"), "a.odt")
    assert item.fields["columns"]["doc.title"] == "Harbour" and item.fields["notes"] == []
    locked = {
        "META-INF/manifest.xml": "<manifest:manifest "
        "xmlns:manifest='urn:oasis:names:tc:opendocument:xmlns:manifest:1.0'>"
        "<manifest:encryption-data/></manifest:manifest>"
    }
    with pytest.raises(MediaError, match="opens with a password only"):
        extracted(odf("text", "<text:p>words</text:p>", more=locked), "a.odt")


def test_entities_are_refused() -> None:
    content = package(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]><d>&x;</d>',
        }
    )
    with pytest.raises(MediaError, match="declares a document type"):
        extracted(content, "a.odt")
