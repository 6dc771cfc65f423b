import ctypes
import itertools
import subprocess
import sys
from importlib.util import find_spec
from typing import cast

import numpy as np
import pytest

from omnisearch.training.data import speech
from omnisearch.training.data.made import seeded
from omnisearch.training.data.sentences import everyday, quoted, spoken
from omnisearch.training.data.speech import Text
from omnisearch.training.data.splits import Split, split_of
from omnisearch.training.data.synthesis import LENGTH, RATE
from omnisearch.training.data.voices import ACCENTS, HELD_OUT, speaker, voices
from omnisearch.training.data.wordnet import Synset, WordNet
from omnisearch.training.lab import LabError
from tests.training.shapes import made

SPLITS: tuple[Split, ...] = ("train", "validation", "test")
espeak = pytest.mark.skipif(
    find_spec("espeakng_loader") is None,
    reason='espeak-ng is NOT INSTALLED, speech is untested: pip install "omnisearch[train]"',
)


def test_sentences_are_everyday_different_and_of_five_words_at_least() -> None:
    said = list(everyday(0, 500))
    assert len(set(said)) == 500
    assert all(len(sentence.split()) >= 5 and "{" not in sentence for sentence in said)
    assert said == list(everyday(0, 500))
    assert said != list(everyday(1, 500))
    assert not any(said.startswith("He painted") and "tomorrow" in said for said in said)


def test_a_gloss_gives_its_definition_and_examples() -> None:
    one = Synset("n", 1, ("dog",), 'a pet; barks; "the dog barked all night"', ())
    assert spoken(one) == ["a pet", "the dog barked all night"]


def test_quotations_have_five_words_and_no_more_than_fit() -> None:
    class Small:
        def synsets(self, part: str) -> list[Synset]:
            glosses = ["one two three four five", "too short", "a " * 12]
            return [Synset(part, n, ("x",), gloss, ()) for n, gloss in enumerate(glosses)]

    assert quoted(cast(WordNet, Small()), 0, 10) == ["one two three four five"]


def test_voices_of_the_splits_are_apart() -> None:
    groups = [{name for name, _ in voices(split)} for split in SPLITS]
    assert all(not one & other for one, other in itertools.combinations(groups, 2))
    assert len(groups[0]) >= 30 and len(groups[1]) >= 4 and len(groups[2]) >= 6
    assert set(HELD_OUT) == groups[1] | groups[2]
    for group in SPLITS:
        assert {who for _, who in voices(group)} == {"woman", "man"}


@espeak
def test_every_voice_and_accent_speaks() -> None:
    for name, _ in [*voices("train"), *voices("validation"), *voices("test")]:
        wave = speaker().say("Hello there.", f"en+{name}", 180, 50, 50)
        assert 0.3 * RATE < len(wave) < 3 * RATE and np.abs(wave).max() > 0.02, name
    for accent in ACCENTS:
        assert len(speaker().say("Hello.", f"{accent}+m1", 180, 50, 50)) > RATE / 5, accent


@espeak
def test_an_unknown_voice_is_an_error() -> None:
    with pytest.raises(LabError, match="no voice 'nobody'"):
        speaker().say("Hello.", "nobody", 180, 50, 50)


@espeak
def test_held_out_texts_are_spoken_by_held_out_voices() -> None:
    texts = [Text(words, words, "sentence") for words in everyday(0, 40)]
    rows = made(speech.rows(iter(texts), 0))
    assert len(rows) >= 38
    for row in rows:
        assert len(row["pcm"]) == 2 * LENGTH
        assert row["split"] == split_of(row["concept"]) == HELD_OUT.get(row["voice"], "train")
        assert row["transcript"] == row["title"] == row["captions"][0]
        assert np.abs(np.frombuffer(row["pcm"], "<i2")).max() > 3000


@espeak
def test_another_process_says_the_same() -> None:
    code = (
        "from omnisearch.training.data.voices import speaker;"
        "import zlib; say = speaker().say;"
        "print(zlib.crc32(say('Good morning, it is raining again.', 'en+f4', 170, 50, 50)))"
    )
    said = [subprocess.check_output([sys.executable, "-c", code]) for _ in range(2)]
    assert said[0] == said[1]


@espeak
def test_a_text_too_long_for_four_seconds_is_left_out() -> None:
    long = Text("word " * 60, "long", "sentence")
    assert list(speech.rows(iter([long]), 0)) == []


def test_half_of_the_clips_get_noise_and_a_third_a_room() -> None:
    dry = np.zeros(LENGTH)
    dry[RATE : RATE + 800] = np.sin(np.arange(800))
    made = [speech._somewhere(dry, seeded(seed)) for seed in range(60)]
    noisy = sum(bool(np.abs(wave[: RATE // 2]).max() > 0) for wave in made)
    assert 15 < noisy < 45
    assert ctypes.sizeof(ctypes.c_short) == 2
