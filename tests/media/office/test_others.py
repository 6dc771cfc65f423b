"""Slides, sheets and chapters: what is read of them, in which order, by which number."""

from __future__ import annotations

import pytest

from omnisearch.errors import MediaError, UnsupportedTypeError
from omnisearch.media.caps import Caps
from omnisearch.media.office.leaf import Leaf, Room
from omnisearch.media.office.opened import document
from tests.ingest.extracting import extracted, said
from tests.media.office.raw import OOXML, book, package, picture, relations

P = (
    f'xmlns:p="{OOXML}/presentationml/2006/main" xmlns:a="{OOXML}/drawingml/2006/main" '
    f'xmlns:r="{OOXML}/officeDocument/2006/relationships"'
)
X = f'xmlns="{OOXML}/spreadsheetml/2006/main" xmlns:r="{OOXML}/officeDocument/2006/relationships"'


def leaves(content: bytes) -> list[Leaf]:
    return list(document(content, Room(10_000_000, 2_000)).leaves)


def lines(content: bytes) -> list[tuple[int, list[str]]]:
    return [
        (one.number, [line for line in one.text.splitlines() if line]) for one in leaves(content)
    ]


def shape(text: str, kind: str = "") -> str:
    place = f'<p:nvSpPr><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr>' if kind else ""
    runs = f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>"
    return f"<p:sp>{place}<p:txBody>{runs}</p:txBody></p:sp>"


def test_slides_come_in_the_order_of_the_show_and_begin_with_their_title() -> None:
    note = shape("Say it slowly", "body") + shape("7", "sldNum")
    number = '<a:p><a:fld type="slidenum"><a:t>99</a:t></a:fld></a:p>'
    content = package(
        {
            "ppt/presentation.xml": f'<p:presentation {P}><p:sldIdLst><p:sldId id="9" r:id="r2"/>'
            '<p:sldId id="8" r:id="r1"/></p:sldIdLst></p:presentation>',
            "ppt/_rels/presentation.xml.rels": relations(
                ("r1", "slide", "slides/a.xml"), ("r2", "slide", "slides/b.xml")
            ),
            "ppt/slides/a.xml": f"<p:sld {P}>{shape('alone')}</p:sld>",
            "ppt/slides/b.xml": f"<p:sld {P}>{shape('body text')}<p:grpSp>{shape('in a group')}"
            f"</p:grpSp>{shape('The title', 'ctrTitle')}<p:sp>{number}</p:sp></p:sld>",
            "ppt/slides/_rels/b.xml.rels": relations(("r1", "notesSlide", "../notes/n.xml")),
            "ppt/notes/n.xml": f"<p:notes {P}>{note}</p:notes>",
        }
    )
    assert lines(content) == [
        (1, ["The title", "body text", "in a group", "Say it slowly"]),
        (2, ["alone"]),
    ]


def workbook(*sheets: str, strings: str = "", styles: str = "", book: str = "") -> bytes:
    names = "".join(f'<sheet name="S{n}" r:id="r{n}"/>' for n in range(len(sheets)))
    told = [(f"r{n}", "worksheet", f"worksheets/s{n}.xml") for n in range(len(sheets))]
    told += [("s", "sharedStrings", "strings.xml"), ("t", "styles", "styles.xml")]
    return package(
        {
            "xl/workbook.xml": f"<workbook {X}>{book}<sheets>{names}</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": relations(*told),
            "xl/strings.xml": f"<sst {X}>{strings}</sst>",
            "xl/styles.xml": f"<styleSheet {X}>{styles}</styleSheet>",
            **{
                f"xl/worksheets/s{n}.xml": f"<worksheet {X}>{rows}</worksheet>"
                for n, rows in enumerate(sheets)
            },
        }
    )


def test_cells_show_what_a_person_sees() -> None:
    styles = (
        '<numFmts><numFmt numFmtId="170" formatCode="dd/mm/yyyy\\ hh:mm"/>'
        '<numFmt numFmtId="171" formatCode="0.0&quot; days&quot;"/></numFmts><cellXfs>'
        '<xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/><xf numFmtId="171"/></cellXfs>'
    )
    strings = (
        "<si><t>plain</t></si><si><r><t>in </t></r><r><t>runs</t></r><rPh><t>said</t></rPh></si>"
    )
    cells = (
        '<c t="s"><v>0</v></c><c t="s"><v>1</v></c><c t="inlineStr"><is><t>inline</t></is></c>'
        '<c t="b"><v>1</v></c><c t="e"><v>#DIV/0!</v></c><c t="str"><f>A1</f><v>made</v></c>'
        '<c><v>0.30000000000000004</v></c><c s="1"><v>45418</v></c><c s="2"><v>45418.4375</v></c>'
        '<c s="3"><v>2.5</v></c><c/>'
    )
    (found,) = lines(workbook(f"<row>{cells}</row>", strings=strings, styles=styles))
    assert found == (
        1,
        [
            "S0",
            "plain | in runs | inline | TRUE | #DIV/0! | made | 0.3 | 2024-05-06 | "
            "2024-05-06 10:30:00 | 2.5",
        ],
    )


def test_the_first_row_is_told_with_each_passage_where_it_names_columns() -> None:
    def row(*texts: str) -> str:
        cells = (f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in texts)
        return f"<row>{''.join(cells)}</row>"

    rows = row("port", "depth") + "".join(row(f"port{n}", f"{n} metres deep") for n in range(200))
    passages = said(workbook(rows), "a.xlsx")
    assert len(passages) > 3
    assert all(one.startswith("S0: port | depth\n") for one in passages[1:])


def test_a_cell_in_the_last_corner_costs_nothing_and_long_sheets_are_cut() -> None:
    corner = '<row r="1048576"><c r="XFD1048576"><v>7</v></c></row>'
    assert lines(workbook("", corner)) == [(2, ["S1", "7"])]
    rows = "".join(f"<row><c><v>{n}</v></c></row>" for n in range(100_001))
    _, segments, end = extracted(workbook(rows, corner), "a.xlsx")
    assert end.fields["truncated"] is True and end.fields["columns"] == {"doc.pages": 2}
    assert segments[-1].fields["span"] == {"page": 2, "box": None}


def test_chapters_are_numbered_in_the_order_of_reading() -> None:
    facts = "<dc:title>The Quay</dc:title><dc:creator>A. Writer</dc:creator>"
    chapters = [
        "<h1>One</h1><p>The boats&#160;left.</p>",
        "<p>nothing</p><img alt='A map' src='../pictures/map%20one.png'/>",
    ]
    content = book(chapters, {"OPS/pictures/map one.png": picture()}, facts)
    item, segments, end = extracted(content, "a.epub")
    assert item.fields["type"] == "epub" and item.fields["notes"] == []
    assert item.fields["columns"] == {"doc.title": "The Quay", "doc.author": "A. Writer"}
    told = [
        (one.fields["modality"], one.fields["span"]["page"], " ".join(one.fields["words"].split()))
        for one in segments
    ]
    assert told == [
        ("document", 1, "One The boats left."),
        ("document", 2, "nothing A map"),
        ("image", 2, "A map"),
    ]
    assert end.fields["columns"] == {"doc.pages": 2}


def test_books_that_only_their_shop_opens_are_refused_and_locked_fonts_are_not() -> None:
    def locked(uri: str, how: str) -> bytes:
        data = (
            '<e xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>'
            f'<enc:EncryptionMethod Algorithm="{how}"/><enc:CipherReference URI="{uri}"/>'
            "</enc:EncryptedData></e>"
        )
        return book(["<p>text</p>"], {"META-INF/encryption.xml": data})

    with pytest.raises(MediaError, match="only the reader of its shop"):
        extracted(locked("OPS/text/c0.xhtml", "http://www.w3.org/2001/04/xmlenc#aes"), "a.epub")
    assert said(locked("OPS/f.otf", "http://www.idpf.org/2008/embedding"), "a.epub") == ["text"]


def test_caps_count_characters_and_chapters() -> None:
    content = book([f"<p>chapter {n}</p>" for n in range(5)])
    _, segments, end = extracted(content, "a.epub", Caps(pages=2))
    assert [one.fields["words"] for one in segments] == ["chapter 0", "chapter 1"]
    assert end.fields["truncated"] is True


@pytest.mark.parametrize(
    "kind",
    ["vnd.oasis.opendocument.graphics", "vnd.openxmlformats-officedocument.wordprocessingml"],
)
def test_other_archives_with_a_type_are_left_out(kind: str) -> None:
    content = package({"mimetype": f"application/{kind}", "content.xml": "<x/>"})
    with pytest.raises(UnsupportedTypeError, match="not read"):
        extracted(content, "a.docx")
