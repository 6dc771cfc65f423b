"""Pages: pictures, words, and the boxes of passages as the page is shown."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from omnisearch.errors import MediaError
from omnisearch.ingest.extraction import facts
from omnisearch.media.caps import Caps
from omnisearch.media.pool.piece import Array, Piece
from omnisearch.moments import micros
from tests.ingest.extracting import extracted, spans
from tests.media.pdf import Sheet, pdf

LONG = tuple(f"Line {number} tells how the cats of the harbour live." for number in range(34))


def ink(page: Array) -> tuple[float, float, float, float]:
    """The box around what is dark, as fractions."""
    rows, columns = np.nonzero(page.mean(2) < 128)
    height, width = page.shape[:2]
    left, top = columns.min() / width, rows.min() / height
    return left, top, (columns.max() + 1) / width - left, (rows.max() + 1) / height - top


def parted(segments: list[Piece]) -> tuple[list[Piece], list[Piece]]:
    """Pages, and their passages."""
    pages = [one for one in segments if one.fields["view"] == "content"]
    return pages, [one for one in segments if one.fields["view"] == "words"]


def test_a_page_is_seen_and_read_and_its_passages_have_boxes() -> None:
    content = pdf(Sheet(("Invoice", "Total: 42 euro")), Sheet())
    item, segments, end = extracted(content, "bill_acme.pdf")
    assert item.fields["columns"] == {"doc.pages": 2} and item.fields["named"] == "bill acme"
    pages, passages = parted(segments)
    assert spans(pages) == [{"page": 1, "box": None}, {"page": 2, "box": None}]
    assert [one.fields["words"] for one in pages] == ["Invoice Total: 42 euro", None]
    assert [one.fields["words"] for one in passages] == ["Invoice Total: 42 euro"]
    assert pages[0].arrays["image"].shape == (1024, 768, 3)
    assert not end.fields["truncated"] and not end.fields["damaged"]


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_boxes_lie_where_the_words_are_shown(turned: int) -> None:
    pages, passages = parted(extracted(pdf(Sheet(("Some words",), turned=turned)), "a.pdf")[1])
    box = spans(passages)[0]["box"]
    assert box == pytest.approx(ink(pages[0].arrays["image"]), abs=0.02)


def test_passages_of_a_full_page_follow_each_other_down() -> None:
    _, passages = parted(extracted(pdf(Sheet(LONG, width=600, height=800)), "a.pdf")[1])
    boxes = [span["box"] for span in spans(passages)]
    assert len(boxes) > 1 and all(len(set(box)) == 4 for box in boxes)
    tops, bottoms = [box[1] for box in boxes], [box[1] + box[3] for box in boxes]
    assert tops == sorted(tops) and bottoms == sorted(bottoms)
    assert bottoms[0] == pytest.approx(tops[1], abs=0.08)  # a line or two are told twice
    assert passages[0].fields["words"].startswith("Line 0 tells how")


def test_words_written_twice_at_one_place_make_two_spans() -> None:
    page = "BT /F 12 Tf 20 300 Td (one and the same place here) Tj ET "
    content = pdf(Sheet(tuple("w" for _ in range(900)), drawn=page))
    found = [str(span) for span in spans(extracted(content, "a.pdf")[1])]
    assert len(found) == len(set(found)) == 7


def test_facts_of_a_document() -> None:
    tags = {"Title": "Annual  Report", "Author": "Ann", "CreationDate": "D:20230506070809+02'00'"}
    assert facts.of_document(tags, 3) == {
        "doc.pages": 3,
        "doc.title": "Annual Report",
        "doc.author": "Ann",
        "doc.created": micros(datetime(2023, 5, 6, 5, 8, 9, tzinfo=UTC)),
    }
    assert facts.of_document({"Title": "Microsoft Word - x.doc", "CreationDate": "?"}, 1) == {
        "doc.pages": 1
    }


def test_pages_and_words_are_read_up_to_the_caps() -> None:
    content = pdf(*(Sheet((f"page {number} of a book",)) for number in range(5)))
    pages, _ = parted(extracted(content, "a.pdf", Caps(pages=3))[1])
    assert len(pages) == 3 and extracted(content, "a.pdf", Caps(pages=3))[2].fields["truncated"]
    _, segments, end = extracted(content, "a.pdf", Caps(text=20))
    words = [one.fields["words"] or "" for one in parted(segments)[0]]
    assert sum(map(len, words)) == 20 and len(words) == 5 and end.fields["truncated"]


def test_a_page_that_is_damaged_leaves_the_others() -> None:
    content = pdf(Sheet(("first",)), Sheet(("second",), width=0), Sheet(("third",)))
    _, segments, end = extracted(content, "a.pdf")
    pages, _ = parted(segments)
    assert pages[0].fields["words"] == "first" and pages[-1].fields["words"] == "third"
    assert end.fields["damaged"] == (len(pages) == 2)


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\n",
        b"%PDF-1.7\n" + b"1 0 obj << /Length 10000000000 >> stream\n" * 50,
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 1 0 R/Kids[1 0 R]/Count 9>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF\n",
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 2"
        b"/Kids[2 0 R 2 0 R]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",
    ],
)
def test_trees_that_bite_their_tail_fail(content: bytes) -> None:
    with pytest.raises(MediaError, match=r"a\.pdf"):
        extracted(content, "a.pdf")
