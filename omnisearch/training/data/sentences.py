"""Everyday sentences from a small grammar, and the words and glosses of WordNet that are spoken."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from importlib import resources

import numpy as np

from omnisearch.training.data.made import pick, seeded
from omnisearch.training.data.wordnet import Synset, WordNet

_SLOT = re.compile(r"\{(\w+)\}")
_PLAIN = re.compile(r"[a-z ]{3,14}")
_EXAMPLE = re.compile(r'"([^"]+)"')
_THING, _PLACE = 1930, 27167  # physical entity: what can be seen or heard; location


def everyday(seed: int, total: int, shortest: int = 5) -> Iterator[str]:
    """Yield different sentences of at least five words."""
    text = resources.files(__package__).joinpath("sentences.json").read_text("utf-8")
    grammar = json.loads(text)
    rng, seen = seeded(seed, "sentences"), set[str]()
    while len(seen) < total:
        sentence = _fill(rng, pick(rng, grammar["templates"]), grammar["slots"])
        if sentence not in seen and len(sentence.split()) >= shortest:
            seen.add(sentence)
            yield sentence


def _fill(rng: np.random.Generator, template: str, slots: dict[str, list[str]]) -> str:
    filled = _SLOT.sub(lambda slot: pick(rng, slots[slot[1]]), template)
    return filled[0].upper() + filled[1:]


def nouns(wordnet: WordNet, seed: int, total: int) -> list[str]:
    """Draw names of things that are common: those that stand in many glosses."""
    uses = Counter(
        word for synset in wordnet.synsets() for word in set(re.findall(r"[a-z]+", synset.gloss))
    )
    above = {synset.offset: synset.hypernyms for synset in wordnet.synsets()}
    found = {}
    for synset in wordnet.synsets():
        for lemma in filter(_PLAIN.fullmatch, synset.lemmas):
            words = lemma.split()
            common = min(uses[word] for word in words) >= (8 if len(words) == 1 else 120)
            if common and wordnet.senses(lemma)[0] == synset.offset:
                found[lemma] = synset.offset
    things = sorted(lemma for lemma, offset in found.items() if is_thing(offset, above))
    order = seeded(seed, "nouns").permutation(len(things))
    return [things[int(at)] for at in order[:total]]


def is_thing(offset: int, above: dict[int, tuple[int, ...]]) -> bool:
    """Tell whether a noun's meaning is a physical entity, and no country or other place."""
    while offset not in (_THING, _PLACE) and above[offset]:
        offset = above[offset][0]
    return offset == _THING


def quoted(wordnet: WordNet, seed: int, total: int, longest: int = 9) -> list[str]:
    """Draw example sentences and short glosses, each of five words at least."""
    found = set[str]()
    for part in ("n", "v", "a"):
        for synset in wordnet.synsets(part):
            found.update(text for text in spoken(synset) if 5 <= len(text.split()) <= longest)
    texts = sorted(text for text in found if re.fullmatch(r"[A-Za-z ,']+", text))
    order = seeded(seed, "quoted").permutation(len(texts))
    return [texts[int(at)] for at in order[:total]]


def spoken(synset: Synset) -> list[str]:
    """Give the definition and the examples of a gloss."""
    definition = synset.gloss.partition('; "')[0].split(";")[0].strip()
    return [definition, *(text.strip() for text in _EXAMPLE.findall(synset.gloss))]
