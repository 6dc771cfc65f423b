"""The stage `baseline`: the simplest recipe on the same questions, which the rest has to beat.

Texts are read by frozen MiniLM; one locked head for pictures and one for sounds, trained on a few
sources in one view, write into its space. A film is the mean of its frames, a page is its words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import torch

from omnisearch.training.data import tiny
from omnisearch.training.encoder.heads import LockedHead, summary
from omnisearch.training.encoder.omni import Omni
from omnisearch.training.exam import mixed, pictures, sounds
from omnisearch.training.exam.reader import Floats
from omnisearch.training.lab import Lab, Options
from omnisearch.training.lessons import corpus
from omnisearch.training.lessons.pairs import Rows, Side
from omnisearch.training.measures import Figures
from omnisearch.training.specialists import bootstrap
from omnisearch.training.specialists.bootstrap import HeadSettings, HeadTrainer
from omnisearch.training.specialists.draws import Summaries
from omnisearch.training.towers import captions, frozen

SEEDS = 3
EPOCHS = 10
SOURCES = {
    "image": ("fluent-emoji-3d", "noto", "twemoji", "openclipart", "game-icons"),
    "audio": ("fluidr3", "sonic-pi", "espeak"),
}
SETTINGS = {"image": HeadSettings(0, 512, steered=256, weight=0.5), "audio": HeadSettings(0, 256)}
_BATCH = 256
PARTS = {"pictures": pictures.measure, "sounds": sounds.measure, "mixed": mixed.measure}


class Plain(Summaries):
    """Rows of some sources, all alike: drawn evenly, any wording, one view, the last layer."""

    def __init__(self, lab: Lab, sense: str, sources: Sequence[str], width: int | None) -> None:
        super().__init__(lab, sense, "train", captions.Texts(lab))
        column = corpus.Columns(lab, sense, "train", ["source"])["source"]
        own = np.flatnonzero(np.isin(column, sources))
        self.digest = [*self.digest, *sources]
        self.features = [self.features[0][own, :width]]
        self.counts, self.starts = self.counts[own], self.starts[own]
        self.concepts = self.concepts[own]

    def draw(self, count: int, random: np.random.Generator) -> dict[str, Rows]:
        """Draw rows and a caption of each."""
        return self.drawn_evenly(count, random)


class Locked:
    """Two locked heads beside frozen MiniLM."""

    def __init__(self, lab: Lab, heads: Mapping[str, LockedHead]) -> None:
        self.frozen = Omni(frozen.load_backbone(lab), {}, frozen.Words.load(lab))
        self.heads = {"visual": heads["image"], "audio": heads["audio"]}

    def texts(self, texts: Sequence[str]) -> Floats:
        """Encode texts."""
        return self.frozen.texts(texts)

    def media(self, kind: str, side: Side, rows: Rows | None = None) -> Floats:
        """Encode media; whatever comes with words is its words."""
        chosen = np.arange(len(side)) if rows is None else rows
        if side.channel is None or side.texts is not None:
            return self.frozen.encode(
                side if side.channel is None else Side(texts=side.texts), rows
            )
        parts = (chosen[at : at + _BATCH] for at in range(0, len(chosen), _BATCH))
        return np.concatenate([self._media(side, some) for some in parts])

    @torch.no_grad()
    def _media(self, side: Side, rows: Rows) -> Floats:
        assert side.channel is not None
        head, features = self.heads[side.channel], torch.from_numpy(side.media(rows))
        flat = summary(features.flatten(0, -3), side.channel)[:, : len(head.mean)]
        vectors = head(flat).unflatten(0, features.shape[:-2])
        whole = vectors.mean(1) if vectors.ndim == 3 else vectors
        found: Floats = torch.nn.functional.normalize(whole, dim=-1).numpy()
        return found


def run(lab: Lab, options: Options) -> Mapping[str, object]:
    """Train the heads and measure them on validation."""
    return measure(lab, options, "validation")


def measure(lab: Lab, options: Options, split: str) -> dict[str, object]:
    """Give the mean over the seeds; heads that are there are not trained again."""
    count = 1 if options.tiny else SEEDS
    readers = [Locked(lab, trained) for trained in map(partial(_heads, lab, options), range(count))]
    found = {
        name: over_seeds([part(lab, reader, split) for reader in readers])
        for name, part in PARTS.items()
    }
    return {"split": split, **found}


def over_seeds(several: Sequence[Mapping[str, Figures]]) -> dict[str, Figures]:
    """Give the mean of figures over seeds, errors too, for the questions are the same."""
    found: dict[str, Figures] = {}
    for name, first in several[0].items():
        each = [one[name] for one in several]
        means = {key: round(float(np.mean([x[key] for x in each])), 4) for key in first}
        counts = {key: first[key] for key in ("queries", "gallery") if key in first}
        found[name] = means | counts | {"seeds": len(each)}
        if "r10" in first:
            found[name]["r10_of_seeds"] = [one["r10"] for one in each]
    return found


def _heads(lab: Lab, options: Options, seed: int) -> dict[str, LockedHead]:
    classes = bootstrap.Classes(lab, captions.Texts(lab))
    found = {}
    for sense, settings in (bootstrap.TINY if options.tiny else SETTINGS).items():
        sources = (tiny.SOURCE,) if options.tiny else SOURCES[sense]
        width = classes.weight.shape[1] if sense == "image" else None
        data = Plain(lab, sense, sources, width)
        steps = settings.steps or EPOCHS * len(data) // settings.batch
        own = HeadSettings(**{**vars(settings), "steps": steps})
        steered = classes if settings.steered else None
        trainer = HeadTrainer(lab, data, own, steered, "baseline")
        found[sense] = trainer.train(f"{sense}-{seed}", seed)
    return found
