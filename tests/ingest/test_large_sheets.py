"""Sheets of a million rows are read up to a cap, which is said, and never whole."""

import io
import zipfile
from collections.abc import Iterator

import pytest

from omnisearch.ingest.extraction.item import pieces
from omnisearch.media.caps import CAPS, Caps
from omnisearch.media.office import sheets
from omnisearch.media.pool.ask import Ask

ROWS = 1_000_000
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def _rows() -> Iterator[bytes]:
    yield f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode()
    for first in range(0, ROWS, 1_000):
        numbers = range(first + 1, first + 1_001)
        cells = (f'<row r="{n}"><c r="A{n}"><v>{n * 7_919 % 99_991}</v></c></row>' for n in numbers)
        yield "".join(cells).encode()
    yield b"</sheetData></worksheet>"


def _workbook() -> io.BytesIO:
    out, kind = io.BytesIO(), "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    related = f'xmlns:r="{kind}"'
    book = f'<workbook xmlns="{_MAIN}" {related}><sheets><sheet name="All" sheetId="1" r:id="r1"/>'
    links = "http://schemas.openxmlformats.org/package/2006/relationships"
    target = f'<Relationship Id="r1" Type="{kind}/worksheet" Target="worksheets/sheet1.xml"/>'
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("xl/workbook.xml", f"{book}</sheets></workbook>")
        told = f'<Relationships xmlns="{links}">{target}</Relationships>'
        archive.writestr("xl/_rels/workbook.xml.rels", told)
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for part in _rows():
                sheet.write(part)
    out.seek(0)
    return out


@pytest.mark.slow
def test_a_workbook_of_a_million_rows() -> None:
    *_, last = told = list(pieces(_workbook(), Ask("all.xlsx")))
    words = [one.fields["words"] for one in told if one.fields["what"] == "segment"]
    assert last.fields["what"] == "end" and last.fields["truncated"] is True
    said = sum(len(one.split()) for one in words)
    assert sheets.ROWS <= said < 1.4 * sheets.ROWS  # each passage tells the end of the last again


def test_a_csv_of_a_million_rows() -> None:
    text = io.BytesIO(b"number,name\n" + b"".join(b"%d,row\n" % n for n in range(ROWS)))
    assert len(text.getvalue()) > CAPS.text
    *_, last = told = list(pieces(text, Ask("all.csv", Caps(text=50_000))))
    assert last.fields["truncated"] is True
    spans = [one.fields["span"] for one in told if one.fields["what"] == "segment"]
    assert 49_000 < spans[-1]["end"] <= 50_000
