"""Word documents: what is read, in which order, on which page."""

from __future__ import annotations

import io

import pytest

from omnisearch.media.caps import Caps
from omnisearch.media.office.leaf import PLACE, Leaf, Room
from omnisearch.media.office.opened import document
from tests.ingest.extracting import extracted, said
from tests.media.office.raw import W, package, paragraph, picture, relations, word

PAGE = '<w:r><w:br w:type="page"/></w:r>'
LAID_OUT = "<w:r><w:lastRenderedPageBreak/></w:r>"


def leaves(content: bytes) -> list[Leaf]:
    return list(document(content, Room(10_000_000, 2_000)).leaves)


def lines(content: bytes) -> list[list[str]]:
    return [[line for line in leaf.text.splitlines() if line] for leaf in leaves(content)]


def test_headings_stay_with_their_passages() -> None:
    long = " ".join(f"word{n} goes on and on." for n in range(100))
    styles = (
        f"<w:styles {W}><w:style w:styleId='kop'><w:name w:val='heading 2'/></w:style></w:styles>"
    )
    content = word(
        paragraph("Tides", "kop") + paragraph(long),
        ("r1", "styles", "styles.xml"),
        more={"word/styles.xml": styles},
    )
    passages = said(content, "a.docx")
    assert len(passages) > 2
    assert all(one.startswith("Tides\n") for one in passages)


@pytest.mark.parametrize("style", ["Heading1", "Heading9"])
def test_styles_that_nobody_defined_are_known_by_their_names(style: str) -> None:
    (leaf,) = leaves(word(paragraph("Top", style) + paragraph("below")))
    assert [one.heading for one in leaf.paragraphs] == ["", "Top"]


def test_what_was_deleted_is_gone_and_what_was_inserted_is_there() -> None:
    body = (
        "<w:p><w:r><w:t>We </w:t></w:r><w:del><w:r><w:delText>never </w:delText>"
        "<w:t>lost</w:t></w:r></w:del><w:ins><w:r><w:t>always </w:t></w:r></w:ins>"
        "<w:moveFrom><w:r><w:t>gone</w:t></w:r></w:moveFrom><w:r><w:t>sail</w:t></w:r>"
        "<w:r><w:instrText>PAGE</w:instrText></w:r></w:p>"
    )
    assert lines(word(body)) == [["We always sail"]]


def test_of_alternatives_the_first_is_read() -> None:
    box = "<w:txbxContent>{}</w:txbxContent>"
    body = (
        "<w:p><w:r><mc:AlternateContent><mc:Choice Requires='wps'>"
        f"{box.format(paragraph('in a box'))}</mc:Choice><mc:Fallback>"
        f"{box.format(paragraph('in an old box'))}</mc:Fallback></mc:AlternateContent></w:r>"
        "<w:r><w:t>beside it</w:t></w:r></w:p>"
    )
    assert lines(word(body)) == [["in a box", "beside it"]]


def test_tables_are_read_row_by_row_also_inside_cells() -> None:
    inner = f"<w:tbl><w:tr><w:tc>{paragraph('deep')}</w:tc></w:tr></w:tbl>"
    rows = (
        f"<w:tr><w:tc>{paragraph('port')}</w:tc><w:tc>{paragraph('depth')}</w:tc></w:tr>"
        f"<w:tr><w:tc>{paragraph('Calais')}{inner}</w:tc><w:tc>{paragraph('')}</w:tc></w:tr>"
    )
    assert lines(word(f"<w:tbl>{rows}</w:tbl>")) == [["port | depth", "Calais deep"]]


def test_notes_stand_behind_the_paragraph_that_names_them() -> None:
    notes = (
        f"<w:footnotes {W}><w:footnote w:id='0' w:type='separator'>{paragraph('---')}"
        f"</w:footnote><w:footnote w:id='2'>{paragraph('Measured at noon.')}</w:footnote>"
        "</w:footnotes>"
    )
    body = (
        "<w:p><w:r><w:t>Three metres</w:t></w:r><w:r><w:footnoteReference w:id='2'/></w:r></w:p>"
        + paragraph("Next.")
    )
    content = word(body, ("r1", "footnotes", "footnotes.xml"), more={"word/footnotes.xml": notes})
    assert lines(content) == [["Three metres", "Measured at noon.", "Next."]]


def test_headers_come_first_and_footers_last() -> None:
    more = {
        "word/h.xml": f"<w:hdr {W}>{paragraph('Confidential')}</w:hdr>",
        "word/f.xml": f"<w:ftr {W}>{paragraph('Printed on paper')}</w:ftr>",
    }
    told = (("r1", "header", "h.xml"), ("r2", "footer", "f.xml"), ("r3", "header", "h.xml"))
    assert lines(word(paragraph("Body"), *told, more=more)) == [
        ["Confidential", "Body", "Printed on paper"]
    ]


def test_pages_are_those_of_the_last_layout() -> None:
    body = (
        paragraph("one") + f"<w:p>{PAGE}</w:p><w:p>{LAID_OUT}<w:r><w:t>two</w:t></w:r></w:p>"
        f"<w:p><w:r><w:t>still two, </w:t></w:r>{LAID_OUT}<w:r><w:t>three</w:t></w:r></w:p>"
    )
    found = leaves(word(body))
    assert [(leaf.number, leaf.text.split()) for leaf in found] == [
        (1, ["one"]),
        (2, ["two", "still", "two,"]),
        (3, ["three"]),
    ]


def test_without_a_layout_breaks_of_the_text_part_pages() -> None:
    section = "<w:p><w:pPr><w:sectPr>{}</w:sectPr></w:pPr><w:r><w:t>{}</w:t></w:r></w:p>"
    body = (
        f"<w:p><w:r><w:t>one</w:t></w:r>{PAGE}<w:r><w:t>two</w:t></w:r></w:p>"
        + section.format("<w:type w:val='continuous'/>", "also two")
        + section.format("", "two again")
        + "<w:p><w:pPr><w:pageBreakBefore/></w:pPr><w:r><w:t>four</w:t></w:r></w:p>"
    )
    assert [(leaf.number, leaf.text.split()) for leaf in leaves(word(body))] == [
        (1, ["one"]),
        (2, ["two", "also", "two", "two", "again"]),
        (4, ["four"]),
    ]


def drawn(key: str, shows: str = "") -> str:
    return (
        f'<w:p><w:r><w:drawing><wp:docPr descr="{shows}"/><a:blip r:embed="{key}"/>'
        "</w:drawing></w:r></w:p>"
    )


def test_pictures_are_segments_with_their_place_and_what_they_are_said_to_show() -> None:
    body = (
        paragraph("before") + drawn("r1", "A red lighthouse") + paragraph("after")
        + drawn("r1") + drawn("r2", "Picture 7") + drawn("r3")
    )  # fmt: skip
    told = [(f"r{n}", "image", f"media/{n}.png") for n in (1, 2, 3)]
    more = {
        "word/media/1.png": picture(1),
        "word/media/2.png": picture(2),
        "word/media/3.png": picture(3, side=16),
    }
    item, segments, end = extracted(word(body, *told, more=more), "a.docx")
    assert item.fields["type"] == "docx" and not end.fields["damaged"]
    text, one, other = segments
    assert str(text.fields["words"]).split() == "before A red lighthouse after".split()
    assert (one.fields["modality"], one.fields["view"]) == ("image", "both")
    assert one.fields["words"] == "A red lighthouse"
    assert (other.fields["view"], other.fields["words"]) == ("content", None)
    assert one.arrays["image"].shape == (64, 64, 3)
    spans = [piece.fields["span"] for piece in segments]
    assert all(span["page"] == 1 for span in spans)
    (leaf,) = leaves(word(body, *told, more=more))
    where = [round(span["box"][1] * len(leaf.text)) for span in spans[1:]]
    assert [leaf.text[at] for at in where] == [PLACE, PLACE] and where[0] < where[1]


def test_a_damaged_picture_leaves_the_words() -> None:
    more = {"word/media/1.png": picture()[:90]}
    content = word(paragraph("words") + drawn("r1"), ("r1", "image", "media/1.png"), more=more)
    _, segments, end = extracted(content, "a.docx")
    assert [piece.fields["words"] for piece in segments] == ["words"]
    assert end.fields["damaged"] is True


def test_charts_and_diagrams_say_their_words() -> None:
    space = "http://schemas.openxmlformats.org/drawingml/2006"
    chart = (
        f'<c:chartSpace xmlns:c="{space}/chart" xmlns:a="{space}/main"><a:p><a:r><a:t>Catch</a:t>'
        "</a:r></a:p><c:strCache><c:pt><c:v>Herring</c:v></c:pt></c:strCache>"
        "<c:numCache><c:pt><c:v>12.5</c:v></c:pt></c:numCache></c:chartSpace>"
    )
    body = (
        f'<w:p><w:r><w:drawing><c:chart xmlns:c="{space}/chart" r:id="r1"/></w:drawing></w:r></w:p>'
    )
    content = word(body, ("r1", "chart", "charts/c.xml"), more={"word/charts/c.xml": chart})
    assert lines(content) == [["Catch", "Herring"]]


def test_caps_cut_and_say_so() -> None:
    body = "".join(f"<w:p>{PAGE}<w:r><w:t>page {n}</w:t></w:r></w:p>" for n in range(9))
    _, segments, end = extracted(word(body), "a.docx", Caps(pages=4))
    assert end.fields["truncated"] is True and end.fields["columns"] == {"doc.pages": 4}
    assert [piece.fields["words"] for piece in segments] == ["page 0", "page 1", "page 2"]
    _, segments, end = extracted(word(paragraph("x" * 500)), "a.docx", Caps(text=100))
    assert end.fields["truncated"] is True
    assert [piece.fields["words"] for piece in segments] == ["x" * 100]


def test_strict_documents_are_read_as_well() -> None:
    space = "http://purl.oclc.org/ooxml/wordprocessingml/main"
    parts = {
        "_rels/.rels": relations(("r1", "officeDocument", "/word/document.xml")),
        "word/document.xml": f"<d:document xmlns:d='{space}'>{paragraph('strictly said')}"
        "</d:document>",
    }
    parts["word/document.xml"] = parts["word/document.xml"].replace("w:", "d:")
    assert lines(package(parts)) == [["strictly said"]]


def test_documents_of_the_usual_writer() -> None:
    docx = pytest.importorskip("docx")
    made = docx.Document()
    made.core_properties.title, made.core_properties.author = "Harbour report", "A. Writer"
    made.add_heading("Tides", 1)
    made.add_paragraph("The tide rose at noon.", style="List Bullet")
    made.sections[0].header.paragraphs[0].text = "Confidential"
    out = io.BytesIO()
    made.save(out)
    item, segments, end = extracted(out.getvalue(), "report.pptx")
    assert item.fields["notes"] == ["called .pptx, holds docx"]
    assert item.fields["columns"]["doc.title"] == "Harbour report"
    assert item.fields["columns"]["doc.author"] == "A. Writer"
    assert end.fields["columns"] == {"doc.pages": 1}
    words = [str(piece.fields["words"]).split("\n\n") for piece in segments]
    assert words == [["Confidential", "Tides", "The tide rose at noon."]]
