import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from omnisearch.training.data import instruments, sounds
from omnisearch.training.data.made import seeded
from omnisearch.training.data.sound_kinds import KINDS, Take, take
from omnisearch.training.data.synthesis import (
    LENGTH,
    RATE,
    Wave,
    band,
    beats,
    pcm,
    resample,
    room,
    tone,
    unit,
)
from tests.training.shapes import made


def _names() -> dict[str, str]:
    return {name: name for name in KINDS}


def _loudest(wave: Wave) -> float:
    return float(np.fft.rfftfreq(len(wave), 1 / RATE)[np.abs(np.fft.rfft(wave)).argmax()])


def test_there_are_at_least_sixty_kinds_of_sound() -> None:
    assert len(KINDS) >= 60


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_heard_and_differs_with_the_seed(name: str) -> None:
    one, other = (take(KINDS[name], seeded(seed, name)).wave for seed in (0, 1))
    assert np.isfinite(one).all() and one.std() > 1e-3 * np.abs(one).max() > 0
    assert len(one) <= LENGTH
    assert len(one) != len(other) or not np.array_equal(one, other)


def test_a_sound_depends_on_its_seed_alone() -> None:
    first, again = (made(sounds.mixtures(_names(), 3, 6)) for _ in range(2))
    assert [row["pcm"] for row in first] == [row["pcm"] for row in again]
    assert first[0]["pcm"] != made(sounds.mixtures(_names(), 4, 1))[0]["pcm"]


def test_words_of_manner_follow_the_name_and_others_stand_before_it() -> None:
    one = Take(KINDS["rain"], np.zeros(1), ("heavy", "fast"))
    assert one.phrase() == "heavy rain, fast"
    assert one.phrase("a downpour") == "a downpour, heavy and fast"


def test_fast_footsteps_have_more_onsets_than_slow_ones() -> None:
    def steps(speed: float) -> int:
        wave = KINDS["footsteps"].make(seeded(0, speed), speed=speed)
        loud = np.abs(wave).reshape(-1, RATE // 50).max(axis=1) > 0.3 * np.abs(wave).max()
        return int((loud[1:] & ~loud[:-1]).sum())

    assert steps(1.0) >= steps(0.0) + 4


def test_a_high_tone_is_above_a_low_one() -> None:
    low, high = (KINDS["test tone"].make(seeded(0), pitch=pitch) for pitch in (0.1, 0.9))
    assert _loudest(low) < 300 < 1500 < _loudest(high)


def test_rows_tell_kind_traits_and_place() -> None:
    rows = made(itertools.islice(sounds.alone(_names(), 0), len(KINDS)))
    assert len({row["id"] for row in rows}) == len(rows)
    for row in rows:
        assert len(row["pcm"]) == 2 * LENGTH and len(row["captions"]) >= 3
    told = {caption for row in rows for caption in row["captions"]}
    assert any("in the distance" in caption for caption in told)
    assert any("high-pitched" in caption for caption in told)


def test_what_comes_after_is_in_the_second_half() -> None:
    silent = Take(KINDS["rain"], np.zeros(LENGTH), ())
    loud = Take(KINDS["siren"], tone(500.0), ())
    wave, captions = sounds._after(silent, loud)
    assert np.abs(wave[: LENGTH // 2]).max() == 0 < np.abs(wave[LENGTH // 2 :]).max()
    assert captions[0] == "rain, then siren"


def test_a_mixture_is_held_out_when_one_of_its_sounds_is() -> None:
    named = dict.fromkeys(KINDS, "train me")
    splits = {row["split"] for row in made(sounds.mixtures(named, 0, 3))}
    assert len(splits) == 1
    named |= {name: concept for name, concept in zip(KINDS, _held_out(), strict=False)}
    assert "test" in {row["split"] for row in made(sounds.mixtures(named, 0, 12))}


def _held_out() -> Iterator[str]:
    from omnisearch.training.data.splits import split_of

    return (name for name in map(str, itertools.count()) if split_of(name) == "test")


def test_band_and_resample_keep_what_they_should() -> None:
    both = tone(300.0) + tone(3000.0)
    assert _loudest(band(both, 1000, 6000)) == pytest.approx(3000, abs=1)
    seconds = np.arange(22_050) / 22_050
    wave = resample(np.sin(2 * np.pi * 1000 * seconds), 22_050)
    assert len(wave) == RATE and _loudest(wave) == pytest.approx(1000, abs=2)
    assert np.abs(wave).max() == pytest.approx(1, abs=0.02)


def test_a_room_has_an_echo_and_samples_stay_in_range() -> None:
    knock = np.zeros(LENGTH)
    knock[100] = 1
    echo = room(seeded(0), knock, 0.5)
    assert np.abs(unit(echo)[RATE // 10 : RATE // 4]).max() > 0.01
    samples = np.frombuffer(pcm(tone(440.0), 0.5), "<i2")
    assert len(samples) == LENGTH and np.abs(samples).max() == pytest.approx(16383, abs=2)


def test_beats_keep_their_rate() -> None:
    assert len(beats(seeded(0), 5.0, 0.0)) in (19, 20)


def test_only_samples_with_an_entry_under_cc0_are_taken() -> None:
    text = """Files: *
License: MIT

Files: etc/samples/one.flac
License: CC0

Files: etc/samples/two.flac
License: CC-BY-SA-4.0

Files:
 etc/samples/three.flac
 etc/samples/four.flac
License: CC0
"""
    assert instruments.cc0(text) == {"one", "three", "four"}


def test_a_tune_is_what_it_is_called() -> None:
    rise, fall = (instruments.tune(f"a {way} scale", seeded(0)) for way in ("rising", "falling"))
    assert [note.key for note in rise] == sorted(note.key for note in rise)
    assert [note.key for note in fall] == sorted((note.key for note in fall), reverse=True)
    assert instruments.tune("a low note", seeded(0))[0].key < 52 - 8
    assert len(instruments.tune("a chord", seeded(0))) == 3


def test_file_names_become_words_that_are_known() -> None:
    known = {"glass", "rub"}.__contains__
    title, captions = instruments.effect_words("ambi_glass_rub", known)
    assert title == "glass rub ambient sound" and captions[0] == title
    assert instruments.effect_words("tabla_ke2", known)[0] == "tabla drum"
