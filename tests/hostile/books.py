"""Books, OpenDocument files and those of old programs that attack their reader."""

from __future__ import annotations

from collections.abc import Mapping

from tests.hostile.archives import TEXT
from tests.hostile.case import Bait, hostile, luring
from tests.hostile.offices import package


def book(plan: str, more: Mapping[str, str | bytes], root: str = "book.opf") -> bytes:
    space = "urn:oasis:names:tc:opendocument:xmlns:container"
    container = f'<container xmlns="{space}"><rootfile full-path="{root}"/></container>'
    return package(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "book.opf": f'<package xmlns="http://www.idpf.org/2007/opf">{plan}</package>',
            **more,
        }
    )


_CHAPTER = f"<html><body><p>{TEXT}</p></body></html>"
_ONE = (
    '<manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
    '<spine><itemref idref="a"/></spine>'
)


@luring("entities-in-a-chapter.epub", "office", "stored")
def _chapter(bait: Bait) -> bytes:
    entity = f'<!DOCTYPE html [<!ENTITY x SYSTEM "file://{bait.canary}">]>'
    shown = f"<img src='file://{bait.canary}'/>"
    return book(_ONE, {"a.xhtml": f"{entity}<html><p>&x; {TEXT}</p>{shown}</html>"})


hostile("entities-in-the-plan.epub", "office", "failed")(
    lambda: package({
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<!DOCTYPE c [<!ENTITY a "b">]><c>&a;</c>',
    })
)  # fmt: skip
hostile("plan-outside.epub", "office", "failed")(
    lambda: book(_ONE, {"a.xhtml": _CHAPTER}, root="../../../etc/hostname")
)
hostile("same-chapter-100000-times.epub", "office", "stored")(
    lambda: book(
        _ONE.replace('<itemref idref="a"/>', '<itemref idref="a"/>' * 100_000),
        {"a.xhtml": _CHAPTER},
    )
)
hostile("chapters-gone.epub", "office", "skipped")(lambda: book(_ONE, {}))
hostile("locked.epub", "office", "failed")(
    lambda: book(
        _ONE,
        {
            "a.xhtml": _CHAPTER,
            "META-INF/encryption.xml": '<e xmlns:enc="http://www.w3.org/2001/04/xmlenc#">'
            '<enc:EncryptedData><enc:EncryptionMethod Algorithm="aes"/><enc:CipherData>'
            '<enc:CipherReference URI="a.xhtml"/></enc:CipherData></enc:EncryptedData></e>',
        },
    )
)
hostile("tags-that-never-end.epub", "office", "stored", "truncated")(
    lambda: book(
        _ONE, {"a.xhtml": f"<p>{TEXT}</p>" + "".join(f"<img a{n} " for n in range(200_000))}
    )
)

_ODF = "urn:oasis:names:tc:opendocument:xmlns:"


def open_document(body: str, before: str = "") -> bytes:
    spaces = f'xmlns:text="{_ODF}text:1.0" xmlns:table="{_ODF}table:1.0"'
    return package(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f"{before}<d {spaces}>{body}</d>",
        }
    )


@luring("entities.odt", "office", "failed")
def _open_entities(bait: Bait) -> bytes:
    before = f'<!DOCTYPE d [<!ENTITY x SYSTEM "file://{bait.canary}">]>'
    return open_document("<text:p>&x;</text:p>", before)


hostile("cells-repeated-a-billion-times.odt", "office", "stored")(
    lambda: open_document(
        "<table:table><table:table-row table:number-rows-repeated='1000000000'><table:table-cell "
        "table:number-columns-repeated='1000000000'><text:p>boat</text:p></table:table-cell>"
        "</table:table-row></table:table>"
    )
)
hostile("blanks-without-end.odt", "office", "stored", "failed")(
    lambda: open_document(f"<text:p>{TEXT}<text:s text:c='{'9' * 5_000}'/>boats</text:p>")
)

_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
hostile("with-a-password.docx", "office", "failed")(
    lambda: _OLD + bytes(600) + "EncryptedPackage".encode("utf-16-le")
)
hostile("of-1997.docx", "office", "skipped")(lambda: _OLD + bytes(600))
hostile("of-1997.doc", "office", "skipped")(lambda: _OLD + bytes(600))
