"""Office documents and books that attack their reader: entities, links, cycles, sizes."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from tests.hostile.archives import BODY, MAIN, TEXT, member, zipped
from tests.hostile.case import Bait, Outcome, hostile, luring
from tests.hostile.pictures import PNG, header

_OOXML = "http://schemas.openxmlformats.org"
_W = f'xmlns:w="{_OOXML}/wordprocessingml/2006/main"'
_P = (
    f'xmlns:p="{_OOXML}/presentationml/2006/main" xmlns:a="{_OOXML}/drawingml/2006/main" '
    f'xmlns:r="{_OOXML}/officeDocument/2006/relationships"'
)
_X = (
    f'xmlns="{_OOXML}/spreadsheetml/2006/main" xmlns:r="{_OOXML}/officeDocument/2006/relationships"'
)
SAID = f"<w:p><w:r><w:t>{TEXT}</w:t></w:r></w:p>"


def package(parts: Mapping[str, str | bytes]) -> bytes:
    return zipped([member(name, content) for name, content in parts.items()])


def relations(*told: tuple[str, str, str]) -> str:
    """Write relationships: id, kind, target; a target with a scheme lies outside."""
    kinds, outside = f"{_OOXML}/officeDocument/2006/relationships", "TargetMode='External'"
    rows = "".join(
        f"<Relationship Id='{key}' Type='{kinds}/{kind}' Target='{target}' "
        f"{outside if ':' in target else ''}/>"
        for key, kind, target in told
    )
    return f'<Relationships xmlns="{_OOXML}/package/2006/relationships">{rows}</Relationships>'


def word(body: str, more: Mapping[str, str | bytes] | None = None, before: str = "") -> bytes:
    return package({MAIN: before + BODY.format(body), **(more or {})})


def _word(name: str, make: Callable[[], bytes], *may: Outcome) -> None:
    hostile(f"{name}.docx", "office", *may)(make)


@luring("entity-of-a-file.docx", "office", "failed")
def _xxe(bait: Bait) -> bytes:
    before = f'<!DOCTYPE d [<!ENTITY x SYSTEM "file://{bait.canary}">]>'
    return word("<w:p><w:r><w:t>&x;</w:t></w:r></w:p>", before=before)


@luring("entity-of-a-server.docx", "office", "failed")
def _xxe_server(bait: Bait) -> bytes:
    before = f'<!DOCTYPE d [<!ENTITY % x SYSTEM "http://127.0.0.1:{bait.port}/"> %x;]>'
    return word(SAID, before=before)


@luring("type-on-a-server.docx", "office", "failed")
def _type(bait: Bait) -> bytes:
    return word(SAID, before=f'<!DOCTYPE d SYSTEM "http://127.0.0.1:{bait.port}/d.dtd">')


_LAUGHS = "".join(
    f'<!ENTITY l{n} "{"".join(f"&l{n - 1};" for _ in range(10))}">' for n in range(1, 10)
)
_LAUGHING = f'<!DOCTYPE d [<!ENTITY l0 "ha">{_LAUGHS}]>'
_word(
    "billion-laughs",
    lambda: word("<w:p><w:r><w:t>&l9;</w:t></w:r></w:p>", before=_LAUGHING),
    "failed",
)
_word(
    "quadratic-entities",
    lambda: word("&a;" * 50_000, before=f'<!DOCTYPE d [<!ENTITY a "{"x" * 50_000}">]>'),
    "failed",
)
for _part in ("[Content_Types].xml", "_rels/.rels", "word/_rels/document.xml.rels"):
    _word(
        f"entities-in-{_part.rpartition('/')[2].strip('.[').replace('].', '-').replace('.', '-')}",
        lambda part=_part: word(SAID, {part: '<!DOCTYPE d [<!ENTITY a "b">]><d>&a;</d>'}),  # type: ignore[misc]
        "failed",
    )
_word("nested-100000-deep", lambda: word("<w:tbl>" * 100_000), "failed")
_word(
    "tables-in-tables",
    lambda: word("<w:tbl><w:tr><w:tc>" * 90 + SAID + "</w:tc></w:tr></w:tbl>" * 90),
    "stored",
)
_word(
    "attribute-of-20-megabytes",
    lambda: word(f'<w:p w:x="{random.Random(3).randbytes(10 << 20).hex()}"/>{SAID}'),
    "failed",
)
_word("attribute-of-20-equal-megabytes", lambda: word(f'<w:p w:x="{"a" * (20 << 20)}"/>'), "failed")
_word(
    "100000-attributes",
    lambda: word(
        "<w:p " + " ".join(f"a{n}='{n}'" for n in range(100_000)) + f">{TEXT}</w:p>{SAID}"
    ),
    "stored",
)
_word(
    "comment-of-20-megabytes",
    lambda: word(f"<!--{random.Random(4).randbytes(10 << 20).hex()}-->{SAID}"),
    "failed",
)
_word(
    "two-million-elements",
    lambda: word(SAID + "".join(f"<w:a{n}/>" for n in range(10_000)) * 200),
    "truncated",
    "failed",  # where others use the machine
)
_word(
    "million-paragraphs",
    lambda: word("".join(f"<w:p><w:r><w:t>{n}</w:t></w:r></w:p>" for n in range(20_000)) * 50),
    "stored",  # more comes than is waited for
    "failed",
)
_word("cut-in-a-tag", lambda: package({MAIN: BODY.format(SAID)[:-30]}), "failed")
_word("no-xml", lambda: package({MAIN: b"\0\1\2"}), "failed")
_word("no-main-part", lambda: package({"word/styles.xml": "<x/>"}), "failed")
_word("without-words", lambda: word("<w:p/>"), "skipped")
_word(
    "utf-16",
    lambda: package({MAIN: BODY.format(SAID).encode("utf-16")}),
    "stored",
)
_word("utf-7", lambda: word(SAID, before='<?xml version="1.0" encoding="utf-7"?>'), "failed")
_word(
    "styles-on-each-other",
    lambda: word(
        f'<w:p><w:pPr><w:pStyle w:val="a"/></w:pPr><w:r><w:t>{TEXT}</w:t></w:r></w:p>',
        {
            "word/_rels/document.xml.rels": relations(("r1", "styles", "styles.xml")),
            "word/styles.xml": f'<w:styles {_W}><w:style w:styleId="a"><w:basedOn w:val="b"/>'
            '</w:style><w:style w:styleId="b"><w:basedOn w:val="a"/></w:style></w:styles>',
        },
    ),
    "stored",
)
_word("choices-of-none", lambda: word("<w:p></w:p>" + SAID), "stored")
_word("macros", lambda: word(SAID, {"word/vbaProject.bin": b"\xd0\xcf\x11\xe0" * 99}), "stored")
_word("program-inside", lambda: word(SAID, {"word/embeddings/a.exe": b"MZ" * 99}), "stored")


def _drawn(key: str) -> str:
    blip = f"<a:blip {_P} {key}/>"
    return f"{SAID}<w:p><w:r><w:drawing>{blip}</w:drawing></w:r></w:p>"


def _showing(name: str, content: bytes, *may: Outcome) -> None:
    _word(
        name,
        lambda: word(
            _drawn('r:embed="r1"'),
            {
                "word/_rels/document.xml.rels": relations(("r1", "image", "media/a.png")),
                "word/media/a.png": content,
            },
        ),
        *may,
    )


_showing("picture-of-60000", PNG + header(60_000, 60_000) + bytes(99), "stored")
_showing("picture-that-is-a-playlist", b"ffconcat version 1.0\nfile /etc/passwd\n", "stored")
_showing("picture-that-is-a-document", zipped([member(MAIN, BODY.format(SAID))]), "stored")
_showing("picture-that-is-svg", b'<svg><image href="file:///etc/passwd"/></svg>', "stored")
_showing("picture-of-zeros", bytes(50 << 20), "stored", "failed")


@luring("pictures-outside.docx", "office", "stored")
def _outside(bait: Bait) -> bytes:
    targets = (f"file://{bait.canary}", f"http://127.0.0.1:{bait.port}/a.png", "../../canary.txt")
    told = relations(*((f"r{n}", "image", target) for n, target in enumerate(targets)))
    body = "".join(_drawn(f'r:{how}="r{n}"') for n in range(3) for how in ("embed", "link"))
    return word(body, {"word/_rels/document.xml.rels": told})


@luring("template-outside.docx", "office", "stored")
def _template(bait: Bait) -> bytes:
    told = relations(
        ("r1", "attachedTemplate", f"http://127.0.0.1:{bait.port}/a.dotm"),
        ("r2", "styles", f"file://{bait.canary}"),
        ("r3", "header", f"//127.0.0.1:{bait.port}/x"),
        ("r4", "footnotes", "../../../../../../etc/hostname"),
    )
    return word(SAID, {"word/_rels/document.xml.rels": told})


def _slide(text: str) -> str:
    said = f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>"
    return f"<p:sld {_P}><p:sp><p:txBody>{said}</p:txBody></p:sp></p:sld>"


def slides(ids: int, slide: str, more: Mapping[str, str | bytes] | None = None) -> bytes:
    order = '<p:sldId r:id="r1"/>' * ids
    return package(
        {
            "ppt/presentation.xml": f"<p:presentation {_P}>{order}</p:presentation>",
            "ppt/_rels/presentation.xml.rels": relations(("r1", "slide", "slides/slide1.xml")),
            "ppt/slides/slide1.xml": slide,
            **(more or {}),
        }
    )


hostile("same-slide-100000-times.pptx", "office", "stored")(lambda: slides(100_000, _slide(TEXT)))
hostile("same-long-slide.pptx", "office", "truncated")(
    lambda: slides(100_000, _slide(TEXT + "<a/>" * 20_000))
)
hostile("notes-of-notes.pptx", "office", "stored")(
    lambda: slides(
        1,
        _slide(TEXT),
        {"ppt/slides/_rels/slide1.xml.rels": relations(("r1", "notesSlide", "slide1.xml"))},
    )
)
hostile("slide-that-is-the-presentation.pptx", "office", "skipped")(
    lambda: package(
        {
            "ppt/presentation.xml": f'<p:presentation {_P}><p:sldId r:id="r1"/></p:presentation>',
            "ppt/_rels/presentation.xml.rels": relations(("r1", "slide", "presentation.xml")),
        }
    )
)


def workbook(rows: str, strings: str = "") -> bytes:
    return package(
        {
            "xl/workbook.xml": f'<workbook {_X}><sheet name="Boats" r:id="r1"/></workbook>',
            "xl/_rels/workbook.xml.rels": relations(
                ("r1", "worksheet", "worksheets/sheet1.xml"),
                ("r2", "sharedStrings", "sharedStrings.xml"),
            ),
            "xl/worksheets/sheet1.xml": f"<worksheet {_X}>{rows}</worksheet>",
            "xl/sharedStrings.xml": f"<sst {_X}>{strings}</sst>",
        }
    )


def _workbook(name: str, make: Callable[[], bytes], *may: Outcome) -> None:
    hostile(f"{name}.xlsx", "office", *may)(make)


_ROW = '<row r="{0}"><c r="A{0}"><v>{0}</v></c></row>'
_workbook(
    "million-rows",
    lambda: workbook("".join(_ROW.format(n) for n in range(1, 20_001)) * 50),
    "stored",
)
_workbook(
    "last-corner",
    lambda: workbook('<row r="1048576"><c r="XFD1048576"><v>7</v></c></row>' + _ROW.format(1)),
    "stored",
)
_workbook(
    "string-of-nowhere",
    lambda: workbook(
        "".join(f'<row><c t="s"><v>{n}</v></c><c><v>5</v></c></row>' for n in (10**30, -1, "x", ""))
    ),
    "stored",
)
_workbook(
    "same-string-million-times",
    lambda: workbook(
        '<row><c t="s"><v>0</v></c></row>' * 300_000, f"<si><t>{'boat ' * 6_000}</t></si>"
    ),
    "stored",
)
_workbook(
    "numbers-of-no-size",
    lambda: workbook(
        "".join(f"<row><c><v>{n}</v></c></row>" for n in ("1e999", "nan", "-1e308", "9" * 5_000))
    ),
    "stored",
)
_workbook(
    "numbers-of-5000-digits",
    lambda: workbook(
        '<row r="{0}"><c t="s" s="{0}"><v>{0}</v></c><c s="{0}"><v>{0}</v></c></row>'.format(
            "9" * 5_000
        )
    ),
    "stored",
)
_workbook(
    "formulas-that-call",
    lambda: workbook(
        '<row><c><f>WEBSERVICE("http://127.0.0.1:9/")</f><v>1</v></c>'
        "<c><f>cmd|'/c calc'!A1</f><v>2</v></c></row>"
    ),
    "stored",
)
