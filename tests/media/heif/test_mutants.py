"""Pictures of phones in which some bytes are others: they are shown, or refused with a reason."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from omnisearch.errors import MediaError
from omnisearch.media import still
from omnisearch.media.caps import Caps
from tests.media.heif.test_heif import phone, slope
from tests.media.heif.written import coded, heif, single, turned

SEEDS = 250


@cache
def _whole(kind: str) -> bytes:
    return phone() if kind == "tiles" else heif(single(slope(), turned(1)))


def read(content: bytes) -> str | None:
    try:
        found = still.read(content, "heic", Caps(side=64))
    except MediaError as error:
        assert str(error).startswith("the file given") and len(str(error)) < 300
        return str(error)
    assert found.rgb.ndim == 3 and found.rgb.size and found.width > 0 and found.height > 0
    return None


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["tiles", "one"])
def test_changed_bytes_are_a_picture_or_an_error(kind: str) -> None:
    whole = _whole(kind)
    boxes = whole.index(b"mdat")
    faults = set()
    for seed in range(SEEDS):
        random = np.random.default_rng(seed)
        content = bytearray(whole)
        reach = boxes if seed % 4 else len(content)  # boxes decide most
        for at in random.integers(8, reach, 1 + seed % 5):
            content[at] = random.choice([0, 1, 0x7F, 0xFF, int(random.integers(256))])
        faults.add(read(bytes(content)))
    assert None in faults and len(faults) > 5


@pytest.mark.parametrize("kind", ["tiles", "one"])
def test_cut_anywhere_it_is_refused(kind: str) -> None:
    whole = _whole(kind)
    needed = whole.index(coded(slope(32, 48)).data) if kind == "tiles" else len(whole)
    for at in range(8, needed, max(1, needed // 60)):
        assert read(whole[:at]) is not None, at
