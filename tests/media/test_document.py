"""Pages of PDF files: looks, words, and every way in which a file can be wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from omnisearch.errors import MediaError
from omnisearch.media import document
from tests.media.pdf import Sheet, pdf

RED = "1 0 0 rg 0 200 150 200 re f 0 0 0 rg"  # the upper left quarter


def test_pages_have_looks_and_words(tmp_path: Path) -> None:
    path = tmp_path / "two.pdf"
    path.write_bytes(pdf(Sheet(("first words", "and more")), Sheet(("second",), drawn=RED)))
    assert document.pages(path) == 2
    first, second = (document.page(path, number) for number in (1, 2))
    assert (first.words, second.words) == ("first words and more", "second")
    assert first.image.shape == (1024, 768, 3) and first.image.dtype == np.uint8
    assert (first.image[-1, -1] == 255).all() and first.image.min() < 80
    assert (second.image[300, 300] == (255, 0, 0)).all()
    assert (second.image[300, 500] == 255).all() and (second.image[700, 300] == 255).all()


def test_a_page_is_seen_turned_as_it_is_shown() -> None:
    found = document.page(pdf(Sheet(drawn=RED, turned=90))).image
    assert found.shape == (768, 1024, 3)
    assert (found[300, 800] == (255, 0, 0)).all() and (found[300, 300] == 255).all()


def test_a_page_without_words_has_none() -> None:
    assert document.page(pdf(Sheet(drawn=RED))).words == ""


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [(10_000_000, 5_000_000, (512, 1024)), (14_400, 1, (1, 1024)), (3, 4, (1024, 768))],
)
def test_paper_of_any_size_gives_a_bounded_picture(
    width: float, height: float, shape: tuple[int, int]
) -> None:
    assert document.page(pdf(Sheet(width=width, height=height))).image.shape[:2] == shape


def test_words_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "CHARACTERS", 9)
    found = document.page(pdf(Sheet(("first words",))))
    assert (found.words, found.truncated) == ("first wor", True)


def test_a_password_of_nobody_opens_and_a_real_one_is_named() -> None:
    assert document.page(pdf(Sheet(("open to all",)), password=b"")).words == "open to all"
    with pytest.raises(MediaError, match=r"encrypted.*qpdf --decrypt"):
        document.page(pdf(Sheet(("secret",)), password=b"hidden"))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "has no bytes"),
        (b"hello", "no PDF with pages"),
        (pdf(), "no PDF with pages"),
        (pdf(Sheet(("words",)))[:80], "no PDF with pages"),
    ],
    ids=["empty", "text", "no pages", "cut"],
)
def test_what_is_no_document_is_told(content: bytes, fault: str) -> None:
    with pytest.raises(MediaError, match=fault):
        document.pages(content)


def test_a_page_that_is_not_there_is_told() -> None:
    for number in (0, 3, -1):
        with pytest.raises(MediaError, match=f"no page {number}: its pages are 1 to 2"):
            document.page(pdf(Sheet(), Sheet()), number)


def test_a_page_of_no_size_is_an_error_or_bounded() -> None:
    """PDFium takes Letter where a page has no size of its own."""
    assert document.page(pdf(Sheet(width=0, height=0))).image.shape[0] <= 1024


def test_damaged_bytes_give_a_page_or_a_media_error() -> None:
    good, random = pdf(Sheet(("some words to be read",), drawn=RED)), np.random.default_rng(0)
    told = 0
    for _ in range(150):
        bad = bytearray(good)
        for place in random.integers(0, len(bad), 8):
            bad[place] = int(random.integers(256))
        try:
            assert max(document.page(bytes(bad)).image.shape) <= 1024
        except MediaError:
            told += 1
    assert told > 10


def test_threads_wait_for_each_other() -> None:
    """PDFium itself would crash."""
    files = [pdf(Sheet((f"number {number}",))) for number in range(40)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda file: document.page(file).words, files))
    assert found == [f"number {number}" for number in range(40)]


def test_a_sheet_lies_in_the_middle_of_grey() -> None:
    found = document.sheet(np.full((400, 200, 3), 255, np.uint8))
    assert found.shape == (256, 256, 3)
    assert (found[:, 64:192] == 255).all()
    assert (found[:, :64] == 208).all() and (found[:, 192:] == 208).all()
    assert document.sheet(np.zeros((1, 3000, 3), np.uint8)).shape == (256, 256, 3)
