"""Where a recording pauses: found by loudness, however loud or noisy the whole is."""

from __future__ import annotations

import numpy as np
import pytest

from omnisearch.encoder import pauses
from tests.encoder.noises import RATE, coloured


def said(*seconds: tuple[float, float], length: float = 20.0, level: float = 0.2) -> np.ndarray:
    """Noise as loud as speech in spans of time, its syllables parted by 60 ms."""
    wave = coloured(length, 0.5, level)
    time = np.arange(len(wave)) / RATE
    loud = np.zeros(len(wave), bool)
    for start, end in seconds:
        loud |= (time >= start) & (time < end)
    return wave * loud * (time % 0.3 < 0.24)


def spans(wave: np.ndarray) -> list[tuple[float, float]]:
    return [(start / RATE, end / RATE) for start, end in pauses.stretches(wave, RATE)]


@pytest.mark.parametrize("level", [0.5, 0.02, 0.003])
@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_what_is_said_is_found_with_a_margin(level: float, noise: float) -> None:
    wave = said((3.0, 6.0), (8.0, 9.5), level=level) + coloured(20, 0, max(noise * level, 1e-9))
    np.testing.assert_allclose(spans(wave), [(2.8, 6.2), (7.8, 9.7)], atol=0.1)


def test_short_pauses_are_none() -> None:
    np.testing.assert_allclose(spans(said((3.0, 6.0), (6.3, 9.0))), [(2.8, 9.2)], atol=0.1)


def test_silence_and_next_to_it_has_nothing() -> None:
    assert spans(np.zeros(20 * RATE, np.float32)) == []
    assert spans(coloured(20, 0, 1e-4)) == []


def test_steady_noise_is_given_whole() -> None:
    found = spans(coloured(20, 0, 0.1))
    assert sum(end - start for start, end in found) > 18


def test_a_click_is_no_stretch() -> None:
    wave = said((3.0, 6.0))
    wave[12 * RATE : 12 * RATE + 200] = 0.5
    np.testing.assert_allclose(spans(wave), [(2.8, 6.2)], atol=0.1)


def test_loudness_is_judged_against_what_is_around() -> None:
    """A minute of shouting does not hide the whisper of the next."""
    loud, low = (
        said((1.0, 59.0), length=60.0, level=0.3),
        said((10.0, 20.0), length=60.0, level=0.003),
    )
    found = spans(np.concatenate([loud, low]))
    assert found[-1] == pytest.approx((69.8, 80.2), abs=0.1)


@pytest.mark.parametrize("length", [0, 1, 100, 319, 320, 5_000])
def test_very_short_sounds_have_a_stretch_or_none(length: int) -> None:
    found = pauses.stretches(np.full(length, 0.1, np.float32), RATE)
    assert all(0 <= start < end <= length for start, end in found)


def test_what_is_too_long_is_cut_at_its_quietest() -> None:
    wave = coloured(26, 0.5, 0.1)
    for at in (8.0, 17.3):
        wave[round(at * RATE) : round((at + 0.1) * RATE)] = 0
    found = pauses.cut(wave, RATE, (0, len(wave)), 10 * RATE)
    edges = [start / RATE for start, _ in found] + [found[-1][1] / RATE]
    np.testing.assert_allclose(edges, [0, 8.05, 17.35, 26], atol=0.06)
    assert [end for _, end in found[:-1]] == [start for start, _ in found[1:]]


def test_cuts_are_never_longer_than_asked_for() -> None:
    random = np.random.default_rng(0)
    for _ in range(30):
        length, longest = (int(n) for n in random.integers((1, RATE), (60 * RATE, 10 * RATE)))
        wave = coloured(60, 0, 0.1)[:length]
        found = pauses.cut(wave, RATE, (0, length), longest)
        assert found[0][0] == 0 and found[-1][1] == length
        assert all(0 < end - start <= longest for start, end in found)
