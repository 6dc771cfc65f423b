"""Pictures, pages and words are cut as they are, and shown small."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image

import omnisearch as om
from tests.cutting.hits import hit, photo
from tests.media.made import Shot, film
from tests.media.pdf import Sheet, pdf

pytestmark = pytest.mark.slow


def test_a_box_of_a_picture_is_what_a_person_sees_there(tmp_path: Path, cutter: om.Cutter) -> None:
    right = om.RegionSpan((0.5, 0.0, 0.5, 1.0))
    with Image.open(
        cutter.extract(hit(tmp_path / "a.jpg", "image", right, photo()), tmp_path / "r.png").path
    ) as found:
        assert found.size == (150, 200) and np.asarray(found)[:, 4:].min() > 240
    whole = om.RegionSpan((0.0, 0.0, 1.0, 1.0))
    one = hit(tmp_path / "b.jpg", "image", whole, photo(orientation=6))
    with Image.open(cutter.extract(one, tmp_path / "b.webp").path) as found:
        assert (found.format, found.size) == ("WEBP", (200, 300))
        assert found.convert("RGB").getpixel((100, 20))[1] < 40  # type: ignore[index]
    large = hit(tmp_path / "c.jpg", "image", right, photo((3000, 2000)))
    with Image.open(cutter.extract(large, tmp_path / "c.png").path) as found:
        assert found.size == (1500, 2000)


def test_a_page_is_alone_in_its_file(tmp_path: Path, cutter: om.Cutter) -> None:
    sheets = [Sheet((f"page number {number}",)) for number in range(1, 6)]
    one = hit(tmp_path / "a.pdf", "document", om.PageSpan(3, (0.0, 0.0, 1.0, 0.5)), pdf(*sheets))
    made = cutter.extract(one, tmp_path / "page.pdf")
    document = pypdfium2.PdfDocument(made.path)
    try:
        assert len(document) == 1
        assert document[0].get_textpage().get_text_bounded() == "page number 3"
    finally:
        document.close()
    with Image.open(cutter.extract(one, tmp_path / "box.png").path) as picture:
        assert picture.size == pytest.approx((833, 555), abs=1)
        assert np.asarray(picture).min() < 80
    gone = hit(tmp_path / "a.pdf", "document", om.PageSpan(9))
    with pytest.raises(om.errors.MediaError, match="no page 9 any more: its pages are 1 to 5"):
        cutter.extract(gone, tmp_path / "none.pdf")
    assert not (tmp_path / "none.pdf").exists()


def test_words_are_written_as_they_are(tmp_path: Path, cutter: om.Cutter) -> None:
    one = hit(tmp_path / "a.txt", "text", om.TextSpan(5, 9), b"before said")
    details = om.Details(one, "said\nhere", ("words",), 1, (), ())
    made = cutter.extract(details, tmp_path)
    assert made.path.name == "a_5-9.txt" and made.path.read_text() == "said\nhere\n"
    with pytest.raises(om.errors.QueryError, match="says nothing"):
        cutter.extract(one, tmp_path)


def test_thumbnails_fit_and_show_the_moment(tmp_path: Path, cutter: om.Cutter) -> None:
    right = om.RegionSpan((0.5, 0.0, 0.5, 1.0))
    found = cutter.thumbnail(hit(tmp_path / "a.jpg", "image", right, photo((3000, 2000))), 100)
    assert found is not None and found.size == (75, 100)
    assert np.asarray(found)[:, 4:].min() > 240
    shown = cutter.thumbnail(
        hit(tmp_path / "a.mp4", "video", om.TimeSpan(6.0, 8.0), film(Shot(frames=100))), 32
    )
    assert shown is not None and shown.size == (32, 24)
    assert np.asarray(shown)[20, 20].tolist() == pytest.approx([178] * 3, abs=6)
    page = cutter.thumbnail(hit(tmp_path / "a.pdf", "document", om.PageSpan(1), pdf(Sheet())), 64)
    assert page is not None and page.size == (48, 64)
    assert cutter.thumbnail(hit(tmp_path / "a.txt", "text", None, b"said")) is None
    with pytest.raises(TypeError, match="not str"):
        cutter.thumbnail("a.txt")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not str"):
        cutter.extract("a.txt")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="size is 0"):
        cutter.thumbnail(hit(tmp_path / "a.txt", "text"), 0)
