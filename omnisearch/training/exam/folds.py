"""Stage `folds`: every kind of sound held out once, so that few names do not decide the figure.

In each of ten folds a tenth of the instruments, drums, effects and made sounds is held out; a
locked head is trained without them and all clips of a kind are ranked for the names that it never
heard. An eleventh part holds out renders of all kinds instead. Each part's figures are a file, so
that an interrupted run goes on.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from omnisearch.evaluation import retrieval
from omnisearch.training import lanes
from omnisearch.training.data.splits import rank
from omnisearch.training.encoder.heads import LockedHead, side_by_side
from omnisearch.training.exam.baseline import EPOCHS, SETTINGS, SOURCES
from omnisearch.training.exam.sounds import KINDS
from omnisearch.training.exam.stage import kept
from omnisearch.training.lab import Lab, Options
from omnisearch.training.lessons import corpus
from omnisearch.training.lessons.pairs import Rows, same
from omnisearch.training.measures import (
    Figures,
    of_precisions,
    of_ranks,
    percent,
    without_ranks,
)
from omnisearch.training.specialists import bootstrap
from omnisearch.training.specialists.bootstrap import HeadTrainer
from omnisearch.training.specialists.draws import Summaries, shares
from omnisearch.training.towers import captions

FOLDS, TINY_FOLDS = 10, 2
RENDERS = "renders"
# the simplest recipe, one head of ours, and three side by side as they ship
RECIPES = ("baseline", "one", "three")
_SPLITS = ("train", "validation", "test")
_NAMES = ("id", "concept", "kind", "source", "title")
Found = dict[str, dict[str, tuple[float, int]]]  # kind → concept → average precision and rank


class Sounds:
    """All clips of every split, and what a head reads of each."""

    def __init__(self, lab: Lab) -> None:
        self.texts = captions.Texts(lab)
        self.parts = [Summaries(lab, "audio", split, self.texts) for split in _SPLITS]
        self.features: NDArray[np.float16] = np.concatenate([p.features[0] for p in self.parts])
        columns = [corpus.Columns(lab, "audio", split, _NAMES) for split in _SPLITS]
        self.columns = {name: [x for one in columns for x in one[name]] for name in _NAMES}
        self.places = np.concatenate([one.places for one in columns])
        sizes = [len(part) for part in self.parts]
        self.splits = np.repeat(_SPLITS, sizes)
        before = np.cumsum([0, *(len(part.captions) for part in self.parts[:-1])])
        self.counts = np.concatenate([part.counts for part in self.parts])
        self.starts = np.concatenate(
            [part.starts + more for part, more in zip(self.parts, before, strict=True)]
        )
        self.captions = np.concatenate([part.captions for part in self.parts])

    @cached_property
    def digest(self) -> str:
        """Tell these clips from others."""
        origin = repr((self.parts[0].digest, self.columns["id"], self.columns["concept"]))
        return hashlib.blake2b(origin.encode(), digest_size=6).hexdigest()

    def of(self, kind: str) -> Rows:
        """Give the rows of a kind."""
        return np.flatnonzero(np.array(self.columns["kind"]) == kind)

    def titles(self, rows: Rows) -> dict[str, str]:
        """Give each concept among rows and its name."""
        return {self.columns["concept"][row]: self.columns["title"][row] for row in rows[::-1]}

    def taught(self, held: NDArray[np.bool_]) -> Rows:
        """Give the rows to train on: of the kinds that are folded, any split."""
        folded = np.isin(self.columns["kind"], KINDS)
        return np.flatnonzero(((self.splits == "train") | folded) & ~held)


class Part(Summaries):
    """Some of the clips, drawn evenly in any wording or as the stage `heads` draws."""

    def __init__(self, whole: Sounds, rows: Rows, evenly: bool) -> None:
        self.texts, self.sense, self.evenly = whole.texts, "audio", evenly
        self.kinds = [whole.columns["kind"][row] for row in rows]
        self.shares = shares(self.kinds)
        self.features = [whole.features[rows]]
        self.counts, self.starts = whole.counts[rows], whole.starts[rows]
        self.captions = whole.captions
        names = [whole.columns["concept"][row] for row in rows]
        numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
        self.concepts = np.array([numbers[name] for name in names])
        held = hashlib.blake2b(rows.tobytes(), digest_size=6).hexdigest()
        self.digest = [whole.digest, held, str(evenly)]

    def draw(self, count: int, random: np.random.Generator) -> dict[str, Rows]:
        """Draw rows and a caption of each."""
        return (self.drawn_evenly if self.evenly else super().draw)(count, random)


def run(lab: Lab, options: Options) -> Mapping[str, object]:
    """Train and measure every part by every recipe."""
    whole = Sounds(lab)
    parts = held(whole, _count(options))
    lanes.each(measure, lab, options, [*parts], "folds")
    found: dict[str, tuple[Found, Found]] = {}
    for recipe in RECIPES:
        results = {part[0]: _kept(lab, options, whole, recipe, part) for part in parts.items()}
        renders = results.pop(RENDERS)
        found[recipe] = merged([*results.values()]), renders
    shutil.rmtree(lab.models / "folds", ignore_errors=True)
    simplest = found[RECIPES[0]]
    return {
        recipe: {
            "unheard kinds": figures(whole, kinds, simplest[0], None),
            "unheard renders": figures(whole, renders, simplest[1], parts[RENDERS]),
        }
        for recipe, (kinds, renders) in found.items()
    }


def measure(lab: Lab, options: Options, name: str) -> None:
    """Train and measure one part by every recipe; some of them share heads."""
    whole = Sounds(lab)
    out = held(whole, _count(options))[name]
    for recipe in RECIPES:
        _kept(lab, options, whole, recipe, (name, out))


def _count(options: Options) -> int:
    return TINY_FOLDS if options.tiny else FOLDS


def held(whole: Sounds, count: int) -> dict[str, NDArray[np.bool_]]:
    """Tell which rows each part holds out; a mixture is held out with either of its sounds."""
    names = [{*name.split("+")} for name in whole.columns["concept"]]
    found = {}
    for number in range(count):
        out = {concept for concept, fold in folds(whole, count).items() if fold == number}
        found[str(number)] = np.array([not out.isdisjoint(some) for some in names])
    return {**found, RENDERS: renders(whole)}


def folds(whole: Sounds, count: int) -> dict[str, int]:
    """Give each concept its fold, of every kind the same share in each."""
    found: dict[str, int] = {}
    for kind in KINDS:
        concepts = {whole.columns["concept"][row] for row in whole.of(kind)}
        for number, concept in enumerate(sorted(concepts, key=rank)):
            found.setdefault(concept, number % count)
    return found


def renders(whole: Sounds) -> NDArray[np.bool_]:
    """Tell which rows are the last tenth of their concept's renders, one at least."""
    found = np.zeros(len(whole.splits), dtype=np.bool_)
    for kind in KINDS:
        several: dict[str, list[int]] = {}
        for row in whole.of(kind):
            several.setdefault(whole.columns["concept"][row], []).append(int(row))
        for rows in several.values():
            ordered = sorted(rows, key=lambda row: whole.columns["id"][row].rpartition("/")[2])
            found[ordered[-max(1, len(rows) // 10) :]] = len(rows) > 1
    return found


def _kept(
    lab: Lab, options: Options, whole: Sounds, recipe: str, part: tuple[str, NDArray[np.bool_]]
) -> Found:
    name, out = part
    path = lab.figures / "folds" / f"{options.seed}-{recipe}-{name}.json"

    def made() -> Found:
        head = _trained(lab, options, whole, recipe, whole.taught(out))
        return asked(whole, head, out, name == RENDERS)

    return dict(kept(path, whole.digest, made))


def _trained(lab: Lab, options: Options, whole: Sounds, recipe: str, rows: Rows) -> LockedHead:
    """Train a head on rows."""
    tiny, seed = replace(bootstrap.TINY["audio"], steps=40), options.seed
    if recipe == "baseline":
        own = np.isin([whole.columns["source"][row] for row in rows], SOURCES["audio"])
        data = Part(whole, rows if options.tiny else rows[own], True)
        settings = SETTINGS["audio"]
        settings = replace(settings, steps=EPOCHS * len(data) // settings.batch)
        trainer = HeadTrainer(lab, data, tiny if options.tiny else settings, None, "folds")
        return trainer.train("baseline", seed)
    data = Part(whole, rows, False)
    settings = tiny if options.tiny else bootstrap.AUDIO
    trainer = HeadTrainer(lab, data, settings, None, "folds")
    first = trainer.train("0", seed)
    if recipe == "one":
        return first
    others = [trainer.train(f"{n}", seed + n) for n in range(1, bootstrap.MEMBERS)]
    return side_by_side([first, *others], data.sample())


@torch.no_grad()
def asked(whole: Sounds, head: LockedHead, out: NDArray[np.bool_], among: bool) -> Found:
    """Rank clips for the names of what is held out: all of a kind, or only those held out."""
    found: Found = {}
    for kind in KINDS:
        gallery = whole.of(kind)
        gallery = gallery[out[gallery]] if among else gallery
        names = whole.titles(gallery[out[gallery]])
        if not names:
            continue
        seen = torch.from_numpy(whole.features[gallery].astype(np.float32))
        media, query = head(seen).numpy(), whole.texts.vectors(list(names.values()))
        relevant = same(list(names), [whole.columns["concept"][row] for row in gallery])
        precisions = retrieval.average_precision(query, media, relevant)
        ranks = retrieval.ranks(query, media, relevant)
        pairs = zip(precisions.tolist(), ranks.tolist(), strict=True)
        found[kind] = {
            name: (round(precision, 5), place)
            for name, (precision, place) in zip(names, pairs, strict=True)
        }
    return found


def merged(results: Sequence[Found]) -> Found:
    """Put the folds together: each concept was held out in one of them."""
    found: Found = {}
    for one in results:
        for kind, concepts in one.items():
            found.setdefault(kind, {}).update(concepts)
    return found


def figures(
    whole: Sounds, found: Found, before: Found, out: NDArray[np.bool_] | None
) -> dict[str, Figures]:
    """Give the figures of each kind; the gallery is all of a kind, or what was held out."""
    return dict(_figures(whole, found, before, out))


def _figures(
    whole: Sounds, found: Found, before: Found, out: NDArray[np.bool_] | None
) -> Iterator[tuple[str, Figures]]:
    for kind, concepts in found.items():
        gallery = whole.of(kind)
        gallery = gallery if out is None else gallery[out[gallery]]
        relevant = same(list(concepts), [whole.columns["concept"][row] for row in gallery])
        precisions, places = np.array(list(concepts.values())).T
        recall = without_ranks(of_ranks(places.astype(np.int64), relevant))
        more = precisions - np.array([before[kind][name][0] for name in concepts])
        gained = {"map_gained": percent(float(more.mean()))}
        gained["map_gained_error"] = percent(retrieval.standard_error(more))
        yield kind, {**recall, **of_precisions(precisions, relevant), **gained}
