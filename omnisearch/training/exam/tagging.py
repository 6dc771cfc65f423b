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
from torch.nn import functional

from omnisearch.training.audio_tower import RATE, SECONDS, Attention, Floats, Layer
from omnisearch.training.data.wordnet import WordNet
from omnisearch.training.exam.transcripts import Writer

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
        encoded = [self._ids(writer, f"{_OPEN}{tag}{_CLOSE}") for tag in tags]
        (opening,) = {one[0] for one in encoded}
        self.writer, self.tags = writer, tags
        self.start = [*writer.settings["prompt"], opening]
        self._lay(encoded)
        self.prior = self._scores(nulls())[0].mean(0)

    @staticmethod
    def _ids(writer: Writer, text: str) -> list[int]:
        assert writer.tokenizer is not None
        ids: list[int] = writer.tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def _lay(self, encoded: Sequence[Sequence[int]]) -> None:
        """Lay what is read behind each other: the start once, then each tag but its last token."""
        ids, places = [*self.start], [*range(len(self.start))]
        owner, rows, wanted, tag = [-1] * len(ids), [], [], []
        for number, one in enumerate(encoded):
            before = len(self.start) - 1  # the first token of a tag is told by the opening
            for depth, token in enumerate(one[1:]):
                rows.append(before)
                wanted.append(token)
                tag.append(number)
                if depth < len(one) - 2:
                    before = len(ids)
                    ids.append(token)
                    places.append(len(self.start) + depth)
                    owner.append(number)
        whose, order = torch.tensor(owner), torch.tensor(places)
        self.ids, self.places = torch.tensor(ids), order
        own = (whose[:, None] == whose[None]) | (whose[None] == -1)
        self.seen = own & (order[:, None] >= order[None])
        self.rows, self.wanted, self.tag = (torch.tensor(x) for x in (rows, wanted, tag))

    def of(self, waves: Floats) -> tuple[Floats, Floats]:
        """Give how much likelier each tag is than by chance, and the decoder's states, of waves."""
        scores, states = self._scores(waves)
        return (scores - self.prior).numpy(), states.numpy()

    @torch.no_grad()
    def _scores(self, waves: Floats) -> tuple[Tensor, Tensor]:
        found = [self._one(self.writer.states(wave[None])) for wave in waves]
        scores, states = zip(*found, strict=True)
        return torch.stack(scores), torch.stack(states)

    def _one(self, sound: Tensor) -> tuple[Tensor, Tensor]:
        """Read all tags of one clip; also give the states behind the prompt and the opening."""
        decoder = self.writer.decoder.decoder
        states = (decoder.embeddings(self.ids) + decoder.encodings[self.places])[None]
        for layer in decoder.layers:
            assert isinstance(layer, Layer)
            states = _attend(layer.self_attention, states, self.seen)
            states = layer.ffn(layer.attention(states, sound))
        states = decoder.layer_norm(states)[0]
        logits = states @ decoder.embeddings.weight.T
        told = logits[self.rows, self.wanted] - logits.logsumexp(1)[self.rows]
        scores = torch.zeros(len(self.tags)).index_add_(0, self.tag, told)
        last = len(self.start)
        return scores, states[last - 2 : last].flatten()


def _attend(attention: Attention, states: Tensor, seen: Tensor) -> Tensor:
    q, k, v = (
        torch.unflatten(x, 2, (attention.heads, -1)).transpose(1, 2)
        for x in attention.linear_0(attention.layer_norm(states)).chunk(3, dim=2)
    )
    mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=seen)
    added: Tensor = states + attention.linear_1(mixed.transpose(1, 2).flatten(2))
    return added


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
