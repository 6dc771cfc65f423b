"""Tags of sounds, as subtitles bracket them: which there are, and how likely Whisper finds each.

The tags are common words of WordNet: nouns of sounds, and of what is heard (animals, instruments,
vehicles, the weather). What is likely for clips of silence and noise counts for nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from omnisearch.training.data.wordnet import WordNet
from omnisearch.training.exam.together import Together
from omnisearch.training.exam.transcripts import Writer
from omnisearch.training.towers.audio import RATE, SECONDS, Floats

# what tags are kinds of (a word and which of its senses, from 0), and how many of each
ROOTS = {
    ("sound", 0): 30,  # the particular auditory effect produced by a given cause
    ("sound", 3): 60,  # the sudden occurrence of an audible event
    ("utterance", 0): 20,
    ("animal", 0): 40,
    ("musical instrument", 0): 20,
    ("vehicle", 0): 20,
    ("atmospheric phenomenon", 0): 10,
}
_WORD = re.compile(r"[a-z]{3,12}")
_OPEN, _CLOSE = " (", ")"
_NULLS = (0.0, 0.001, 0.01, 0.1, 0.3)  # loudness of the noise that tells nothing


def tags(wordnet: WordNet) -> list[str]:
    """List the tags: of each root the words under it that stand in most glosses."""
    glosses = (set(re.findall(r"[a-z]+", one.gloss)) for one in wordnet.synsets())
    uses = Counter(word for words in glosses for word in words)
    above = {one.offset: one.hypernyms for one in wordnet.synsets()}
    firsts: dict[int, list[str]] = {}
    for one in wordnet.synsets():
        words = [w for w in one.lemmas if _WORD.fullmatch(w) and _usual(wordnet, w, one.offset)]
        firsts[one.offset] = words
    found: dict[str, None] = {}
    for (word, sense), count in ROOTS.items():
        root = wordnet.senses(word)[sense]
        under = (w for at, words in firsts.items() if _is(at, root, above) for w in words)
        fresh = sorted({*under} - {*found}, key=lambda w: (-uses[w], w))
        found.update(dict.fromkeys(fresh[:count]))
    return list(found)


def _usual(wordnet: WordNet, word: str, offset: int) -> bool:
    return offset in wordnet.senses(word)[:2]


def _is(offset: int, root: int, above: dict[int, tuple[int, ...]]) -> bool:
    """Tell whether a meaning is a kind of another, and not that one itself."""
    higher = above[offset]
    return any(one == root or _is(one, root, above) for one in higher)


class Tagger:
    """Whisper's decoder, which reads all tags of a clip at once, none seeing another."""

    def __init__(self, writer: Writer, tags: Sequence[str]) -> None:
        encoded = [writer.tokens(f"{_OPEN}{tag}{_CLOSE}") for tag in tags]
        (opening,) = {one[0] for one in encoded}
        self.writer = writer
        self.all = Together([*writer.settings["prompt"], opening], [one[1:] for one in encoded])
        self.prior = self._scores(nulls())[0].mean(0)

    def of(self, waves: Floats) -> tuple[Floats, Floats]:
        """Give how much likelier each tag is than by chance, and the decoder's states, of waves."""
        scores, states = self._scores(waves)
        return (scores - self.prior).numpy(), states.numpy()

    def _scores(self, waves: Floats) -> tuple[Tensor, Tensor]:
        decoder = self.writer.decoder.decoder
        found = [self.all.read(decoder, self.writer.states(wave[None])) for wave in waves]
        scores, states = zip(*found, strict=True)
        return torch.stack(scores), torch.stack(states)


def nulls() -> Floats:
    """Give clips that tell nothing: silence and noise of several loudnesses, white and brown."""
    random = np.random.default_rng(0)
    white = random.normal(size=(len(_NULLS), RATE * SECONDS))
    brown = np.cumsum(white, axis=1)
    brown -= brown.mean(1, keepdims=True)
    brown /= np.abs(brown).max(1, keepdims=True)
    loudness = np.array(_NULLS)[:, None]
    both = np.concatenate([white / 4 * loudness, brown * loudness])
    return np.asarray(both.clip(-1, 1), np.float32)
