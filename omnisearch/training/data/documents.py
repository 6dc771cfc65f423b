"""What stands on made pages: topics of WordNet with their kinds and meanings."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from omnisearch.training.data.concepts import Concepts
from omnisearch.training.data.made import seeded
from omnisearch.training.data.sentences import spoken
from omnisearch.training.data.wordnet import Synset, WordNet

_KINDS_LEAST, _LINE = 4, 90


@dataclass(frozen=True)
class Topic:
    """What a page is about: a name, its meaning, and kinds of it with theirs."""

    name: str
    concept: str
    meaning: str
    kinds: tuple[tuple[str, str], ...]  # name, meaning


def topics(concepts: Concepts, seed: int, total: int) -> list[Topic]:
    """Draw topics: nouns in use that have at least four kinds."""
    wordnet = concepts.wordnet
    synsets = {one.offset: one for one in wordnet.synsets()}
    below: dict[int, list[Synset]] = defaultdict(list)
    for one in synsets.values():
        for offset in one.hypernyms:
            below[offset].append(one)
    uses = Counter(word for one in synsets.values() for word in set(re.findall(r"\w+", one.gloss)))
    found = {}
    for offset, one in synsets.items():
        name = one.lemmas[0]
        usual = name.isalpha() and name.islower() and uses[name] >= 3
        if len(below[offset]) >= _KINDS_LEAST and usual and _first(wordnet, name) == offset:
            found[name] = one
    names = sorted(found)
    order = seeded(seed, "topics").permutation(len(names))[:total]
    return [_topic(concepts, found[names[int(at)]], below) for at in order]


def _first(wordnet: WordNet, name: str) -> int:
    return wordnet.senses(name)[0] if wordnet.senses(name) else -1


def _topic(concepts: Concepts, one: Synset, below: dict[int, list[Synset]]) -> Topic:
    kinds = sorted((kind.lemmas[0], spoken(kind)[0]) for kind in below[one.offset])
    return Topic(one.lemmas[0], concepts.of(one.lemmas[0]), spoken(one)[0], tuple(kinds))


def kinds_of(topic: Topic, rng: np.random.Generator, count: int) -> list[tuple[str, str]]:
    """Draw some kinds of a topic, in the order of the alphabet."""
    chosen = sorted(int(at) for at in rng.permutation(len(topic.kinds))[:count])
    return [topic.kinds[at] for at in chosen]


def short(meaning: str, longest: int = _LINE) -> str:
    """Cut a meaning behind a word."""
    return meaning if len(meaning) <= longest else meaning[:longest].rsplit(" ", 1)[0]


def wrapped(text: str, fits: int) -> list[str]:
    """Break a text into lines of at most so many letters."""
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > fits:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line] if line else lines


def sentence(words: Sequence[str]) -> str:
    """Join words to a sentence."""
    text = " ".join(words)
    return f"{text[:1].upper()}{text[1:]}."
