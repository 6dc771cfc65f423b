"""Stage `tags`: what a locked head of sounds gains by tags and by the decoder's states.

Heads learn from the same clips with and without them. The arm that finds most of what validation
holds out is the one whose gain on natural recordings decides; nothing is chosen on recordings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from omnisearch.training.data.wordnet import WordNet
from omnisearch.training.encoder.heads import LockedHead, summary
from omnisearch.training.encoder.omni import Omni
from omnisearch.training.exam import recordings, tagging
from omnisearch.training.exam.baseline import over_seeds
from omnisearch.training.exam.folds import Part, Sounds
from omnisearch.training.exam.sounds import KINDS
from omnisearch.training.exam.tagging import Tagger
from omnisearch.training.exam.transcripts import Writer
from omnisearch.training.lab import Lab, LabError, Options, whole
from omnisearch.training.lessons import media
from omnisearch.training.lessons.pairs import Rows, same
from omnisearch.training.measures import Figures, difference, of_scores, without_ranks
from omnisearch.training.specialists import bootstrap
from omnisearch.training.specialists.bootstrap import HeadTrainer
from omnisearch.training.towers import frozen
from omnisearch.training.towers.audio import Floats, clip, spectrum

SEEDS = 3
STEPS = 400
# clips of a concept that are heard: reading all tags takes half a second each
TAUGHT = {"instrument": 2, "drum": 3, "effect": 99, "procedural": 6}
HELD = 8
GAIN = 3.0  # points of R@10 on recordings; with less it does not ship
BESIDE = (0.15, 0.3, 0.6)
_SHARP, _TOP = 2.0, 10  # of the tags' vector
_SAVED = 64


class Read:
    """Tags and decoder states (n, tags + states) of clips, kept beside the features."""

    def __init__(self, lab: Lab, tags: Sequence[str], tagger: Callable[[], Tagger]) -> None:
        weights = (frozen.folder(lab) / "speech.safetensors").read_bytes()
        digest = hashlib.blake2b(weights + repr(tags).encode(), digest_size=6).hexdigest()
        self.lab, self.tagger, self.tags = lab, tagger, tags
        self.path = lab.features / f"tags-{digest}.npz"
        self.known: dict[str, NDArray[np.float16]] = {}
        if self.path.exists():
            with np.load(self.path) as file:
                self.known = dict(zip(file["names"].tolist(), file["found"], strict=True))

    def of(self, pcms: Sequence[bytes]) -> Floats:
        """Read clips that were not read before, and give what is known of all."""
        names = [hashlib.blake2b(pcm, digest_size=12).hexdigest() for pcm in pcms]
        fresh = {n: pcm for n, pcm in zip(names, pcms, strict=True) if n not in self.known}
        tagger = self.tagger() if fresh else None
        with self.lab.progress("tags", len(fresh), "clips") as bar:
            for number, (name, pcm) in enumerate(fresh.items(), start=1):
                assert tagger is not None
                both = tagger.of(clip(pcm)[None])
                self.known[name] = np.concatenate(both, axis=1)[0].astype(np.float16)
                bar.update()
                if number % _SAVED == 0 or number == len(fresh):
                    self._write()
        return np.stack([self.known[name] for name in names]).astype(np.float32)

    def _write(self) -> None:
        with whole(self.path) as temporary, temporary.open("wb") as file:
            np.savez(file, names=[*self.known], found=np.stack([*self.known.values()]))


@dataclass(frozen=True)
class Clips:
    """What heads learn from or are asked for: features, what was read, and names."""

    features: Floats  # (n, in)
    read: Floats  # (n, tags + states)
    names: Sequence[str]

    def take(self, rows: Sequence[int]) -> Clips:
        """Keep some rows."""
        own = [*rows]
        return Clips(self.features[own], self.read[own], [self.names[row] for row in own])


def run(lab: Lab, options: Options) -> Mapping[str, object]:
    """Train heads with and without tags and states, and measure what they gain."""
    if not (frozen.folder(lab) / "speech-tokenizer.json").exists():
        raise LabError("tiny towers speak no language: the stage tags needs released ones")
    tags = tagging.tags(WordNet.load(lab))
    writer = Writer(lab)
    read = Read(lab, tags, lambda: Tagger(writer, tags))
    sounds = Sounds(lab)
    rows = some(sounds, "train", TAUGHT)
    held = some(sounds, "validation", dict.fromkeys(KINDS, HELD))
    taught, known = (_clips(lab, sounds, one, read) for one in (rows, held))
    natural = recordings.natural(lab)
    heard = Clips(
        np.concatenate([_heard(writer, one.pcm) for one in natural]),
        read.of([one.pcm for one in natural]),
        [one.title for one in natural],
    )
    part, texts = Part(sounds, rows, False), frozen.load_backbone(lab)
    minilm = Omni(texts, {}, frozen.Words.load(lab))
    asked = {"validation": known, "recordings": heard}
    for source in dict.fromkeys(one.source for one in natural):
        asked[source] = heard.take([row for row, x in enumerate(natural) if x.source == source])
    found = compare(lab, options, part, taught, asked, (minilm, tags))
    return {**found, "tags": len(tags), "clips taught": len(rows)}


def some(sounds: Sounds, split: str, most: Mapping[str, int]) -> Rows:
    """Give the first clips of each concept of a split."""
    found: list[int] = []
    counts: dict[tuple[str, str], int] = {}
    for row in np.flatnonzero(sounds.splits == split).tolist():
        kind, concept = sounds.columns["kind"][row], sounds.columns["concept"][row]
        counts[kind, concept] = counts.get((kind, concept), 0) + 1
        if counts[kind, concept] <= most.get(kind, 0):
            found.append(row)
    return np.array(found, dtype=np.int64)


def _clips(lab: Lab, sounds: Sounds, rows: Rows, read: Read) -> Clips:
    pcms = media.content(lab, "audio", sounds.places[rows])
    names = [sounds.columns["title"][row] for row in rows.tolist()]
    return Clips(sounds.features[rows].astype(np.float32), read.of(pcms), names)


@torch.no_grad()
def _heard(writer: Writer, pcm: bytes) -> Floats:
    """Give what a head reads of a recording."""
    moments = writer.tower(torch.from_numpy(spectrum(clip(pcm)[None])))
    return np.asarray(summary(moments, "audio").numpy())


def compare(
    lab: Lab,
    options: Options,
    part: Part,
    taught: Clips,
    asked: Mapping[str, Clips],
    words: tuple[Omni, Sequence[str]],
) -> dict[str, Any]:
    """Give the figures of each arm on validation and on recordings, and whether one ships."""
    frozen, tags = words
    count = len(tags)
    arms: dict[str, Callable[[Clips], Floats]] = {
        "plain": lambda one: one.features,
        "tags": lambda one: np.concatenate([one.features, one.read[:, :count]], axis=1),
        "states": lambda one: np.concatenate([one.features, one.read[:, count:]], axis=1),
        "both": lambda one: np.concatenate([one.features, one.read], axis=1),
    }
    texts = frozen.texts([*tags])
    runs: dict[str, dict[str, list[Figures]]] = {}
    for seed in range(options.seed, options.seed + SEEDS):
        vectors = {}
        for arm, inputs in arms.items():
            head = _trained(lab, options, part, inputs(taught), f"{arm}-{seed}")
            vectors[arm] = {name: _vectors(head, inputs(one)) for name, one in asked.items()}
        for weight in BESIDE:
            vectors[f"beside {weight}"] = {
                name: vectors["plain"][name] + weight * told(one.read[:, :count], texts)
                for name, one in asked.items()
            }
        for arm, own in vectors.items():
            for name, one in asked.items():
                figures = _asked(frozen, one.names, own[name])
                runs.setdefault(name, {}).setdefault(arm, []).append(figures)
    return _summed(runs)


def _summed(runs: Mapping[str, Mapping[str, Sequence[Figures]]]) -> dict[str, Any]:
    """Give means over seeds, gains over the plain head, and whether the best arm ships."""
    found: dict[str, Any] = {}
    for name, arms in runs.items():
        found[name] = {}
        for arm, several in arms.items():
            (mean,) = over_seeds([{"": without_ranks(one)} for one in several]).values()
            gains = [difference(a, b) for a, b in zip(several, arms["plain"], strict=True)]
            gain = {key: round(float(np.mean([one[key] for one in gains])), 2) for key in gains[0]}
            found[name][arm] = {**mean, "gain": gain}
    best = max(found["validation"], key=lambda arm: _worth(found["validation"][arm]))
    gain = found["recordings"][best]["gain"]["r10"]
    return {**found, "chosen": best, "gain": gain, "ships": bool(gain >= GAIN)}


def _worth(figures: Figures) -> float:
    return float(figures["r1"] + figures["r10"])


def _asked(frozen: Omni, names: Sequence[str], vectors: Floats) -> Figures:
    titles = [*dict.fromkeys(names)]
    return of_scores(frozen.texts(titles), vectors, same(titles, names))


def told(scores: Floats, texts: Floats) -> Floats:
    """Give the unit vectors of the likeliest tags' names, by how likely each is."""
    best = np.argsort(-scores, axis=1)[:, :_TOP]
    own = np.take_along_axis(scores, best, 1)
    share = np.exp((own - own.max(1, keepdims=True)) / _SHARP)
    mixed = np.einsum("nk,nkd->nd", share, texts[best])
    return np.asarray(mixed / np.linalg.norm(mixed, axis=1, keepdims=True), np.float32)


def _trained(lab: Lab, options: Options, part: Part, features: Floats, name: str) -> LockedHead:
    part.features = [features.astype(np.float16)]
    part.digest = [*part.digest[:3], name]
    settings = replace(bootstrap.AUDIO, steps=STEPS)
    if options.tiny:
        settings = replace(bootstrap.TINY["audio"], steps=60)
    seed = int(name.rpartition("-")[2])
    return HeadTrainer(lab, part, settings, None, "tags").train(name, seed)


@torch.no_grad()
def _vectors(head: LockedHead, features: Floats) -> Floats:
    return np.asarray(head(torch.from_numpy(features)).numpy())
