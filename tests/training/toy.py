"""A world in which drift can be seen in seconds: things of two attributes, told, drawn and sounded.

Pictures and sounds are two random views of the same things, so each needs a projector of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from omnisearch.training.encoder.omni import Omni
from omnisearch.training.encoder.projectors import Projector
from omnisearch.training.fusion.arithmetic import Fused, fuse
from omnisearch.training.lessons.pairs import Channel, Pairs, Side
from omnisearch.training.loop import Group, Schedule, fit
from omnisearch.training.losses import CODES
from omnisearch.training.recovery.rehearsal import Mix, Objective
from omnisearch.training.towers.backbone import Backbone, Sizes

FIRST, SECOND, WIDTH = 16, 16, 48
WORDS = "[CLS] [SEP] [PAD] a find picture sound of with text about film page like".split()
SIZES = Sizes(vocabulary=64, width=WIDTH, layers=4, heads=4, hidden=96, positions=32)


@dataclass(frozen=True)
class Words:
    """One id for each word."""

    def encode(
        self, texts: list[str], longest: int | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        rows = [[0, *map(self._id, text.split()), 1][:longest] for text in texts]
        width = max(map(len, rows))
        ids = torch.tensor([row + [2] * (width - len(row)) for row in rows])
        return ids, (ids != 2).long()

    def _id(self, word: str) -> int:
        if word in WORDS:
            return WORDS.index(word)
        return len(WORDS) + int(word[1:]) + (FIRST if word[0] == "s" else 0)


def world(train: bool, rows: int = 3, seed: int = 0) -> dict[str, Pairs]:
    """Make pairs of text, image and audio; one thing in four is kept for tests."""
    things = [(a, b) for a in range(FIRST) for b in range(SECOND) if ((a + 3 * b) % 4 > 0) == train]
    things = [thing for thing in things for _ in range(rows)]
    names = [f"f{a} s{b}" for a, b in things]
    captions = [[f"f{a} s{b}", f"a f{a} s{b}", f"s{b} with f{a}"] for a, b in things]
    turned = [[f"s{b} with f{a}", f"a s{b} f{a}"] for a, b in things]
    asked = Side(texts=captions)
    return {
        "text": Pairs("text", asked, Side(texts=turned), names, CODES["text"]),
        "image": Pairs("image", asked, _media("visual", things, seed + 1), names, CODES["image"]),
        "audio": Pairs("audio", asked, _media("audio", things, seed + 2), names, CODES["audio"]),
    }


def _media(channel: Channel, things: list[tuple[int, int]], seed: int) -> Side:
    fixed, noise = np.random.default_rng(seed), np.random.default_rng([seed, len(things)])
    first, second = fixed.normal(size=(FIRST, 2, 12)), fixed.normal(size=(SECOND, 2, 12))
    clean = np.stack([np.tanh(first[a] + second[b]) for a, b in things])
    features = (clean + 0.1 * noise.normal(size=clean.shape)).astype(np.float16)
    return Side(channel, features, np.arange(len(things)))


def fresh(seed: int) -> Omni:
    """Make an encoder that has learnt nothing."""
    torch.manual_seed(seed)
    projectors = {name: Projector(12, 64, tokens=2, width=WIDTH) for name in ("visual", "audio")}
    return Omni(Backbone(SIZES), projectors, Words())


def taught(start: Omni, pairs: Mapping[str, Pairs], steps: int, rate: float, seed: int) -> Omni:
    """Train the backbone and all projectors."""
    model = start.with_tensors(start.tensors()).train().requires_grad_(True)
    mix = Mix(pairs, 48, seed)
    groups = [Group(list(model.parameters()), rate)]
    loss = lambda batch: mix.loss(model, batch, Objective())  # noqa: E731
    fit(groups, mix.draw, loss, Schedule(steps), Path("/nonexistent/batch.npz"))
    return model.eval().requires_grad_(False)


@dataclass(frozen=True)
class Decoupled:
    """The base, its specialists, and their average with the copied audio projector."""

    base: Omni
    experts: Mapping[str, Omni]
    fused: Fused
    model: Omni
    train: Mapping[str, Pairs]
    test: Mapping[str, Pairs]


def decoupled(seed: int) -> Decoupled:
    """Train specialists of text, image and audio from one base, and fuse them."""
    train, test = world(True), world(False)
    base = taught(fresh(seed), {"text": train["text"]}, 60, 3e-3, seed)
    steps = {"text": 30, "image": 100, "audio": 100}
    experts = {
        kind: taught(base, {kind: train[kind]}, steps[kind], 2e-3, seed + number)
        for number, kind in enumerate(steps)
    }
    tensors = {
        kind: {key: x for key, x in one.tensors().items() if kind == "audio" or not _audio(key)}
        for kind, one in experts.items()
    }
    origin = {key: x for key, x in base.tensors().items() if not _audio(key)}
    fused = fuse(origin, tensors, "average")
    return Decoupled(base, experts, fused, base.with_tensors(fused.tensors), train, test)


def _audio(key: str) -> bool:
    return key.startswith("projector.audio.")
