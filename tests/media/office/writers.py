"""Documents by the writers that people use, page by page from plain sentences.

A page is its sentences; the first is its heading.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from email.message import EmailMessage
from importlib import import_module

from tests.media.office.raw import book, odf, picture

_WIDE = 4_000_000  # a hundredth of a millimetre has 360
Pages = Sequence[Sequence[str]]


def docx(pages: Pages) -> bytes:
    """Write with python-docx: a heading, a paragraph, a table, a list, breaks between pages."""
    document = import_module("docx").Document()
    for number, (heading, first, *rest) in enumerate(pages):
        if number:
            document.add_page_break()
        document.add_heading(heading, level=1 + number % 3)
        document.add_paragraph(first)
        table = document.add_table(len(rest), 2)
        for row, sentence in zip(table.rows, rest, strict=True):
            row.cells[0].text, row.cells[1].text = str(number), sentence
    return _saved(document.save)


def pptx(pages: Pages) -> bytes:
    """Write with python-pptx: a title, a body, a table, a note."""
    shown = import_module("pptx").Presentation()
    for heading, first, *rest in pages:
        slide = shown.slides.add_slide(shown.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = heading, first
        slide.notes_slide.notes_text_frame.text = rest[-1]
        shape = slide.shapes.add_table(len(rest[:-1]), 1, 0, 0, _WIDE, _WIDE)
        for row, sentence in zip(shape.table.rows, rest[:-1], strict=True):
            row.cells[0].text = sentence
    return _saved(shown.save)


def xlsx(pages: Pages) -> bytes:
    """Write with openpyxl: a sheet for each page, a row for each sentence."""
    workbook = import_module("openpyxl").Workbook()
    workbook.remove(workbook.active)
    for number, sentences in enumerate(pages):
        sheet = workbook.create_sheet(f"Sheet {number}")
        sheet.append(["number", "said"])
        for row, sentence in enumerate(sentences):
            sheet.append([row, sentence])
    return _saved(workbook.save)


def epub(pages: Pages) -> bytes:
    """Write chapters of HTML."""
    return book(
        [
            f"<h1>{heading}</h1><p>{first}</p>"
            + "".join(f"<blockquote><p>{sentence}</p></blockquote>" for sentence in rest)
            + '<img src="../a.png" alt=""/>'
            for heading, first, *rest in pages
        ],
        {"OPS/a.png": picture()},
    )


def eml(pages: Pages) -> bytes:
    """Write a message whose attachments are its other pages."""
    (heading, *rest), *others = pages
    made = EmailMessage()
    made["Subject"], made["From"] = heading, "Ann <ann@example.org>"
    made.set_content("\n\n".join(rest))
    for number, sentences in enumerate(others):
        made.add_attachment("\n\n".join(sentences), filename=f"{number}.txt")
    return bytes(made)


def odt(pages: Pages) -> bytes:
    """Write a text whose headings begin pages."""
    styles = (
        "<style:style style:name='P1'><style:paragraph-properties fo:break-before='page'/>"
        "</style:style>"
    )
    return odf(
        "text",
        "".join(
            f"<text:h text:style-name='{'P1' if number else 'P0'}'>{heading}</text:h>"
            + "".join(f"<text:p>{sentence}</text:p>" for sentence in rest)
            for number, (heading, *rest) in enumerate(pages)
        ),
        styles,
    )


def _saved(save: Callable[[io.BytesIO], object]) -> bytes:
    out = io.BytesIO()
    save(out)
    return out.getvalue()


WRITERS: Mapping[str, Callable[[Pages], bytes]] = {
    "docx": docx,
    "pptx": pptx,
    "xlsx": xlsx,
    "epub": epub,
    "eml": eml,
    "odt": odt,
}
