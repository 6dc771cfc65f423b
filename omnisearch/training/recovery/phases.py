"""Stage `phases`: after retrieval adaptation (step 2) the encoder learns to follow instructions.

A query may say what it wants ("find a picture of …"), or be a picture with an instruction. A query
without instruction keeps its wording, so `target=None` means the text as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from omnisearch.evaluation.retrieval import Relevant
from omnisearch.training import checkpoints, lanes, plans, stored
from omnisearch.training.encoder.assembly import build
from omnisearch.training.encoder.omni import Omni
from omnisearch.training.lab import Lab, Options, write_json
from omnisearch.training.lessons import corpus
from omnisearch.training.lessons.pairs import Pairs, Side, same
from omnisearch.training.losses import CODES
from omnisearch.training.measures import Figures, of_scores, percent, without_ranks
from omnisearch.training.recovery.rehearsal import Objective
from omnisearch.training.recovery.stage import every_twin, told_apart
from omnisearch.training.recovery.steps import Rehearsal, Run, step_2

WISHES: Mapping[str, str] = {
    "text": "find a text about {}",
    "image": "find a picture of {}",
    "audio": "find a sound like {}",
    "video": "find a film of {}",
    "document": "find a page with {}",
}
ASK = "what does this picture show, in words: {}"  # picture + text → text


_SHARES = (0.25, 0.5, 0.75)
Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Arm:
    """One way to train phase 2; parts follow each other and share the steps."""

    name: str
    parts: tuple[Objective, ...]


def arms(each: int) -> tuple[Arm, ...]:
    """Give the arms that are compared; the two in the middle have equal negatives per query."""
    plain = Objective()
    equal = Objective(negatives=each - 1, both=False)
    masked = Objective(masked=True, negatives=each - 1, both=False)
    return (
        Arm("plain", (plain,)),
        Arm("plain, equal negatives", (equal,)),
        Arm("MAMCL", (masked,)),
        Arm("MAMCL, then plain", (masked, plain)),
    )


def run(lab: Lab, options: Options) -> Figures:
    """Train phase 2 the plain way, from the best step of the recovery."""
    plan, folder = plans.plan(options), lab.models / f"phases-{options.run}"
    study, plain = Study(lab, options), arms(plan.phase.each)[0]
    with lab.progress("phases", plan.phase.steps, "step") as bar:
        model = study.trained(plain, options.seed, plan.phase, bar.update)
    found = {
        "before": tried(study.start, study.validation),
        "after": tried(model, study.validation),
    }
    checkpoints.save(folder / "encoder.safetensors", model.tensors(), {"arm": plain.name})
    apart = {"after": told_apart(lab, model, plan.validation_rows)}
    return {"arm": plain.name, "validation": found, "twins": apart}


def compare(lab: Lab, options: Options) -> Figures:
    """Stage `arms`: train phase 2 in every way and measure on validation; a file for each arm."""
    study = Study(lab, options)
    compared, seeds = arms(study.plan.arm.each), range(study.plan.arm_seeds)
    if options.threads > 1:
        left = [
            f"{number} {seed}"
            for seed in seeds
            for number, arm in enumerate(compared)
            if study.known(arm, seed) is None
        ]
        lanes.each(measure, lab, options, left, "arms")
    found: dict[str, list[Figures]] = {}
    with lab.progress("arms", len(compared) * len(seeds), "arm") as bar:
        for seed in seeds:
            for arm in compared:
                found.setdefault(arm.name, []).append(study.measured(arm, seed))
                bar.update()
    means = {
        name: [float(one["mixed"]["mean_r10"]) for one in each] for name, each in found.items()
    }
    best = max(means, key=lambda name: sum(means[name]))
    before = tried(study.start, study.validation)
    return {"before": before, "arms": found, "mixed_r10": means, "best_mixed": best}


def measure(lab: Lab, options: Options, name: str) -> None:
    """Train and measure the arm of a number with a seed."""
    number, seed = map(int, name.split())
    study = Study(lab, options)
    study.measured(arms(study.plan.arm.each)[number], seed)


class Study:
    """Where phase 2 starts, what it learns from, and what it is tried on."""

    def __init__(self, lab: Lab, options: Options) -> None:
        self.lab, self.options, self.plan = lab, options, plans.plan(options)
        best = lab.models / f"recover-{options.run}" / "best.safetensors"
        self.origin = checkpoints.digest_of([best])
        self.start = build(lab, checkpoints.load(best))
        composed = corpus.load(lab, "composed", "train")
        self.train = instructed(corpus.every(lab, "train"), composed)
        self.twins = every_twin(lab, "train")
        rows = self.plan.validation_rows
        held = corpus.every(lab, "validation", rows)
        self.validation = {
            **held,
            "composed": corpus.load(lab, "composed", "validation").sample(rows),
            "captioned": captioned(held["image"]),
        }

    def trained(
        self, arm: Arm, seed: int, whole: Rehearsal, told: Callable[[], object] = lambda: None
    ) -> Omni:
        """Train one arm; its parts share the steps."""
        trace, model = self.lab.models / f"phases-{self.options.run}" / "broken.npz", self.start
        for number, objective in enumerate(arm.parts):
            part = replace(whole, steps=whole.steps // len(arm.parts), objective=objective)
            model = step_2(
                model, self.train, part, Run(seed * 10 + number, trace, told), self.twins
            )
        return model

    def measured(self, arm: Arm, seed: int) -> Figures:
        """Train and measure one arm, unless that was done from the same start."""
        kept = self.known(arm, seed)
        if kept is not None:
            return kept
        found = tried(self.trained(arm, seed, self.plan.arm), self.validation)
        head = {"arm": arm.name, "seed": seed, "origin": self.origin}
        write_json(self._file(arm, seed), {**head, "validation": found})
        return found

    def known(self, arm: Arm, seed: int) -> Figures | None:
        """Give what the arm's file says, if it is of the same start."""
        kept = stored.known(self._file(arm, seed))
        return dict(kept["validation"]) if kept.get("origin") == self.origin else None

    def _file(self, arm: Arm, seed: int) -> Path:
        name = f"{self.options.run}-{arm.name.replace(', ', '-').replace(' ', '-')}-{seed}.json"
        return self.lab.figures / "arms" / name


def instructed(pairs: Mapping[str, Pairs], composed: Pairs) -> dict[str, Pairs]:
    """Give phase 2's pairs: bare and with a wish, picture + instruction, picture + question."""
    wished = {kind: wish(one) for kind, one in pairs.items()}
    return {**wished, "composed": composed, "captioned": captioned(pairs["image"])}


def wish(pairs: Pairs, only: bool = False) -> Pairs:
    """Put what is wanted before each wording; the bare wordings stay beside them."""
    assert pairs.query.texts is not None
    pattern = WISHES[pairs.name]
    texts = [_wished(wordings, pattern, only) for wordings in pairs.query.texts]
    return replace(pairs, query=replace(pairs.query, texts=texts))


def captioned(images: Pairs) -> Pairs:
    """Ask with a picture and a question for its title."""
    assert images.query.texts is not None
    question = [[ASK.format("").rstrip(": ")] for _ in images.concepts]
    query = replace(images.candidate, texts=question)
    return Pairs("captioned", query, images.query, images.concepts, CODES["text"])


def tried(model: Omni, validation: Mapping[str, Pairs]) -> Figures:
    """Measure filtered and mixed search, bare and with a wish, and composed queries."""
    kinds = [kind for kind in corpus.KINDS if kind in validation]
    vectors = {kind: model.encode(validation[kind].candidate) for kind in kinds}
    found: Figures = {"filtered": {}, "mixed": {}, "wished": {}}
    for kind in kinds:
        one = validation[kind]
        asked, rows = [one.concepts[row] for row in one.wanted()], one.wanted()
        bare = model.encode(one.query, rows)
        found["filtered"][kind] = _scores(bare, {kind: vectors[kind]}, asked, validation, kind)
        found["mixed"][kind] = _scores(bare, vectors, asked, validation, kind)
        wished = model.encode(wish(one, only=True).query, rows)
        found["wished"][kind] = _scores(wished, vectors, asked, validation, kind)
    for name in ("filtered", "mixed", "wished"):
        found[name]["mean_r10"] = _mean(found[name])
    for name in ("composed", "captioned"):
        if name in validation:
            found[name] = _joint(model, validation[name])
    return found


def _scores(
    query: Vectors,
    vectors: Mapping[str, Vectors],
    asked: Sequence[str],
    pairs: Mapping[str, Pairs],
    kind: str,
) -> Figures:
    """Look for one kind among all candidates given.

    Right answers of other kinds count neither way: who asks for a picture is not told that the
    sound of the same thing is wrong.
    """
    candidate = np.concatenate(list(vectors.values()))
    right = [same(asked, pairs[name].concepts) & (name == kind) for name in vectors]
    relevant = np.concatenate(right, axis=1)
    other = [same(asked, pairs[name].concepts) & (name != kind) for name in vectors]
    figures = of_scores(query, candidate, relevant, np.concatenate(other, axis=1))
    kinds = np.concatenate([np.full(len(found), name == kind) for name, found in vectors.items()])
    nearest = np.argsort(-(query @ candidate.T), axis=1)[:, :10]
    return {**without_ranks(figures), "own_kind_in_10": percent(float(kinds[nearest].mean()))}


def _joint(model: Omni, pairs: Pairs) -> Figures:
    """Ask with media and text; beside it media alone, text alone, and weighted sums of the two."""
    query, (pool, relevant, excluded) = pairs.query, pool_of(pairs)
    kept = np.flatnonzero((relevant & ~excluded).any(axis=1))
    media = model.encode(replace(query, texts=None), kept)
    words = model.encode(Side(texts=query.texts), kept)
    vectors = {"both": model.encode(query, kept), "media alone": media, "text alone": words}
    vectors |= {f"sum, text {share}": (1 - share) * media + share * words for share in _SHARES}
    candidate = model.encode(pool)
    return {
        name: without_ranks(of_scores(found, candidate, relevant[kept], excluded[kept]))
        for name, found in vectors.items()
    }


def pool_of(pairs: Pairs) -> tuple[Side, Relevant, Relevant]:
    """Give the candidates, which are right, and which is the query's own picture.

    Pictures are looked for among all targets and sources, so the same subject in its old style and
    other subjects in the new one stand beside the right answer.
    """
    own, wanted = pairs.query.places, pairs.candidate.places
    if own is None or wanted is None:
        right = same(pairs.concepts, pairs.concepts)
        return pairs.candidate, right, np.zeros_like(right)
    places = np.unique(np.concatenate([own, wanted]))
    pool = replace(pairs.candidate, places=places)
    return pool, wanted[:, None] == places[None], own[:, None] == places[None]


def _wished(wordings: Sequence[str], pattern: str, only: bool) -> list[str]:
    asked = [pattern.format(text) for text in wordings]
    return asked if only else [*wordings, *asked]


def _mean(found: Mapping[str, Figures]) -> float:
    return round(float(np.mean([figures["r10"] for figures in found.values()])), 2)
