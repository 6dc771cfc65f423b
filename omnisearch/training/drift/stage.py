"""Stage `drift`: what fusion does to each modality, and what repairs it, row by row.

Each row of the table is one JSON file in figures/drift/, so a long run can be cut anywhere; rows
made from other checkpoints are made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from omnisearch.training import checkpoints, measures, plans, stored
from omnisearch.training.drift import geometry, joint
from omnisearch.training.encoder.assembly import build
from omnisearch.training.encoder.omni import Omni
from omnisearch.training.fusion.arithmetic import Tensors, fuse
from omnisearch.training.fusion.stage import Specialists
from omnisearch.training.lab import Lab, Options, write_json
from omnisearch.training.lessons import corpus
from omnisearch.training.lessons.pairs import Channel, Pairs
from omnisearch.training.lessons.twins import Twin
from omnisearch.training.measures import Figures
from omnisearch.training.recovery.stage import every_twin
from omnisearch.training.recovery.steps import Run, passes, step_2, train_projector

GRAFTED: Channel = "audio"  # the channel that the base lacks: its projector is copied, so it drifts


class Study:
    """One seed of one variant: its checkpoints, each made once, and what they are tried on."""

    def __init__(
        self, lab: Lab, options: Options, told: Callable[[], object] = lambda: None
    ) -> None:
        self.lab, self.options, self.told = lab, options, told
        self.plan = plans.plan(options)
        self.specialists = Specialists.load(lab, options)
        self.template = build(lab, self.specialists.whole(GRAFTED))
        self.folder = lab.models / f"drift-{options.run}"
        stages = [
            lab.models / f"{name}-{options.run}" for name in ("specialists", "fuse", "recover")
        ]
        self.origin = checkpoints.digest_of(
            [file for stage in stages for file in stage.glob("*.safetensors")]
        )

    @cached_property
    def train(self) -> dict[str, Pairs]:
        """All training pairs."""
        return corpus.every(self.lab, "train")

    @cached_property
    def test(self) -> dict[str, Pairs]:
        """The held-out pairs that every row is measured on."""
        found = corpus.every(self.lab, "test")
        rows = {**dict.fromkeys(found, self.plan.test_rows), GRAFTED: self.plan.audio_rows}
        return {kind: one.sample(rows[kind]) for kind, one in found.items()}

    @cached_property
    def twins(self) -> dict[str, list[list[Twin]]]:
        """The captions that are wrong in one thing."""
        return every_twin(self.lab, "train")

    @property
    def grafted(self) -> dict[str, Pairs]:
        """The training pairs that pass the grafted projector."""
        return {name: one for name, one in self.train.items() if passes(one, GRAFTED)}

    def run(self) -> Run:
        """Say where a training of this study belongs."""
        return Run(self.options.seed, self.folder / "broken-batch.npz", self.told)

    def expert(self, kind: str) -> Omni:
        """Give the specialist of a kind."""
        return self.template.with_tensors(self.specialists.whole(kind))

    def under_base(self, kind: str) -> Omni:
        """Give the base's backbone under the projectors of a specialist."""
        base = {k: x for k, x in self.specialists.base.items() if k.startswith("backbone.")}
        return self.template.with_tensors({**self.specialists.whole(kind), **base})

    def reader(self, kind: str) -> Omni:
        """Give who reads the questions to a specialist: its kind was taught on the base's texts.

        The specialist of text taught itself.
        """
        return self.expert(kind) if kind == "text" else self.under_base(kind)

    def read(self, stage: str, name: str) -> Omni:
        """Read a checkpoint of an earlier stage."""
        path = self.lab.models / f"{stage}-{self.options.run}" / f"{name}.safetensors"
        return self.template.with_tensors(checkpoints.load(path))

    def fused(self) -> Omni:
        """Give what the stage `fuse` chose."""
        return self.read("fuse", "fused")

    def start(self) -> Tensors:
        """Give the weights before any specialist learnt."""
        path = self.lab.models / f"specialists-{self.options.run}" / "start.safetensors"
        return checkpoints.load(path)

    def kept(self, name: str, make: Callable[[], Omni]) -> Omni:
        """Make a model once; a later run reads it, unless it came from other checkpoints."""
        path = self.folder / f"{name}-{self.origin[:12]}.safetensors"
        if path.exists():
            return self.template.with_tensors(checkpoints.load(path))
        made = make()
        checkpoints.save(path, made.tensors(), {"made_from": self.origin})
        return made


@dataclass(frozen=True)
class Row:
    """A row of the table: what is measured, for which kinds, with which model for each."""

    name: str
    says: str
    model: Callable[[Study, str], Omni]
    kinds: tuple[str, ...] = corpus.KINDS
    reader: Callable[[Study, str], Omni] | None = None  # of the questions, if another
    control: bool = False  # one seed of variant a is enough


def _more(study: Study, kind: str) -> Omni:
    """Train the specialist's projector on, for as many steps as step 1 has."""

    def make() -> Omni:
        plan, reader = study.plan.repair, study.reader(GRAFTED)
        start, pairs = study.expert(GRAFTED), study.grafted
        return train_projector(start, GRAFTED, pairs, plan, study.run(), reader)

    return study.kept("specialist-more", make)


def _base_trained(study: Study, kind: str) -> Omni:
    def make() -> Omni:
        start, pairs = study.under_base(GRAFTED), study.grafted
        return train_projector(start, GRAFTED, pairs, study.plan.repair, study.run())

    return study.kept("base-step-1", make)


def _without_step_1(study: Study, kind: str) -> Omni:
    """Rehearse for as many steps as both steps have together."""
    both = study.plan.repair.steps + study.plan.rehearsal.steps
    plan = replace(study.plan.rehearsal, steps=both)
    return study.kept(
        "step-2-only", lambda: step_2(study.fused(), study.train, plan, study.run(), study.twins)
    )


def _without_audio(study: Study, kind: str) -> Omni:
    """Leave the audio task vector out and train a new projector on what is fused."""

    def make() -> Omni:
        tuned = study.specialists.tuned
        shares = {kind: 0.0 if kind == GRAFTED else 1 / len(tuned) for kind in tuned}
        made = fuse(study.specialists.base, tuned, "task", shares)
        new = {k: x for k, x in study.start().items() if k.startswith(f"projector.{GRAFTED}.")}
        plan = replace(study.plan.repair, steps=study.plan.scratch_steps)
        start = study.template.with_tensors({**made.tensors, **new})
        return train_projector(start, GRAFTED, study.grafted, plan, study.run())

    return study.kept("audio-0", make)


def _joint(study: Study, kind: str) -> Omni:
    """Train jointly, with the steps that recovery gives to the fused model on top."""
    plan = study.plan
    more = dict.fromkeys(corpus.KINDS, plan.rehearsal.steps)
    more[GRAFTED] += plan.repair.steps
    start, own = study.start(), (more, plan.joint_share, study.run())
    make = partial(joint.train, study.lab, study.options, start, *own)
    return study.kept("joint", make)


_ONE = (GRAFTED,)
ROWS: tuple[Row, ...] = (
    Row("specialist", "each specialist, own backbone", Study.expert, reader=Study.reader),
    Row("base", "base backbone under the copied projectors", Study.under_base),
    Row("fused", "fused, projectors copied", lambda study, kind: study.fused()),
    Row("step-1", "fused → step 1 (projector only)", lambda s, kind: s.read("recover", "step-1")),
    Row("step-2", "→ step 2 (balanced rehearsal)", lambda s, kind: s.read("recover", "step-2")),
    Row("specialist-more", "audio specialist + step 1's steps", _more, _ONE, Study.reader),
    Row("step-2-only", "fused → step 2 alone, as many steps", _without_step_1, control=True),
    Row("joint", "one model trained jointly", _joint, control=True),
    Row("audio-0", "audio left out + new projector", _without_audio, control=True),
    Row("base-step-1", "base backbone + step 1", _base_trained, _ONE, control=True),
)
GEOMETRY = ("fused", "step-1", "step-2")


def run(lab: Lab, options: Options) -> Figures:
    """Make every row that is missing; the controls last, for seed 0 of the variant that drifts."""
    main = [row for row in ROWS if not row.control]
    first = options.seed == 0 and options.variant == "a"
    controls = [row for row in ROWS if row.control and first]
    with lab.progress("drift", len(main) + len(controls) + 2, "row") as bar:
        study = Study(lab, options)
        made: dict[str, Callable[[], Figures]] = {
            **{row.name: partial(_measured, study, row) for row in main},
            "ridge": partial(ridge, study),
            "geometry": partial(inside, study),
            **{row.name: partial(_measured, study, row) for row in controls},
        }
        for name, make in made.items():
            _keep(study, name, make)
            bar.update()
    return {"rows": list(made), "origin": study.origin}


def path_of(lab: Lab, run_: str, name: str) -> Path:
    """Where a row of a variant and seed is kept."""
    return lab.figures / "drift" / f"{run_}-{name}.json"


def _keep(study: Study, name: str, make: Callable[[], Figures]) -> None:
    path = path_of(study.lab, study.options.run, name)
    if stored.known(path).get("origin") == study.origin:
        return
    options = study.options
    head = {"row": name, "variant": options.variant, "seed": options.seed, "origin": study.origin}
    write_json(path, {**head, **make()})


def _measured(study: Study, row: Row) -> Figures:
    found = {}
    for kind in row.kinds:
        reader = row.reader(study, kind) if row.reader else None
        found[kind] = measures.measure(row.model(study, kind), study.test[kind], reader)
    return {"says": row.says, "test": found}


def ridge(study: Study) -> Figures:
    """Map the fused model's audio vectors in closed form: to the expert's, or to the captions'."""
    fused, expert, one = study.fused(), study.expert(GRAFTED), study.test[GRAFTED]
    train = study.train[GRAFTED].sample(study.plan.ridge_rows)
    source, theirs = (model.encode(train.candidate) for model in (fused, expert))
    captions = fused.encode(train.query)
    query, candidate = fused.encode(one.query, one.wanted()), fused.encode(one.candidate)
    found = {}
    for name, target in (("to the expert", theirs), ("to the captions", captions)):
        mapped = geometry.ridge(source, target, 1e-3)(candidate)
        found[name] = measures.of_vectors(query, mapped, one)
    return {"test": found, "trained_on": len(train)}


def inside(study: Study) -> Figures:
    """Compare states, output vectors and task vectors with the specialists'."""
    found: dict[str, dict[str, Figures]] = {}
    models = {name: _row(name).model(study, GRAFTED) for name in GEOMETRY}
    for kind in corpus.CHANNELS:
        one, expert = study.test[kind].sample(study.plan.layer_rows), study.expert(kind)
        both: Mapping[str, Omni] = {"base": study.under_base(kind), **models}
        theirs, rows = expert.encode(one.candidate), np.arange(len(one))
        found[kind] = {
            name: {
                "layers": geometry.layer_drift(expert, model, one.candidate, rows),
                "surgery_l1": round(geometry.surgery(model.encode(one.candidate), theirs), 6),
            }
            for name, model in both.items()
        }
    vectors = geometry.task_vectors(study.specialists.base, study.specialists.tuned)
    return {"inside": found, "task_vectors": vectors, "steps": _steps(study)}


def _steps(study: Study) -> Figures:
    """Tell how long everything was trained: steps and rows in each."""
    run_ = study.options.run
    taught = stored.figures(study.lab, f"specialists-{run_}")
    one, two = study.plan.repair, study.plan.rehearsal
    return {
        **{kind: [taught["steps"][kind], taught["batch"][kind]] for kind in corpus.KINDS},
        "step 1": [one.steps, one.batch],
        "step 2": [two.steps, two.each * len(corpus.KINDS)],
        "way": stored.figures(study.lab, f"fuse-{run_}")["chosen"],
        "rows": {kind: len(pairs) for kind, pairs in study.train.items()},
    }


def _row(name: str) -> Row:
    return next(row for row in ROWS if row.name == name)
