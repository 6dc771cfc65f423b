"""Speech written down, and nothing where nobody speaks."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pytest

from omnisearch.encoder.model import ModelFiles
from omnisearch.encoder.speech import Speech, Spoken
from tests.encoder.conftest import SHIPPED_FOLDER
from tests.encoder.noises import NOISES, RATE, coloured
from tests.encoder.spoken import SENTENCES, errors, spoken, words


@pytest.fixture(scope="module")
def speech() -> Speech:
    assert SHIPPED_FOLDER is not None
    return Speech(ModelFiles(SHIPPED_FOLDER))


def texts(found: list[Spoken]) -> list[str]:
    return words(" ".join(one.text for one in found))


def error_rate(count: int, found: list[Spoken]) -> float:
    wanted = words(" ".join(SENTENCES[:count]))
    return errors(wanted, texts(found)) / len(wanted)


@pytest.mark.parametrize("kind", ["silence", "pink noise", "tone", "beeps", "music"])
def test_where_nobody_speaks_no_words_are_written(speech: Speech, kind: str) -> None:
    assert speech.transcribe(NOISES[kind](12.0)) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", NOISES)
def test_in_a_minute_in_which_nobody_speaks_no_words_are_written(speech: Speech, kind: str) -> None:
    assert speech.transcribe(NOISES[kind](60.0)) == []


def test_sentences_are_written_down_each_in_its_time(speech: Speech) -> None:
    waves = spoken(6, pause_s=2.0)
    found = speech.transcribe(np.concatenate(waves))
    assert len(found) == 6
    at = 0.0
    for wave, sentence, one in zip(waves, SENTENCES, found, strict=False):
        until = at + len(wave) / RATE
        assert at - 0.5 <= one.start_s < at + 0.5 and until - 2.5 < one.end_s < until
        assert errors(words(sentence), words(one.text)) <= 3
        assert 0.3 < one.confidence <= 1
        at = until
    assert error_rate(6, found) < 0.15


@pytest.mark.slow
def test_the_words_of_thirty_sentences_survive(speech: Speech) -> None:
    """Alone, and behind one another with hardly a pause."""
    waves = spoken(30, pause_s=0.5)
    alone = [speech.transcribe(wave) for wave in waves]
    assert sum(not found for found in alone) <= 1
    together = speech.transcribe(np.concatenate(waves))
    apart = [one for some in alone for one in some]
    rates = [error_rate(30, found) for found in (apart, together)]
    print(f"word error rate: {rates[0]:.3f} alone, {rates[1]:.3f} together")  # noqa: T201
    assert max(rates) < 0.2


def test_a_whisper_is_understood_as_well_as_a_call(speech: Speech) -> None:
    wave = np.concatenate(spoken(3, pause_s=1.5))
    for loudness in (0.01, 1.0):  # a word may be heard otherwise, none is lost for being quiet
        found = speech.transcribe((loudness * wave).astype(np.float32))
        assert len(found) == 3 and error_rate(3, found) <= 0.25


def test_speech_is_found_between_noise_and_music(speech: Speech) -> None:
    said = np.concatenate(spoken(2))
    noise = coloured(10.0, 0.5, 0.004)
    music = 0.3 * NOISES["music"](10.0)
    found = speech.transcribe(np.concatenate([noise, said, noise, music, said]).astype(np.float32))
    twice = 2 * words(" ".join(SENTENCES[:2]))
    assert errors(twice, texts(found)) <= len(twice) // 4
    length = len(said) / RATE
    for one in found:
        assert 9 < one.start_s < one.end_s < 11 + length or one.start_s > 29 + length


def test_speech_over_music_is_written_down(speech: Speech) -> None:
    said = np.concatenate(spoken(4, pause_s=0.8))
    music = NOISES["music"](30.0)[: len(said)]
    found = speech.transcribe(said + 0.1 * music * said.std() / music.std())
    assert error_rate(4, found) < 0.3


def test_a_single_word_is_heard(speech: Speech) -> None:
    """Most are: espeak-ng never says one twice in the same way, whatever it said before."""
    pytest.importorskip("espeakng_loader")
    from omnisearch.training.data import voices

    silence, heard = np.zeros(2 * RATE), 0
    for word in ("hello", "tomorrow", "computer", "yesterday", "mountain", "elephant"):
        wave = 0.7 * voices.speaker().say(word, "en-us", 150, 50, 50)
        found = speech.transcribe(np.concatenate([silence, wave, silence]).astype(np.float32))
        assert len(texts(found)) <= 2
        heard += texts(found) == [word]
    assert heard >= 3


def test_pieces_are_short_and_in_order(speech: Speech) -> None:
    wave = np.concatenate([*spoken(10, pause_s=0.3), *spoken(3, pause_s=3.0)])
    found = speech.pieces(wave)
    assert all(0 < end - start <= 10 * RATE for start, end in found)
    assert found == sorted(found)
    assert all(one[1] <= other[0] for one, other in pairwise(found))


@pytest.mark.parametrize("length", [0, 1, 400, 8_000])
def test_sounds_too_short_for_a_word_have_none(speech: Speech, length: int) -> None:
    assert speech.transcribe(coloured(1.0, 0.5, 0.1)[:length]) == []


def test_the_same_sound_gives_the_same_words(speech: Speech) -> None:
    wave = np.concatenate(spoken(2))
    assert speech.transcribe(wave) == speech.transcribe(wave)


def test_a_piece_that_loses_words_is_cut_again(
    speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The decoder may end after the first of several sentences, or write them twice."""
    whole = np.concatenate(spoken(2, pause_s=0.5))
    plain = speech.transcribe(whole)
    monkeypatch.setattr("omnisearch.encoder.written.Written.loses", lambda *_: True)
    cut = speech.transcribe(whole)
    assert len(cut) > len(plain) == 1
    assert cut[0].end_s == cut[1].start_s
    assert error_rate(2, cut) < 0.2


def test_graphs_are_opened_when_something_sounds() -> None:
    assert SHIPPED_FOLDER is not None
    files = ModelFiles(SHIPPED_FOLDER)
    assert Speech(files).transcribe(np.zeros(RATE, np.float32)) == []
    assert not files.opened


@pytest.mark.slow
@pytest.mark.parametrize(("pause_s", "least"), [(0.1, 2.0), (2.0, 3.0)], ids=["dense", "pauses"])
@pytest.mark.alone
def test_a_minute_takes_a_few_seconds(speech: Speech, pause_s: float, least: float) -> None:
    """By the processor's clock; here it is 20 to 30 times as quick as the speaker."""
    wave = np.concatenate(spoken(24, pause_s))[: 60 * RATE]
    speech.transcribe(wave[: 5 * RATE])
    before = time.process_time()
    speech.transcribe(wave)
    speed = len(wave) / RATE / (time.process_time() - before)
    print(f"{speed:.1f} times real time")  # noqa: T201
    assert speed > least
