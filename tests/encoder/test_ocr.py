import json
import subprocess
import sys

import numpy as np
import pytest

from omnisearch.encoder.ocr import Reader, installed
from omnisearch.errors import MissingExtraError
from omnisearch.media.lines import Line
from tests.encoder.printed import LINES, needs_ocr, pixels, scanned, share_read, sheet


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


def words(lines: list[Line]) -> str:
    return " ".join(line.words for line in lines)


@pytest.mark.skipif(installed(), reason="the extra ocr is installed")
def test_without_the_extra_its_command_is_told() -> None:
    with pytest.raises(MissingExtraError, match=r"pip install 'omnisearch\[ocr\]'"):
        Reader()


@needs_ocr
def test_nineteen_in_twenty_letters_are_read_of_small_print(reader: Reader) -> None:
    for page in (sheet(LINES), scanned(sheet(LINES)), scanned(sheet(LINES, points=8))):
        found = reader.read(pixels(page))
        assert len(found) == len(LINES)
        assert share_read(" ".join(LINES), words(found)) >= 0.98


@needs_ocr
def test_boxes_stand_around_their_lines(reader: Reader) -> None:
    first, second = reader.read(pixels(sheet(LINES[:2], left=60, top=400, points=12)))
    assert (first.words, second.words) == (LINES[0], LINES[1])
    assert first.box is not None and second.box is not None
    x, y, w, h = first.box
    assert x == pytest.approx(60 / 595, abs=0.01)
    assert y == pytest.approx(400 / 842, abs=0.01)
    assert 0.3 < w < 0.6
    assert 0.01 < h < 0.03
    assert second.box[1] - y == pytest.approx(1.6 * 12 / 842, abs=0.005)


@needs_ocr
@pytest.mark.parametrize("turned", [90, 180, 270])
def test_pages_that_lie_on_their_side_or_upside_down_are_turned(
    reader: Reader, turned: int
) -> None:
    upright = sheet(LINES[:6], left=60, top=80)
    found = reader.read(pixels(upright.rotate(turned, expand=True)))
    assert share_read(" ".join(LINES[:6]), words(found)) >= 0.98
    x, y, w, h = found[0].box or (0, 0, 0, 0)
    left, top, right = 60 / 595, 80 / 842, 0.5
    place = {90: (top, 1 - right), 180: (1 - right, 1 - top - w), 270: (1 - top - w, left)}[turned]
    assert (w > h) == (turned == 180)
    assert x == pytest.approx(place[0], abs=0.15)
    if turned == 270:
        assert y == pytest.approx(place[1], abs=0.02)


@needs_ocr
def test_columns_are_read_one_after_the_other(reader: Reader) -> None:
    left = np.asarray(sheet(LINES[:6], left=40, points=9))
    right = np.asarray(sheet(LINES[6:12], left=320, points=9))
    found = reader.read(np.minimum(left, right))
    assert [line.words for line in found] == LINES[:12]


@needs_ocr
def test_patterns_say_nothing(reader: Reader) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3)).astype(np.uint8)
    flat, thin = np.full((300, 400, 3), 90, np.uint8), np.zeros((2, 64, 3), np.uint8)
    long = np.full((8_000, 250, 3), 255, np.uint8)
    for picture in (noise, flat, thin, long, np.zeros((1, 1, 3), np.uint8)):
        assert reader.read(picture) == []


_OFFLINE = """
import json, sys
from tests.encoder.printed import LINES, pixels, sheet
calls = []
net = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.Request")
sys.addaudithook(lambda event, told: calls.append(event) if event in net else None)
from omnisearch.encoder.ocr import Reader
print(json.dumps([[line.words for line in Reader().read(pixels(sheet(LINES[:3])))], calls]))
"""


@needs_ocr
def test_the_network_is_not_touched() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _OFFLINE], check=True, capture_output=True, text=True
    )
    assert json.loads(told.stdout) == [LINES[:3], []]
    assert told.stderr == ""
