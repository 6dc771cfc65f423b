"""Stage `fuse`: ways to fuse the specialists, compared on validation; the best is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from omnisearch.training import checkpoints, finite, plans, stored
from omnisearch.training.encoder.assembly import build
from omnisearch.training.encoder.omni import Omni
from omnisearch.training.fusion import grams
from omnisearch.training.fusion.arithmetic import Fused, Method, Settings, Tensors, fuse
from omnisearch.training.lab import Lab, Options
from omnisearch.training.lessons import corpus
from omnisearch.training.lessons.pairs import Pairs
from omnisearch.training.measures import Figures, measure, without_ranks


@dataclass(frozen=True)
class Way:
    """One way to fuse, named as in the tables."""

    name: str
    method: Method
    coefficients: Mapping[str, float] | None = None
    settings: Settings = field(default_factory=Settings)


@dataclass(frozen=True)
class Specialists:
    """The checkpoints of one seed of one variant."""

    base: Tensors
    tuned: Mapping[str, Tensors]

    @classmethod
    def load(cls, lab: Lab, options: Options) -> Specialists:
        """Read them from the stage that made them."""
        folder = lab.models / f"specialists-{options.run}"
        base = checkpoints.load(folder / "base.safetensors")
        tuned = {kind: checkpoints.load(folder / f"{kind}.safetensors") for kind in corpus.KINDS}
        return cls(base, tuned)

    def whole(self, kind: str) -> Tensors:
        """Give a specialist's weights, with the audio projector that only one of them has."""
        return {**self.tuned["audio"], **self.tuned[kind]}


def run(lab: Lab, options: Options) -> Figures:
    """Try every way on validation and keep the one with the best mean R@10.

    Further seeds are fused in the way that was best for the first.
    """
    plan, specialists = plans.plan(options), Specialists.load(lab, options)
    pairs = corpus.every(lab, "validation", plan.sweep_rows)
    model = build(lab, specialists.whole("audio"))
    tried: dict[str, Figures] = {}
    best: Fused | None = None
    chosen, score = "", -1.0
    known = _known(lab, options)
    ways = [
        way
        for way in _ways(_inputs(lab, model, specialists, plan.gram_rows), options.seed)
        if known in (None, way.name)
    ]
    with lab.progress("fuse", len(ways), "way") as bar:
        for way in ways:
            made = fuse(
                specialists.base, specialists.tuned, way.method, way.coefficients, way.settings
            )
            with finite.of(f"the encoder fused in the way {way.name!r}"):
                tried[way.name] = tried_on(model.with_tensors(made.tensors), pairs)
            if tried[way.name]["mean_r10"] > score:
                best, chosen, score = made, way.name, tried[way.name]["mean_r10"]
            bar.update()
    assert best is not None
    folder = lab.models / f"fuse-{options.run}"
    checkpoints.save(folder / "fused.safetensors", best.tensors, {"way": chosen})
    geometry = {"norms": best.norms, "cosines": best.cosines, "copied": len(best.copied)}
    return {"chosen": chosen, "validation": tried, **geometry}


def _known(lab: Lab, options: Options) -> str | None:
    """Give the way that was chosen for the first seed of this variant."""
    first = f"fuse-{options.variant}0"
    if options.seed == 0 or not lab.done(first):
        return None
    return str(stored.figures(lab, first)["chosen"])


def tried_on(model: Omni, pairs: Mapping[str, Pairs]) -> Figures:
    """Measure every kind, and the mean that decides."""
    found: Figures = {}
    for kind, one in pairs.items():
        with finite.of(f"the encoder, asked for {kind},"):
            found[kind] = without_ranks(measure(model, one))
    mean = float(np.mean([figures["r10"] for figures in found.values()]))
    return {"mean_r10": round(mean, 2), **found}


def _ways(inputs: Mapping[str, Tensors], seed: int) -> Iterator[Way]:
    yield Way("average", "average")
    for share in (0.3, 0.5, 0.7, 1.0):
        yield Way(f"task {share}", "task", dict.fromkeys(corpus.KINDS, share))
    for audio in (0.5, 0.7, 0.9):
        shares = {**dict.fromkeys(corpus.KINDS, 0.3), "audio": audio}
        yield Way(f"task 0.3, audio {audio}", "task", shares)
    for density in (0.2, 0.5):
        yield Way(f"ties {density}", "ties", None, Settings(density=density))
    thirds = dict.fromkeys(corpus.KINDS, 0.3)
    yield Way("dare 0.5, task 0.3", "dare", thirds, Settings(drop=0.5, seed=seed))
    yield Way("regmean", "regmean", None, Settings(grams=inputs))


def _inputs(lab: Lab, model: Omni, specialists: Specialists, rows: int) -> dict[str, Tensors]:
    return {
        kind: grams.collect(
            model.with_tensors(specialists.whole(kind)), corpus.load(lab, kind, "train"), rows
        )
        for kind in corpus.KINDS
    }
