"""PDF files with words, tables, charts and pictures, written byte by byte in the standard fonts."""

from __future__ import annotations

import io
import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from examples.making.art import drawing
from examples.making.listing import OURS, Entry
from omnisearch.training.data import packages, pictures
from omnisearch.training.lab import Lab

_WIDTH, _HEIGHT, _MARGIN = 420, 595, 40  # A5, in points
_CHART = 170
Blocks = Sequence[Sequence[Any]]


@dataclass
class Page:
    """A page that is filled from top to bottom."""

    lines: list[str] = field(default_factory=list)
    picture: bytes | None = None
    y: float = _HEIGHT - _MARGIN

    def text(self, words: str, size: float, x: float = _MARGIN, font: str = "F") -> None:
        """Write one line and go on below it."""
        self.y -= size * 1.35
        escaped = words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        self.lines.append(f"BT /{font} {size} Tf {x:g} {self.y:g} Td ({escaped}) Tj ET")

    def draw(self, program: str) -> None:
        """Add lines and areas."""
        self.lines.append(program)


def write(lab: Lab, folder: Path) -> Iterator[Entry]:
    """Write the papers."""
    papers = json.loads((Path(__file__).parent / "papers.json").read_text("utf-8"))
    sources = {source.name: source for source in pictures.sources()}
    for name, paper in papers.items():
        pages = [filled(lab, blocks) for blocks in paper["pages"]]
        (folder / name).write_bytes(written(paper["title"], pages))
        rows = [block[1] for page in paper["pages"] for block in page if block[0] == "picture"]
        used = [packages.find(*sources[row.partition("/")[0]].package) for row in rows]
        licence = " and ".join(sorted({OURS, *(one.licence for one in used)}))
        by = "; ".join(["written here", *(f"drawing: {one.attribution}" for one in used)])
        yield Entry(f"papers/{name}", paper["title"], licence, by, "")


def filled(lab: Lab | None, blocks: Blocks) -> Page:
    """Fill a page with blocks; only pictures need a laboratory."""
    page = Page()
    for kind, *given in blocks:
        if kind == "p":
            for line in textwrap.wrap(given[0], 66):
                page.text(line, 10.5)
            page.y -= 8
        elif kind in ("h", "h2"):
            page.text(given[0], 20 if kind == "h" else 13, font="B")
            page.y -= 8
        elif kind == "table":
            _table(page, given[0])
        elif kind == "picture":
            assert lab is not None
            _picture(page, drawing(lab, given[0])["image"])
        else:
            _chart(page, kind, *given)
    return page


def _table(page: Page, rows: Sequence[Sequence[str]]) -> None:
    apart = (_WIDTH - 2 * _MARGIN) / len(rows[0])
    for number, row in enumerate(rows):
        top = page.y
        for column, cell in enumerate(row):
            page.y = top
            page.text(cell, 10.5, _MARGIN + column * apart, "B" if number == 0 else "F")
        page.y -= 5
        page.draw(f"0.5 w {_MARGIN} {page.y:g} m {_WIDTH - _MARGIN} {page.y:g} l S")


def _picture(page: Page, encoded: bytes) -> None:
    out, side = io.BytesIO(), 130
    with Image.open(io.BytesIO(encoded)) as opened:
        opened.convert("RGB").save(out, "JPEG", quality=85)
    page.picture = out.getvalue()
    page.y -= side
    page.draw(f"q {side} 0 0 {side} {(_WIDTH - side) / 2:g} {page.y:g} cm /X Do Q")
    page.y -= 8


def _chart(page: Page, kind: str, title: str, points: Sequence[tuple[Any, float]]) -> None:
    page.text(title, 10.5, font="B")
    page.y -= _CHART + 12
    base, width = page.y + 14, _WIDTH - 2 * _MARGIN
    apart, top = width / len(points), max(value for _, value in points)
    page.draw(f"0.8 w {_MARGIN} {base:g} m {_MARGIN + width} {base:g} l S")
    middles = [_MARGIN + apart * (number + 0.5) for number in range(len(points))]
    heights = [base + _CHART * 0.85 * value / top for _, value in points]
    if kind == "bars":
        for x, y in zip(middles, heights, strict=True):
            left, high = x - apart * 0.35, y - base
            page.draw(f"0.2 0.45 0.7 rg {left:g} {base:g} {apart * 0.7:g} {high:g} re f 0 g")
    else:
        path = " ".join(
            f"{x:g} {y:g} {'l' if number else 'm'}"
            for number, (x, y) in enumerate(zip(middles, heights, strict=True))
        )
        page.draw(f"q 0.75 0.3 0.2 RG 2 w {path} S Q")
    below = page.y
    for x, y, (label, value) in zip(middles, heights, points, strict=True):
        page.y = base - 1
        page.text(str(label), 8, x - 9)
        page.y = y + 13
        page.text(f"{value:g}", 8, x - 7)
    page.y = below - 8


def written(title: str, pages: list[Page]) -> bytes:
    """Give the PDF of pages."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
        f"<< /Title ({title}) /CreationDate (D:20260321090000Z) >>".encode("cp1252"),
    ]
    kids = []
    for page in pages:
        first = len(objects) + 1
        kids.append(f"{first} 0 R")
        objects += _objects(page, first)
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    return _joined(objects)


def _objects(page: Page, first: int) -> list[bytes]:
    """Give the page, its program, and its picture if it has one."""
    shown = f"/XObject << /X {first + 2} 0 R >>" if page.picture else ""
    resources = f"<< /Font << /F 3 0 R /B 4 0 R >> {shown} >>"
    box = f"/MediaBox [0 0 {_WIDTH} {_HEIGHT}]"
    head = f"<< /Type /Page /Parent 2 0 R {box} /Contents {first + 1} 0 R"
    program = "\n".join(page.lines).encode("cp1252")
    found = [f"{head} /Resources {resources} >>".encode(), _stream("", program)]
    if page.picture:
        with Image.open(io.BytesIO(page.picture)) as opened:
            size = f"/Width {opened.width} /Height {opened.height}"
        kind = "/Type /XObject /Subtype /Image /ColorSpace /DeviceRGB /BitsPerComponent 8"
        found.append(_stream(f"{kind} {size} /Filter /DCTDecode", page.picture))
    return found


def _stream(fields: str, data: bytes) -> bytes:
    return f"<< /Length {len(data)} {fields} >>\nstream\n".encode() + data + b"\nendstream"


def _joined(objects: list[bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\n" % (len(objects) + 1)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)
