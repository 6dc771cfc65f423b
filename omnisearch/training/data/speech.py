"""Speech: everyday sentences, quotations and single names, by many voices, with noise and rooms.

Held-out texts are spoken by held-out voices only, so that a test hears neither before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from omnisearch.training.data import tables, voices
from omnisearch.training.data.concepts import Concepts, normalise
from omnisearch.training.data.made import LICENCE, declare, distinct, once, pick, seeded
from omnisearch.training.data.sentences import everyday, nouns, quoted
from omnisearch.training.data.splits import split_of
from omnisearch.training.data.synthesis import RATE, SECONDS, Wave, noise, pcm, peak, room, unit
from omnisearch.training.lab import Lab, Options

STEM = "sounds-speech"
SENTENCES, QUOTATIONS, NAMES = 4000, 1200, 2000
_FASTEST = 230  # words a minute: beyond this a text is too long for its four seconds


@dataclass(frozen=True)
class Text:
    """Something to say."""

    words: str
    concept: str
    family: str  # sentence quotation name


def build(lab: Lab, options: Options) -> Mapping[str, object]:
    """Write all that is spoken."""
    total, seed = SENTENCES + QUOTATIONS + NAMES, options.seed
    count = once(lab, STEM, tables.SOUNDS, total, lambda: rows(texts(lab, seed), seed))
    declare(lab, STEM, [("debian", "wordnet-base")], "spoken by espeak-ng; words from WordNet 3.0")
    return {"speech": count}


def texts(lab: Lab, seed: int) -> Iterator[Text]:
    """Yield what is to be said; a name's concept is that of its picture."""
    concepts = Concepts.load(lab)
    for words in everyday(seed, SENTENCES):
        yield Text(words, normalise(words), "sentence")
    for words in quoted(concepts.wordnet, seed, QUOTATIONS):
        yield Text(words, normalise(words), "quotation")
    for words in nouns(concepts.wordnet, seed, NAMES):
        yield Text(words, concepts.of(words), "name")


def rows(said: Iterator[Text], seed: int) -> Iterator[tables.Row]:
    """Yield each text, spoken by a voice of its split."""
    speaker = voices.speaker()
    for number, text in enumerate(said):
        rng, split = seeded(seed, "speech", text.words), split_of(text.concept)
        name, who = pick(rng, voices.voices(split))
        voice = f"{pick(rng, voices.ACCENTS)}+{name}"
        wave = _spoken(speaker.say, text.words, voice, rng)
        if wave is None:
            continue
        yield {
            "id": f"speech/{text.family}/{number:05d}",
            "concept": text.concept,
            "kind": "speech",
            "source": "espeak",
            "title": text.words,
            "captions": distinct(
                [text.words, f'a {who} saying "{text.words}"', f"someone says: {text.words}"]
            ),
            "pcm": pcm(_somewhere(wave, rng), float(rng.uniform(0.4, 0.95))),
            "split": split,
            "licence": LICENCE,
            "transcript": text.words,
            "voice": name,
        }


def _spoken(
    say: Callable[[str, str, int, int, int], Wave], words: str, voice: str, rng: np.random.Generator
) -> Wave | None:
    speed = int(rng.integers(140, 195))
    pitch, liveliness = int(rng.integers(30, 70)), int(rng.integers(30, 75))
    wave = say(words, voice, speed, pitch, liveliness)
    longest = SECONDS - 0.2
    if len(wave) > longest * RATE:
        faster = int(speed * len(wave) / (longest * RATE)) + 5
        wave = say(words, voice, min(faster, _FASTEST), pitch, liveliness)
    if len(wave) > SECONDS * RATE:
        return None
    return np.concatenate([np.zeros(int(rng.integers(0, SECONDS * RATE - len(wave) + 1))), wave])


def _somewhere(wave: Wave, rng: np.random.Generator) -> Wave:
    """Put a third in a room and a half into noise, from barely heard to loud."""
    whole = np.zeros(SECONDS * RATE)
    whole[: len(wave)] = wave
    if rng.uniform() < 0.35:
        dry = peak(whole)
        whole = peak(room(rng, whole, float(rng.uniform(0.2, 0.9)), 0.4)) + 0.3 * dry
    if rng.uniform() < 0.5:
        decibels = float(rng.uniform(8, 30))
        hiss = noise(rng, SECONDS, float(rng.choice([0.0, 0.5, 1.0])))
        whole = unit(whole) + 10 ** (-decibels / 20) * hiss
    return whole
