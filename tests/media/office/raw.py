"""Office documents and books written by hand, as small as they can be and still hold everything."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

OOXML = "http://schemas.openxmlformats.org"
W = (
    f'xmlns:w="{OOXML}/wordprocessingml/2006/main" xmlns:a="{OOXML}/drawingml/2006/main" '
    f'xmlns:r="{OOXML}/officeDocument/2006/relationships" '
    f'xmlns:wp="{OOXML}/drawingml/2006/wordprocessingDrawing" '
    f'xmlns:mc="{OOXML}/markup-compatibility/2006"'
)
Parts = Mapping[str, str | bytes]


def package(parts: Parts) -> bytes:
    """Pack parts, the first one first."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return out.getvalue()


def relations(*told: tuple[str, str, str]) -> str:
    """Write relationships: id, kind, target."""
    rows = "".join(
        f'<Relationship Id="{key}" Type="{OOXML}/officeDocument/2006/relationships/{kind}" '
        f'Target="{target}"/>'
        for key, kind, target in told
    )
    return f'<Relationships xmlns="{OOXML}/package/2006/relationships">{rows}</Relationships>'


def paragraph(text: str, style: str = "") -> str:
    styled = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{styled}<w:r><w:t>{text}</w:t></w:r></w:p>"


def word(body: str, *told: tuple[str, str, str], more: Parts | None = None) -> bytes:
    """Write a document; `told` are its relationships."""
    return package(
        {
            "[Content_Types].xml": "<Types xmlns='x'/>",
            "_rels/.rels": relations(("r1", "officeDocument", "word/document.xml")),
            "word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>",
            "word/_rels/document.xml.rels": relations(*told),
            **(more or {}),
        }
    )


def book(chapters: Sequence[str], more: Parts | None = None, facts: str = "") -> bytes:
    """Write a book of chapters of HTML."""
    items = "".join(
        f'<item id="c{n}" href="text/c{n}.xhtml" media-type="application/xhtml+xml"/>'
        for n in range(len(chapters))
    )
    order = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    space = "urn:oasis:names:tc:opendocument:xmlns:container"
    dc = "http://purl.org/dc/elements/1.1/"
    return package(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": f'<container xmlns="{space}"><rootfiles>'
            '<rootfile full-path="OPS/book.opf"/></rootfiles></container>',
            "OPS/book.opf": f'<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="{dc}">'
            f"<metadata>{facts}</metadata><manifest>{items}</manifest>"
            f"<spine>{order}</spine></package>",
            **{
                f"OPS/text/c{n}.xhtml": '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>'
                f"<html><head><title>t</title></head><body>{text}</body></html>"
                for n, text in enumerate(chapters)
            },
            **(more or {}),
        }
    )


def odf(kind: str, body: str, styles: str = "", more: Parts | None = None) -> bytes:
    """Write a document of OpenDocument: text, presentation or spreadsheet."""
    space = "urn:oasis:names:tc:opendocument:xmlns:"
    names = "office text table style presentation meta".split()
    spaces = " ".join(f'xmlns:{name}="{space}{name}:1.0"' for name in names)
    spaces += f' xmlns:draw="{space}drawing:1.0" xmlns:fo="{space}xsl-fo-compatible:1.0"'
    spaces += f' xmlns:svg="{space}svg-compatible:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    spaces += ' xmlns:xlink="http://www.w3.org/1999/xlink"'
    return package(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": f"<office:document-content {spaces}><office:automatic-styles>{styles}"
            f"</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}>"
            "</office:body></office:document-content>",
            "meta.xml": f"<office:document-meta {spaces}><dc:title>Harbour</dc:title>"
            "</office:document-meta>",
            **(more or {}),
        }
    )


def picture(seed: int = 1, side: int = 64) -> bytes:
    """Encode a picture that differs from others."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(coarse).resize((side, side), Image.Resampling.NEAREST).save(out, "PNG")
    return out.getvalue()
