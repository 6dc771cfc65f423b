"""The bytes of a calibration, and the prior as it stands in a model.json."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xxhash

from omnisearch.encoder.calibration import stored
from omnisearch.encoder.calibration.calibrator import Calibrator
from omnisearch.encoder.calibration.prior import Prior, shipped
from omnisearch.encoder.parts import Modality
from omnisearch.errors import CorruptCollectionError, EncoderFilesError, UnsupportedFormatError
from tests.encoder.worlds import GAPS, Floats, calibrator, pair, record, shown, things

WORLD: dict[Modality, Floats] = {kind: shown(kind, things(80)) for kind in GAPS}
LEARNT = calibrator(WORLD)
SAVED = LEARNT.save()
PRIOR = Prior.load(record())


def test_load_gives_what_was_saved() -> None:
    again = Calibrator.load(SAVED, PRIOR)
    assert again.rows == LEARNT.rows and again.backgrounds == LEARNT.backgrounds
    assert again.save() == SAVED
    names: list[Modality] = ["image", "image"]
    scores = np.array([0.1, 0.6], np.float32)
    for one in (LEARNT, again):
        assert one.confidence("text", names, "content", scores).tolist() == pytest.approx(
            LEARNT.confidence("text", names, "content", scores).tolist()
        )
    rows = WORLD["image"]
    kinds: list[Modality] = ["image"] * len(rows)
    np.testing.assert_array_equal(
        LEARNT.crowding("text", kinds, "content", rows),
        again.crowding("text", kinds, "content", rows),
    )


def test_a_calibration_that_learnt_nothing_is_saved_too() -> None:
    assert Calibrator.load(Calibrator(PRIOR).save(), PRIOR) == Calibrator(PRIOR)


def test_the_header_is_as_described() -> None:
    empty = Calibrator(PRIOR).save()
    body = b'{"rows":[],"backgrounds":[]}'
    assert empty == b"OMNICAL\n" + struct.pack("<H", 1) + xxhash.xxh3_128_digest(body) + body


@pytest.mark.parametrize("length", [0, 7, 8, 25, 26, len(SAVED) // 2, len(SAVED) - 1])
def test_every_truncation_is_found(length: int) -> None:
    with pytest.raises(CorruptCollectionError, match="learn it anew"):
        Calibrator.load(SAVED[:length], PRIOR)


@pytest.mark.parametrize("place", [0, 7, 8, 9, 10, 25, 26, 40, len(SAVED) // 2, len(SAVED) - 1])
@pytest.mark.parametrize("bit", [0, 3, 7])
def test_every_bit_flip_is_found(place: int, bit: int) -> None:
    damaged = bytearray(SAVED)
    damaged[place] ^= 1 << bit
    with pytest.raises((CorruptCollectionError, UnsupportedFormatError), match="anew"):
        Calibrator.load(bytes(damaged), PRIOR)


def test_a_newer_version_is_not_read() -> None:
    newer = stored.MAGIC + struct.pack("<H", 2) + SAVED[10:]
    with pytest.raises(UnsupportedFormatError, match="version 2, this release reads 1"):
        Calibrator.load(newer, PRIOR)


def test_the_prior_that_ships_is_one_rising_line_for_words() -> None:
    prior = shipped()
    assert 0.4 < prior.slope < 0.9
    assert not [pair for pair in prior.heights if pair[0] == "text"]
    assert {("text", "image"), ("text", "audio"), ("text", "text")} <= {*prior.backgrounds}


def test_pairs_that_find_little_stand_lower() -> None:
    assert PRIOR.heights["audio", "image"] < PRIOR.heights["audio", "audio"] - 1
    surprise = np.array([3.0])
    assert PRIOR.odds(("audio", "image"), surprise) < PRIOR.odds(("audio", "video"), surprise)


def test_few_questions_move_a_line_less() -> None:
    told = record()
    told["pairs"]["image audio"] = pair(0.05, 0.14, sure=0.01, questions=5)
    few = Prior.load(told)
    assert few.heights["audio", "image"] < few.heights["image", "audio"] < few.height


def test_what_is_foreign_keeps_the_line_alone() -> None:
    other = PRIOR.foreign()
    assert (other.height, other.slope) == (PRIOR.height, PRIOR.slope)
    assert not other.backgrounds and not other.heights


def _set(*path: str | int, to: object) -> Callable[[dict[str, Any]], None]:
    def change(told: dict[str, Any]) -> None:
        at: Any = told
        for name in path[:-1]:
            at = at[name]
        at[path[-1]] = to

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set("pairs", to={}),
        _set("pairs", "text touch", to=pair(0, 0.1)),
        _set("pairs", "text image", to={}),
        _set("pairs", "text image", "wrong", "deviation", to=0),
        _set("pairs", "text image", "wrong", "deviation", to=float("nan")),
        _set("pairs", "text image", "map", "cosine", to=[]),
        _set("pairs", "text image", "map", "cosine", 0, to=2.0),
        _set("pairs", "text image", "map", "probability", 8, to=1.5),
        _set("pairs", "text image", "map", "probability", 8, to=0.0),
        _set("pairs", "text image", "figures", "gallery", to=0),
        _set("means", "target", "image", to=[1.0]),
        _set("means", to=None),
    ],
)
def test_a_damaged_prior_says_what_to_do(change: Callable[[dict[str, Any]], None]) -> None:
    told = record()
    change(told)
    with pytest.raises(EncoderFilesError, match="install the encoder again"):
        Prior.load(told)
